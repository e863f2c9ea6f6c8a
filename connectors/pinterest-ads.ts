/**
 * Pinterest Ads: one row per ad account and day. The last 90 days are answered at once; older ones come as prepared
 * reports of at most 186 days, back to 914. Days are UTC. (API description v5.23.0)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Page,
  type Reply,
  type Row,
} from './connector.ts'
import { addDays } from './days.ts'
import { exactJson } from './files.ts'
import { orderedPages } from './orders.ts'
import { listing } from './paging.ts'
import { API, PROFILE, pinterest, SITE } from './providers/pinterest.ts'
import { decimalAt, fromMicros, given, numberAt, textAt } from './values.ts'

const ADS = 'ads:read'
const COLUMNS = ['SPEND_IN_DOLLAR', 'IMPRESSION_1', 'TOTAL_CLICKTHROUGH', 'TOTAL_CONVERSIONS']
/** Days before today that are answered at once: one less than documented, for today may end on the way. */
const AT_ONCE_DAYS = 89
const ORDER_DAYS = 186
/** Among the codes of ISO 4217 that Pinterest names (schema Currency), this one is none. */
const UNKNOWN = 'UNK'

export const pinterestAds = defineConnector({
  id: 'pinterest-ads',
  name: 'Pinterest Ads',
  provider: pinterest,
  origins: [SITE],
  downloads: ['https://*.amazonaws.com'],
  scopes: [ADS],
  scopeWords: {
    [ADS]: 'See your Pinterest ad accounts and their results',
    [PROFILE]: 'See your Pinterest user name',
  },
  writeWarning: null,
  ...{ accountWord: 'ad account', alsoCalled: 'advertising paid social campaigns' },
  help: {
    signInWith: 'the Pinterest login you use for Pinterest Ads',
    role: 'the Analyst role on the ad account is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'utc',
    restateDays: { nightly: 30, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: [],
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
      clickthroughs: { unit: 'count', common: 'clicks', says: 'Clicks on ads, also on Pins saved from them' },
      spend: { unit: 'money', common: 'cost', says: 'What the ads cost, in the currency of the account' },
      conversions: {
        ...{ unit: 'decimal', common: 'conversions' },
        says: 'Conversions within 30 days of a click or engagement, credited to the day of the ad',
      },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 100 },
  version: { pinned: 'v5' },
})

async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = {
    ...{ url: `${API}/ad_accounts`, query: { page_size: '250', include_shared_accounts: 'true' } },
  }
  const next = ({ body }: Reply) => {
    const bookmark = textAt(body, 'bookmark')
    return bookmark === null ? null : { ...first, query: { ...first.query, bookmark } }
  }
  for await (const body of listing(context, first, next))
    for (const account of valuesAt(body, 'items[]')) {
      const id = textAt(account, 'id')
      if (id === null) continue
      const [said, group] = [textAt(account, 'currency'), textAt(account, 'owner.username')]
      const currency = said === UNKNOWN ? null : said
      yield { id, name: textAt(account, 'name') ?? id, ...given({ currency, group }) }
    }
}

/** Cursors are those of prepared reports; one without a report, from a recent day on, is answered at once. */
async function* pages(
  context: Context,
  account: Account,
  range: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const recent = addDays(new Date().toISOString().slice(0, 10), -AT_ONCE_DAYS)
  const start: { from: string; id?: string } = cursor === null ? range : JSON.parse(cursor)
  const old = { from: range.from, to: range.to < recent ? range.to : addDays(recent, -1) }
  let from = start.from
  if (start.id !== undefined || from < recent) {
    for await (const page of prepared(context, account, old, cursor)) {
      if (page.next !== null) {
        yield page
        continue
      }
      from = addDays(old.to, 1)
      yield { ...page, next: from > range.to ? null : JSON.stringify({ from }) }
    }
  }
  if (from > range.to) return
  const url = `${API}/ad_accounts/${account.id}/analytics`
  const dates = { start_date: from, end_date: range.to }
  const { body } = await context.call({
    url,
    query: { ...dates, granularity: 'DAY', columns: COLUMNS.join(',') },
  })
  yield {
    rows: valuesAt(body, '[]').map(rowOf),
    next: null,
    ...given({ currency: account.currency ?? null }),
  }
}

function prepared(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const url = `${API}/ad_accounts/${account.id}/reports`
  return orderedPages(context, range, cursor, {
    provider: pinterest.id,
    days: ORDER_DAYS,
    async order({ from, to }) {
      const { body } = await context.call({
        ...{ method: 'POST', url },
        json: {
          ...{ start_date: from, end_date: to, granularity: 'DAY', level: 'ADVERTISER' },
          ...{ columns: COLUMNS, report_format: 'JSON' },
        },
      })
      const token = textAt(body, 'token')
      if (token !== null) return token
      throw new ConnectorError('unknown', pinterest.id, 'Pinterest did not say how to ask for a report')
    },
    async look(token) {
      const { body } = await context.call({ url, query: { token } })
      const [status, file] = [textAt(body, 'report_status'), textAt(body, 'url')]
      if (status === 'FINISHED') return file === null ? 'empty' : { url: file }
      return status === null || status === 'IN_PROGRESS' ? null : 'lost'
    },
    /** Rows by the id of what they are about; some answers are the bare list. */
    read(file) {
      const report = file.length > 0 ? exactJson(file.toString()) : []
      const lists = Array.isArray(report) ? report : Object.values(report ?? {}).flat()
      return { rows: lists.map(rowOf), next: null, ...given({ currency: account.currency ?? null }) }
    },
  })
}

function rowOf(row: Json): Row {
  const date = textAt(row, 'DATE')
  if (date === null)
    throw new ConnectorError('unknown', pinterest.id, 'Pinterest answered a row without its day')
  return {
    date,
    dimensions: {},
    metrics: {
      impressions: numberAt(row, 'IMPRESSION_1'),
      clickthroughs: numberAt(row, 'TOTAL_CLICKTHROUGH'),
      spend: decimalAt(row, 'SPEND_IN_DOLLAR') ?? fromMicros(textAt(row, 'SPEND_IN_MICRO_DOLLAR')),
      conversions: numberAt(row, 'TOTAL_CONVERSIONS'),
    },
  }
}
