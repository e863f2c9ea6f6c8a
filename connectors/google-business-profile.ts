/** Google Business Profile: one row per day, for one location. Google leaves a day's figure out where it is 0. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Page,
  type Row,
} from './connector.ts'
import { addDays, windowFrom } from './days.ts'
import { listing, walk } from './paging.ts'
import { byPageToken, deniedErrors, google, needed } from './providers/google.ts'
import { decimalAt, given, numberAt, sumOf, textAt } from './values.ts'

const ACCOUNTS = 'https://mybusinessaccountmanagement.googleapis.com/v1/accounts'
const INFORMATION = 'https://mybusinessbusinessinformation.googleapis.com/v1'
const PERFORMANCE = 'https://businessprofileperformance.googleapis.com/v1'
const SCOPE = 'https://www.googleapis.com/auth/business.manage'
const WINDOW_DAYS = 90

/** Our name for it → theirs, to be added up. */
const METRICS = {
  impressions: [
    ...['BUSINESS_IMPRESSIONS_DESKTOP_MAPS', 'BUSINESS_IMPRESSIONS_DESKTOP_SEARCH'],
    ...['BUSINESS_IMPRESSIONS_MOBILE_MAPS', 'BUSINESS_IMPRESSIONS_MOBILE_SEARCH'],
  ],
  website_clicks: ['WEBSITE_CLICKS'],
  call_clicks: ['CALL_CLICKS'],
  direction_requests: ['BUSINESS_DIRECTION_REQUESTS'],
}

export const googleBusinessProfile = defineConnector({
  id: 'google-business-profile',
  name: 'Google Business Profile',
  provider: google,
  origins: [ACCOUNTS, INFORMATION, PERFORMANCE].map((url) => new URL(url).origin),
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your business profiles and how people find and use them' },
  writeWarning:
    'Google has no read-only permission for Business Profile, so this permission would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'location', alsoCalled: 'gbp gmb my business maps local' },
  help: {
    signInWith: 'the Google login you use for your business profile',
    role: 'being a manager of the profile is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 7, deep: 14 },
    backfillMonths: 13,
    // Days that are not counted yet look like days without visits: they come three to four days late.
    lagDays: 4,
    dimensions: [],
    metrics: {
      impressions: {
        unit: 'count',
        common: 'impressions',
        says: 'People who saw the profile in Google Search or Maps, once a day per device and place',
      },
      website_clicks: { unit: 'count', common: 'clicks', says: 'Clicks on the website' },
      call_clicks: { unit: 'count', says: 'Clicks on the call button' },
      direction_requests: { unit: 'count', says: 'Requests for directions' },
    },
    pages,
  },
  errors: [
    // Until Google has approved our project for these APIs its quota is 0.
    {
      kind: 'app_config',
      at: 'api',
      http: [429],
      path: 'error.details[].metadata.quota_limit_value',
      in: [0],
    },
    ...deniedErrors,
  ],
  version: { pinned: 'v1' },
})

/** Every location under every account and group the login manages, each once. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const seen = new Set<string>()
  for await (const body of listing(context, { url: ACCOUNTS, query: { pageSize: '20' } }, byPageToken))
    for (const account of valuesAt(body, 'accounts[]')) {
      const query = { readMask: 'name,title,storeCode', pageSize: '100' }
      const first = { url: `${INFORMATION}/${textAt(account, 'name')}/locations`, query }
      for await (const page of listing(context, first, byPageToken))
        for (const location of valuesAt(page, 'locations[]')) {
          const id = textAt(location, 'name')?.replace('locations/', '')
          if (id === undefined || seen.has(id)) continue
          seen.add(id)
          const names = [textAt(account, 'accountName'), textAt(location, 'storeCode')]
          const group = names.filter((name) => name !== null).join(' · ') || null
          yield { id, name: textAt(location, 'title') ?? id, ...given({ group }) }
        }
    }
}

/** The place is the first day of the next window: there are no pages. */
function pages(
  context: Context,
  account: Account,
  range: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  return walk<string>(range.from, cursor, async (day) => {
    const window = windowFrom(day, range, WINDOW_DAYS)
    if (window === null) return { rows: [], after: null }
    const { body } = await context.call({ url: reportUrl(account, window) })
    return { rows: rowsOf(body), after: window.to === range.to ? null : addDays(window.to, 1) }
  })
}

function reportUrl({ id }: Account, { from, to }: DayRange): string {
  const query = new URLSearchParams()
  for (const name of Object.values(METRICS).flat()) query.append('dailyMetrics', name)
  for (const [end, date] of [
    ['startDate', from],
    ['endDate', to],
  ] as const) {
    const parts = date.split('-').map(Number)
    for (const [at, part] of ['year', 'month', 'day'].entries())
      query.set(`dailyRange.${end}.${part}`, String(parts[at]))
  }
  return `${PERFORMANCE}/locations/${id}:fetchMultiDailyMetricsTimeSeries?${query}`
}

/** One series per metric, turned into one row per day. */
function rowsOf(body: Json): Row[] {
  const days = new Map<string, Map<string, string>>()
  for (const series of valuesAt(body, 'multiDailyMetricTimeSeries[].dailyMetricTimeSeries[]')) {
    const metric = textAt(series, 'dailyMetric') ?? ''
    for (const dated of valuesAt(series, 'timeSeries.datedValues[]')) {
      const day = dayOf(dated)
      const values = days.get(day) ?? new Map<string, string>()
      days.set(day, values.set(metric, decimalAt(dated, 'value') ?? '0'))
    }
  }
  return [...days.keys()].sort().map((date) => {
    const sums = Object.entries(METRICS).map(([ours, theirs]) => {
      const sum = sumOf(theirs.map((name) => days.get(date)?.get(name) ?? null))
      return [ours, sum === null ? null : Number(sum)]
    })
    return { date, dimensions: {}, metrics: Object.fromEntries(sums) }
  })
}

function dayOf(dated: Json): string {
  const parts = ['year', 'month', 'day'].map((part) => numberAt(dated, `date.${part}`))
  const [year, month, day] = parts.map((part) => (part ? String(part).padStart(2, '0') : null))
  const whole = year && month && day ? `${year}-${month}-${day}` : null
  return needed(whole, 'Business Profile answered a value without its day')
}
