/**
 * X Ads: one row per campaign and day. X gives figures only for named campaigns, and wants bulk reading done by
 * prepared reports: campaigns are listed, ordered 20 at a time, and fetched as gzipped JSON. (Ads API 12)
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
import { addDays, startOfLocalDay, windowFrom, zoneOf } from './days.ts'
import { listing, prepared, walk } from './paging.ts'
import { x } from './providers/x.ts'
import { fromMicros, given, numberAt, textAt, valueAt } from './values.ts'

const API = 'https://ads-api.x.com/12'
const CAMPAIGNS = 200
const JOB_CAMPAIGNS = 20
/** X takes up to 90; with 200 campaigns a page of our own stays small at 31. */
const JOB_DAYS = 31
const TRIES = 3

export const xAds = defineConnector({
  id: 'x-ads',
  name: 'X Ads',
  provider: x,
  origins: ['https://ads-api.x.com'],
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
type Campaigns = { names: Map<string, string>; next: string | null; currency: string | null }

/** Two steps for each page of campaigns: order, then fetch. Jobs that failed or aged away are ordered again. */
function pages(
  context: Context,
  account: Account,
  range: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const start: Place = { from: range.from, cursor: null, jobs: [], tries: 0 }
  return walk(start, cursor, async (place) => {
    const days = windowFrom(place.from, range, JOB_DAYS) ?? range
    const campaigns = await campaignsAt(context, account.id, place.cursor)
    if (campaigns.names.size === 0) return { rows: [], after: placeAfter(campaigns, place, days, range) }
    if (place.jobs.length === 0)
      return {
        rows: [],
        after: { ...place, jobs: await order(context, account, [...campaigns.names.keys()], days) },
      }
    const files = await prepared(context, x.id, () => filesOf(context, account.id, place.jobs))
    if (files.length === 0) return { rows: [], after: again(place) }
    const rows: Row[] = []
    for (const file of files) rows.push(...rowsOf(await fetched(context, file), campaigns.names, days))
    const { currency } = campaigns
    const after = placeAfter(campaigns, place, days, range)
    return { rows, after, ...given({ currency, timeZone: account.timeZone ?? null }) }
  })
}

function placeAfter({ next }: Campaigns, place: Place, { to }: DayRange, range: DayRange): Place | null {
  if (next !== null) return { ...place, cursor: next, jobs: [], tries: 0 }
  return to < range.to ? { from: addDays(to, 1), cursor: null, jobs: [], tries: 0 } : null
}

function again(place: Place): Place {
  if (place.tries + 1 >= TRIES)
    throw new ConnectorError('transient', x.id, 'X keeps failing to prepare a report')
  return { ...place, jobs: [], tries: place.tries + 1 }
}

/** Deleted campaigns too: what they cost was spent. */
async function campaignsAt(context: Context, id: string, cursor: string | null): Promise<Campaigns> {
  const query = { count: String(CAMPAIGNS), with_deleted: 'true', ...(cursor !== null && { cursor }) }
  const { body } = await context.call({ url: `${API}/accounts/${id}/campaigns`, query })
  const found = valuesAt(body, 'data[]').map(
    (one) => [textAt(one, 'id') ?? '', textAt(one, 'name') ?? ''] as const,
  )
  const currency = textAt(body, 'data[].currency')
  return { names: new Map(found), next: textAt(body, 'next_cursor'), currency }
}

/** Times are the account's midnights, in whole hours of UTC; the end is not included. */
async function order(
  context: Context,
  account: Account,
  ids: string[],
  { from, to }: DayRange,
): Promise<string[]> {
  const midnight = (day: string) =>
    `${startOfLocalDay(day, zoneOf(account.timeZone)).toISOString().slice(0, 19)}Z`
  const jobs: string[] = []
  for (let at = 0; at < ids.length; at += JOB_CAMPAIGNS) {
    const query = {
      ...{ entity: 'CAMPAIGN', entity_ids: ids.slice(at, at + JOB_CAMPAIGNS).join(',') },
      ...{ granularity: 'DAY', metric_groups: 'ENGAGEMENT,BILLING', placement: 'ALL_ON_TWITTER' },
      ...{ start_time: midnight(from), end_time: midnight(addDays(to, 1)) },
    }
    const url = `${API}/stats/jobs/accounts/${account.id}`
    const { body } = await context.call({ method: 'POST', url, query })
    const job = textAt(body, 'data.id_str') // `id` is the same number, beyond what JSON numbers hold
    if (job === null) throw new ConnectorError('unknown', x.id, 'X ordered a report without saying which')
    jobs.push(job)
  }
  return jobs
}

/** Null while one is in the making; [] where one failed or is no longer known. */
async function filesOf(context: Context, id: string, jobs: string[]): Promise<string[] | null> {
  const query = { job_ids: jobs.join(','), count: String(jobs.length) }
  const { body } = await context.call({ url: `${API}/stats/jobs/accounts/${id}`, query })
  const found = valuesAt(body, 'data[]')
  const isIn = (job: Json, ...states: string[]) => states.includes(textAt(job, 'status') ?? '')
  if (found.length < jobs.length || found.some((job) => isIn(job, 'FAILED', 'CANCELLED'))) return []
  if (!found.every((job) => isIn(job, 'SUCCESS'))) return null
  return found.map((job) => textAt(job, 'url')).filter((url) => url !== null)
}

async function fetched(context: Context, url: string): Promise<Json> {
  const file = await context.download(url)
  try {
    return JSON.parse(file.toString()) as Json
  } catch (cause) {
    throw new ConnectorError('transient', x.id, 'X prepared a report that is not JSON', { cause })
  }
}

/** A metric is a list with one value for each day, or null where there was nothing at all. */
function rowsOf(report: Json, names: Map<string, string>, { from, to }: DayRange): Row[] {
  return valuesAt(report, 'data[]').flatMap((entity) => {
    const id = textAt(entity, 'id')
    if (id === null) throw new ConnectorError('unknown', x.id, 'X answered figures without their campaign')
    const metrics = valueAt(entity, 'id_data[].metrics')
    const series = (name: string) => valuesAt(metrics, `${name}[]`)
    const [impressions, clicks] = [series('impressions'), series('clicks')]
    const [links, billed] = [series('url_clicks'), series('billed_charge_local_micro')]
    const length = Math.max(...[impressions, clicks, links, billed].map((values) => values.length))
    return Array.from({ length }, (_, day) => ({
      date: addDays(from, day),
      dimensions: { campaign_id: id },
      labels: { campaign_name: names.get(id) || id },
      metrics: {
        impressions: numberAt(impressions[day] ?? null, ''),
        clicks: numberAt(clicks[day] ?? null, ''),
        url_clicks: numberAt(links[day] ?? null, ''),
        billed_charge: fromMicros(textAt(billed[day] ?? null, '')),
      },
    })).filter(({ date, metrics }) => date <= to && Object.values(metrics).some((value) => value !== null))
  })
}
