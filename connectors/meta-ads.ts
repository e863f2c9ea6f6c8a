/**
 * Meta Ads: one row per campaign and day, in the ad account's own time zone. Meta refuses reports it finds too large;
 * then smaller pages are asked for, then a prepared report, then fewer days at once. (Marketing API v26.0)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Row,
} from './connector.ts'
import { addDays, daysOf, windowFrom } from './days.ts'
import { walk } from './paging.ts'
import { afterOf, edge, GRAPH, meta, ORIGIN, VERSION, WRITE_WARNING } from './providers/meta.ts'
import { FAILED, finished, order } from './providers/meta-orders.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const [WINDOW_DAYS, PAGE_ROWS, FEWER_ROWS] = [31, 500, 100]
const NAMES = 'campaign_id,campaign_name,account_currency'
const FIELDS = `${NAMES},impressions,clicks,inline_link_clicks,spend,reach,actions,action_values`

export const metaAds = defineConnector({
  id: 'meta-ads',
  name: 'Meta Ads',
  provider: meta,
  origins: [ORIGIN],
  scopes: ['ads_read', 'business_management'],
  scopeWords: {
    ads_read: 'See your ad accounts, campaigns and their results',
    business_management: 'See which business portfolio an ad account belongs to',
  },
  writeWarning: WRITE_WARNING,
  ...{ accountWord: 'ad account', alsoCalled: 'facebook fb advertising paid social campaigns' },
  help: {
    signInWith: 'the Facebook login you use for Ads Manager',
    role: 'permission to view performance of the ad account is enough',
    friction: 'Facebook may ask you to choose which businesses to share: tick the ones with the ad accounts.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 28, deep: 28 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its name at the time of reading' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were on screen' },
      clicks: { unit: 'count', common: 'clicks', says: 'All clicks on ads, also on names and reactions' },
      inline_link_clicks: { unit: 'count', says: 'Clicks on links in ads' },
      spend: { unit: 'money', common: 'cost', says: 'What the ads cost' },
      reach: { unit: 'count', says: 'People who saw an ad that day; do not add up over days or campaigns' },
      landing_page_views: { unit: 'decimal', says: 'Landing pages that loaded after a click' },
      leads: { unit: 'decimal', says: 'Leads, from forms at Meta and from websites' },
      purchases: { unit: 'decimal', says: 'Purchases, wherever they were made' },
      conversions: {
        unit: 'decimal',
        common: 'conversions',
        says: 'Purchases and leads together; they grow for 28 days after the click',
      },
      purchase_value: { unit: 'money', common: 'revenue', says: 'Value of those purchases' },
    },
    pages,
  },
  errors: [],
  version: { pinned: VERSION },
})

/** Disabled and unsettled accounts keep their figures; a closed one (account_status 101) gets no more. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const fields = 'account_id,name,currency,timezone_name,account_status,business'
  const url = `${GRAPH}/me/adaccounts`
  for await (const found of edge(context, { url, query: { fields, limit: '200' } })) {
    const id = textAt(found, 'account_id') ?? textAt(found, 'id')?.replace('act_', '')
    if (id === undefined) continue
    const closed = textAt(found, 'account_status') === '101'
    yield {
      ...{ id, name: textAt(found, 'name') ?? id },
      ...given({
        currency: textAt(found, 'currency'),
        timeZone: textAt(found, 'timezone_name'),
        group: textAt(found, 'business.name'),
        unavailable: closed ? 'this ad account is closed' : null,
      }),
    }
  }
}

/** `job`: null reads at once; '' has a report prepared first; else the id of that report. `tries`: failures of its day. */
type State = {
  day: string
  days: number
  limit: number
  after: string | null
  job: string | null
  tries?: number
}

function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const start: State = { day: range.from, days: WINDOW_DAYS, limit: PAGE_ROWS, after: null, job: null }
  return walk<State>(start, cursor, async (state) => {
    const window = windowFrom(state.day, range, state.days) ?? range
    try {
      // The next attempt resumes here, and orders.
      if (state.job === '' && state.tries && JSON.stringify(state) !== cursor)
        throw new ConnectorError('transient', meta.id, 'Meta Ads failed to prepare a report of one day')
      if (state.job === '')
        return { rows: [], after: { ...state, job: await order(context, account, asked(window)) } }
      if (state.job && state.after === null) await finished(context, state.job)
      const { after, ...page } = await read(context, account, state, window)
      const day = addDays(window.to, 1)
      const next = day > range.to ? null : { ...state, day, after, job: state.job && '', tries: 0 }
      return { ...page, after: after === null ? next : { ...state, after } }
    } catch (error) {
      return { rows: [], after: smaller(state, window, error) }
    }
  })
}

const asked = ({ from, to }: DayRange) => ({
  ...{ level: 'campaign', time_increment: '1', fields: FIELDS },
  time_range: JSON.stringify({ since: from, until: to }),
})

async function read(context: Context, account: Account, { job, limit, after }: State, window: DayRange) {
  const { body } = await context.call({
    url: `${GRAPH}/${job ?? `act_${account.id}`}/insights`,
    query: { ...(job === null ? asked(window) : {}), limit: String(limit), ...(after && { after }) },
  })
  const currency = textAt(body, 'data[].account_currency') ?? account.currency ?? null
  const found = { rows: valuesAt(body, 'data[]').map(rowOf), after: afterOf(body) }
  return { ...found, ...given({ currency, timeZone: account.timeZone ?? null }) }
}

/** Too large, at times out of mere trouble; 2 is a time-out, 2601 an order Meta has lost, 2642 a place it has forgotten. */
const TOO_LARGE = ['1', '2', '100', '2601', '2642', FAILED]

/** How to ask for less, or for one day anew; throws the error where it is another one. */
function smaller(state: State, window: DayRange, error: unknown): State {
  const { day, job } = state
  if (!(error instanceof ConnectorError) || error.kind !== 'transient' || job === '') throw error
  if (!TOO_LARGE.includes(error.reason ?? '')) throw error
  if (state.limit > FEWER_ROWS && error.reason !== FAILED) return { ...state, limit: FEWER_ROWS }
  if (job === null) return { ...state, after: null, job: '' }
  if (window.to === day) return { ...state, after: null, job: '', tries: (state.tries ?? 0) + 1 }
  const days = Math.ceil(daysOf(window).length / 2)
  return { day, days, limit: FEWER_ROWS, after: null, job: null }
}

function rowOf(row: Json): Row {
  const [date, id] = [textAt(row, 'date_start'), textAt(row, 'campaign_id')]
  if (date === null || id === null)
    throw new ConnectorError('unknown', meta.id, 'Meta Ads answered a row without its day or campaign')
  const leads = numberAt(action(row, 'actions', 'lead'), 'value')
  const purchases = numberAt(action(row, 'actions', 'purchase'), 'value')
  return {
    date,
    dimensions: { campaign_id: id },
    labels: { campaign_name: textAt(row, 'campaign_name') ?? id },
    metrics: {
      impressions: numberAt(row, 'impressions'),
      clicks: numberAt(row, 'clicks'),
      inline_link_clicks: numberAt(row, 'inline_link_clicks'),
      spend: decimalAt(row, 'spend'),
      reach: numberAt(row, 'reach'),
      landing_page_views: numberAt(action(row, 'actions', 'landing_page_view'), 'value'),
      leads,
      purchases,
      conversions: leads === null && purchases === null ? null : (leads ?? 0) + (purchases ?? 0),
      purchase_value: decimalAt(action(row, 'action_values', 'purchase'), 'value'),
    },
  }
}

/** `lead` and `purchase` are Meta's own sums over all places; the pixel's and the app's share are not added again. */
function action(row: Json, list: 'actions' | 'action_values', type: string): Json {
  return valuesAt(row, `${list}[]`).find((each) => textAt(each, 'action_type') === type) ?? null
}
