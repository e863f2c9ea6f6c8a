/**
 * Snapchat Ads: one row per campaign and day. Days are asked for by their midnights with the offset they have then;
 * names come from a second listing; an answer may be good as a whole and refused in a part. (Marketing API v1)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type HttpRequest,
  type Json,
  type Reply,
  type Row,
} from './connector.ts'
import { addDays, localDate, midnightIn, windowFrom, zoneOf } from './days.ts'
import { listing, walk } from './paging.ts'
import { API, SITE, snapchat } from './providers/snapchat.ts'
import { fromMicros, given, numberAt, textAt } from './values.ts'

const SCOPE = 'snapchat-marketing-api'
const WINDOW_DAYS = 30
/** Campaigns a page: with 30 days each some thousands of rows. */
const PAGE_CAMPAIGNS = 300
const FIELDS = 'impressions,swipes,spend,conversion_purchases,conversion_purchases_value'

export const snapchatAds = defineConnector({
  id: 'snapchat-ads',
  name: 'Snapchat Ads',
  provider: snapchat,
  origins: [SITE],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Snapchat ad accounts, campaigns and their results' },
  writeWarning:
    'Snapchat has one permission for everything in its ads, so it would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'ad account', alsoCalled: 'snap advertising paid social' },
  help: {
    signInWith: 'the Snapchat login you use for Snapchat Ads Manager',
    role: 'the Reports role on the ad account is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 28, deep: 28 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
      swipes: { unit: 'count', common: 'clicks', says: 'Swipes up and clicks on ads' },
      spend: { unit: 'money', common: 'cost', says: 'What was spent' },
      conversion_purchases: {
        unit: 'count',
        common: 'conversions',
        says: 'Purchases up to 28 days after a swipe or 1 day after a view',
      },
      conversion_purchases_value: { unit: 'money', common: 'revenue', says: 'Value of those purchases' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 100 }, // 10 a second for each login
  version: { pinned: 'v1' },
})

/** The next page is given as a whole address, of which the host is not believed. */
function linkTo(link: string): HttpRequest {
  const { pathname, search } = new URL(link, SITE)
  return { url: SITE + pathname + search }
}

const nextLink = ({ body }: Reply): HttpRequest | null => {
  const link = textAt(body, 'paging.next_link')
  return link === null ? null : linkTo(link)
}

async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = { url: `${API}/me/organizations`, query: { with_ad_accounts: 'true' } }
  for await (const body of listing(context, first, nextLink))
    for (const organization of valuesAt(body, 'organizations[].organization'))
      for (const account of await accountsOf(context, organization)) {
        const [id, group] = [textAt(account, 'id'), textAt(organization, 'name')]
        const [currency, timeZone] = [textAt(account, 'currency'), textAt(account, 'timezone')]
        if (id !== null)
          yield { id, name: textAt(account, 'name') ?? id, ...given({ currency, timeZone, group }) }
      }
}

/** Listed with their organisation, or by themselves. One that is refused does not hide the others. */
async function accountsOf(context: Context, organization: Json): Promise<Json[]> {
  const id = textAt(organization, 'id')
  if (id === null || valuesAt(organization, 'ad_accounts').length > 0)
    return valuesAt(organization, 'ad_accounts[]')
  const first = { url: `${API}/organizations/${id}/adaccounts` }
  const bodies = await Array.fromAsync(listing(context, first, nextLink)).catch(nothing<Json>)
  return bodies.flatMap((body) => valuesAt(body, 'adaccounts[].adaccount'))
}

/** In place of what Snapchat does not show to this login. */
function nothing<T>(error: unknown): T[] {
  if (error instanceof ConnectorError && error.kind === 'account_lost') return []
  throw error
}

/** Windows of 30 days, each in pages of campaigns: `link` is the next one's address as Snapchat gave it. */
function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const { currency = null, timeZone = null } = account
  const start: { from: string; link: string | null } = { from: range.from, link: null }
  return walk(start, cursor, async ({ from, link }) => {
    const days = windowFrom(from, range, WINDOW_DAYS) ?? range
    const reply = await context.call(link === null ? asking(account, days) : linkTo(link))
    const found = campaignsIn(reply.body)
    const names = found.length > 0 ? await namesOf(context, account.id) : new Map<string, string>()
    const rows = found.flatMap((campaign) => rowsOf(campaign, names, zoneOf(account.timeZone)))
    const next = textAt(reply.body, 'timeseries_stats[].paging.next_link|paging.next_link')
    const later = days.to < range.to ? { from: addDays(days.to, 1), link: null } : null
    return { rows, after: next === null ? later : { from, link: next }, ...given({ currency, timeZone }) }
  })
}

function asking({ id, timeZone }: Account, { from, to }: DayRange): HttpRequest {
  const query = {
    ...{ granularity: 'DAY', breakdown: 'campaign', fields: FIELDS, omit_empty: 'true' },
    start_time: midnightIn(from, zoneOf(timeZone)),
    end_time: midnightIn(addDays(to, 1), zoneOf(timeZone)),
    ...{ swipe_up_attribution_window: '28_DAY', view_attribution_window: '1_DAY' },
    limit: String(PAGE_CAMPAIGNS),
  }
  return { url: `${API}/adaccounts/${id}/stats`, query }
}

/** Throws where a part is refused: what is left would look like the whole. A part may be a campaign itself. */
function campaignsIn(body: Json): Json[] {
  const refused = valuesAt(body, 'timeseries_stats[].sub_request_status').some(
    (one) => !/^success$/i.test(String(one)),
  )
  if (refused) throw new ConnectorError('unknown', snapchat.id, 'Snapchat refused a part of a report')
  return valuesAt(body, 'timeseries_stats[].timeseries_stat').flatMap((part) =>
    textAt(part, 'type') === 'CAMPAIGN' ? [part] : valuesAt(part, 'breakdown_stats.campaign[]'),
  )
}

async function namesOf(context: Context, account: string): Promise<Map<string, string>> {
  const first = { url: `${API}/adaccounts/${account}/campaigns`, query: { limit: '1000' } }
  const bodies = await Array.fromAsync(listing(context, first, nextLink)).catch(nothing<Json>)
  const campaigns = bodies.flatMap((body) => valuesAt(body, 'campaigns[].campaign'))
  return new Map(campaigns.map((one) => [textAt(one, 'id') ?? '', textAt(one, 'name') ?? '']))
}

function rowsOf(campaign: Json, names: Map<string, string>, zone: string): Row[] {
  const id = textAt(campaign, 'id')
  return valuesAt(campaign, 'timeseries[]').map((day) => {
    const start = Date.parse(textAt(day, 'start_time') ?? '')
    if (id === null || Number.isNaN(start))
      throw new ConnectorError('unknown', snapchat.id, 'Snapchat answered a row without its day or campaign')
    return {
      date: localDate(start, zone),
      dimensions: { campaign_id: id },
      labels: { campaign_name: names.get(id) || id },
      metrics: {
        impressions: numberAt(day, 'stats.impressions'),
        swipes: numberAt(day, 'stats.swipes'),
        spend: fromMicros(textAt(day, 'stats.spend')),
        conversion_purchases: numberAt(day, 'stats.conversion_purchases'),
        conversion_purchases_value: fromMicros(textAt(day, 'stats.conversion_purchases_value')),
      },
    }
  })
}
