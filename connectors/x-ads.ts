/**
 * X Ads: one row per campaign and day. X gives figures only for named campaigns: they are listed first, then two weeks of
 * a few are asked for at once, and all else is ordered as prepared reports. (Ads API 12)
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
  type Row,
} from './connector.ts'
import { addDays, dayBegunAt, windowFrom, zoneOf } from './days.ts'
import { listing, prepared, walk } from './paging.ts'
import { x } from './providers/x.ts'
import { answered, fetched, filesOf, order, X_ADS } from './providers/x-stats.ts'
import { fromMicros, given, numberAt, textAt, valueAt } from './values.ts'

const API = `${X_ADS}/12`
const CAMPAIGNS = 200
/** A nightly window; X answers a week at a time, 250 times in a quarter of an hour for all accounts of a login. */
const [AT_ONCE_DAYS, WEEK] = [14, 7]
/** X takes up to 90; with 200 campaigns a page of our own stays small at 31. */
const JOB_DAYS = 31
const TRIES = 3

export const xAds = defineConnector({
  id: 'x-ads',
  name: 'X Ads',
  provider: x,
  origins: [X_ADS],
  downloads: ['https://ton.twimg.com'],
  scopes: [],
  scopeWords: { ads: 'See your X ad accounts, campaigns and their results' },
  writeWarning:
    'X has no read-only permission for ads, so this permission would also allow changes and posts; Latchkey contains no code that makes any.',
  ...{ accountWord: 'ad account', alsoCalled: 'twitter advertising paid social' },
  help: {
    signInWith: 'the X login that has access to your X ad account',
    role: 'the Campaign analyst role on the ad account is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 14, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown on X' },
      clicks: { unit: 'count', common: 'clicks', says: 'All clicks on ads, likes and other taps included' },
      url_clicks: { unit: 'count', says: 'Clicks on links in ads' },
      billed_charge: { unit: 'money', common: 'cost', says: 'What X billed for ads on X itself' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 20 },
  version: { pinned: '12' },
})

async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = { url: `${API}/accounts`, query: { count: '1000' } }
  for await (const body of listing(context, first, ({ body }) => {
    const cursor = textAt(body, 'next_cursor')
    return cursor === null ? null : { ...first, query: { ...first.query, cursor } }
  }))
    for (const account of valuesAt(body, 'data[]')) {
      const id = textAt(account, 'id')
      if (id === null || valuesAt(account, 'deleted')[0] === true) continue
      yield { id, name: textAt(account, 'name') ?? id, ...given({ timeZone: textAt(account, 'timezone') }) }
    }
}

/** Where a reading is: at which campaigns of which days, and the jobs ordered for them ([]: none yet). */
type Place = { from: string; cursor: string | null; jobs: string[]; tries: number }
/** Each is paid by a funding instrument, which has a currency of its own; `currency` is the first one's. */
type Campaigns = {
  known: Map<string, { name: string | null; currency: string | null }>
  next: string | null
  currency: string | null
}

/**
 * Two steps for each page of campaigns: order, then fetch. Jobs that failed or aged away are ordered again. A short range
 * of an account with one page is answered without.
 */
function pages(
  context: Context,
  account: Account,
  range: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const start: Place = { from: range.from, cursor: null, jobs: [], tries: 0 }
  const short = range.to < addDays(range.from, AT_ONCE_DAYS)
  const zone = zoneOf(account.timeZone)
  const said = { timeZone: account.timeZone ?? null }
  return walk(start, cursor, async (place) => {
    const campaigns = await campaignsAt(context, account.id, place.cursor)
    const { known, next, currency } = campaigns
    const ids = [...known.keys()]
    const atOnce = short && place.cursor === null && next === null && place.jobs.length === 0
    const days = windowFrom(place.from, range, atOnce ? WEEK : JOB_DAYS) ?? range
    const after = placeAfter(campaigns, place, days, range)
    if (ids.length === 0) return { rows: [], after }
    // The next attempt resumes here, and orders.
    if (failedAgain(place) && JSON.stringify(place) !== cursor)
      throw new ConnectorError('transient', x.id, 'X keeps failing to prepare a report')
    if (!atOnce && place.jobs.length === 0)
      return { rows: [], after: { ...place, jobs: await order(context, account, ids, days) } }
    const rows: Row[] = []
    if (atOnce) {
      for await (const report of answered(context, account, ids, days))
        rows.push(...rowsOf(report, campaigns, days, zone))
      return { rows, after, ...given({ currency, ...said }) }
    }
    const files = await prepared(context, x.id, () => filesOf(context, account.id, place.jobs))
    if (files.length === 0) return { rows: [], after: { ...place, jobs: [], tries: place.tries + 1 } }
    for (const file of files) rows.push(...rowsOf(await fetched(context, file), campaigns, days, zone))
    return { rows, after, ...given({ currency, ...said }) }
  })
}

function placeAfter({ next }: Campaigns, place: Place, { to }: DayRange, range: DayRange): Place | null {
  if (next !== null) return { ...place, cursor: next, jobs: [], tries: 0 }
  return to < range.to ? { from: addDays(to, 1), cursor: null, jobs: [], tries: 0 } : null
}

const failedAgain = ({ jobs, tries }: Place) => jobs.length === 0 && tries > 0 && tries % TRIES === 0

/** Deleted campaigns too: what they cost was spent. */
async function campaignsAt(context: Context, id: string, cursor: string | null): Promise<Campaigns> {
  const query = { count: String(CAMPAIGNS), with_deleted: 'true', ...(cursor !== null && { cursor }) }
  const { body } = await context.call({ url: `${API}/accounts/${id}/campaigns`, query })
  const found = valuesAt(body, 'data[]').map((one) => {
    const said = { name: textAt(one, 'name'), currency: textAt(one, 'currency') }
    return [textAt(one, 'id') ?? '', said] as const
  })
  const currency = textAt(body, 'data[].currency')
  return { known: new Map(found), next: textAt(body, 'next_cursor'), currency }
}

/** A metric is a list with one value for each day from the answer's own first one, or null where there was nothing. */
function rowsOf(report: Json, { known, currency }: Campaigns, { from, to }: DayRange, zone: string): Row[] {
  const first = dayBegunAt(textAt(report, 'request.params.start_time') ?? '', zone) ?? from
  return valuesAt(report, 'data[]').flatMap((entity) => {
    const id = textAt(entity, 'id')
    if (id === null) throw new ConnectorError('unknown', x.id, 'X answered figures without their campaign')
    const metrics = valueAt(entity, 'id_data[].metrics')
    const series = (name: string) => valuesAt(metrics, `${name}[]`)
    const [impressions, clicks] = [series('impressions'), series('clicks')]
    const [links, billed] = [series('url_clicks'), series('billed_charge_local_micro')]
    const campaign = known.get(id)
    const own = campaign?.currency === currency ? null : (campaign?.currency ?? null)
    const length = Math.max(...[impressions, clicks, links, billed].map((values) => values.length))
    return Array.from({ length }, (_, day) => ({
      date: addDays(first, day),
      dimensions: { campaign_id: id },
      labels: { campaign_name: campaign?.name ?? id },
      ...given({ currency: own }),
      metrics: {
        impressions: numberAt(impressions[day] ?? null, ''),
        clicks: numberAt(clicks[day] ?? null, ''),
        url_clicks: numberAt(links[day] ?? null, ''),
        billed_charge: fromMicros(textAt(billed[day] ?? null, '')),
      },
    }))
      .filter(({ date }) => date >= from && date <= to)
      .filter(({ metrics }) => Object.values(metrics).some((value) => value !== null))
  })
}
