/** Klaviyo: one row per day of emails and orders, joined from one question per kind of event (metric-aggregates). */
import { ConnectorError, type Context, type HttpRequest } from './call.ts'
import { valuesAt } from './classify.ts'
import { type Account, type DayRange, defineConnector, type KeyProvider } from './connector.ts'
import { addDays, dayBegunAt, midnightIn, windowFrom, zoneOf } from './days.ts'
import { secretField } from './fields.ts'
import { listing, walk } from './paging.ts'
import { decimalAt, given, numberAt, sumOf, textAt } from './values.ts'

const API = 'https://a.klaviyo.com/api'
const REVISION = '2026-07-15'
/** A year may be asked for; a day less leaves room for clocks that went back in between. */
const WINDOW_DAYS = 364
/** Our metric → the event by Klaviyo's own name, which several integrations may share, and what to measure. */
const COLUMNS: Record<string, [event: string, measure: 'count' | 'sum_value']> = {
  received_email: ['Received Email', 'count'],
  opened_email: ['Opened Email', 'count'],
  clicked_email: ['Clicked Email', 'count'],
  placed_order: ['Placed Order', 'count'],
  placed_order_value: ['Placed Order', 'sum_value'],
}

const provider: KeyProvider = {
  ...{ auth: 'key', authWord: 'API key', id: 'klaviyo', name: 'Klaviyo', baseScopes: [] },
  permissionsUrl: 'https://www.klaviyo.com/settings/account/api-keys',
  origins: ['https://a.klaviyo.com'],
  ask: [
    secretField({
      name: 'apiKey',
      label: 'Private API key',
      hint: 'It begins with pk_',
      pattern: /^pk_[A-Za-z0-9_]+$/,
      problem: 'A private key begins with pk_; the short public key or an address will not do.',
    }),
  ],
  accessToken: ({ apiKey = '' }) => apiKey,
  /** Without the opt-out a revision Klaviyo has ended is silently answered by another one. */
  authorization: (accessToken) => ({
    authorization: `Klaviyo-API-Key ${accessToken}`,
    revision: REVISION,
    'x-klaviyo-revision-fall-forward-opt-out': '1',
  }),

  /** The second question proves that the key may read the metrics too. */
  async identity(context) {
    const [account] = await Array.fromAsync(accounts(context))
    if (!account) throw new ConnectorError('unknown', provider.id, 'Klaviyo did not say whose key this is')
    await context.call({ url: `${API}/metrics` })
    return { id: account.id, label: account.name }
  },

  errors: [
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'scope_missing', at: 'api', http: [403] },
    { kind: 'rate_limited', at: 'api', http: [429] },
    { kind: 'version_sunset', at: 'api', http: [410] },
  ],
  reasonPath: 'errors[].code',
  /** Its hint is for the second or the minute that is used up. */
  restSeconds: ({ headers }) =>
    headers['ratelimit-remaining'] === '0' ? Number(headers['ratelimit-reset']) || 1 : null,
  limit: { concurrency: 10, minTimeMs: 0 },
}

export const klaviyo = defineConnector({
  ...{ id: 'klaviyo', name: 'Klaviyo' },
  ...{ provider, origins: [], scopes: [] },
  scopeWords: { metrics: 'See how many emails were received, opened and clicked, and what was ordered' },
  writeWarning: null,
  ...{ accountWord: 'account', alsoCalled: 'email sms marketing' },
  help: {
    signInWith: 'a private API key of your Klaviyo account',
    role: 'in Klaviyo open Settings, then API keys, choose Create Private API Key, name it Latchkey, choose Read-Only Key, and copy it',
    friction: 'An owner or admin of the account can do so. Klaviyo shows the whole key only once.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 7, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: [],
    metrics: {
      received_email: { unit: 'count', says: 'Emails delivered that day' },
      opened_email: { unit: 'count', says: 'Opens that day, also of emails sent earlier' },
      clicked_email: { unit: 'count', common: 'clicks', says: 'Clicks in emails that day' },
      placed_order: { unit: 'count', common: 'conversions', says: 'Orders of the shop, from emails or not' },
      placed_order_value: { unit: 'money', common: 'revenue', says: 'Value of those orders' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 340, perMinute: 60 },
  version: { pinned: REVISION, sunset: '2028-07' },
})

/** One key is one account. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${API}/accounts` })
  for (const account of valuesAt(body, 'data[]')) {
    const id = textAt(account, 'id')
    if (id === null) continue
    const name = textAt(account, 'attributes.contact_information.organization_name') ?? id
    const currency = textAt(account, 'attributes.preferred_currency')
    yield { id, name, ...given({ currency, timeZone: textAt(account, 'attributes.timezone') }) }
  }
}

type Metric = { event: string; id: string }
/** Sums by day and column. */
type Days = Map<string, Record<string, string | null>>

/** A page is a year at most: the metrics' ids are looked up once and go with the cursor. */
function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const { currency = null } = account
  const zone = zoneOf(account.timeZone)
  const start: { from: string; metrics: Metric[] | null } = { from: range.from, metrics: null }
  return walk(start, cursor, async ({ from, metrics: known }) => {
    const window = windowFrom(from, range, WINDOW_DAYS) ?? range
    const metrics = known ?? (await Array.fromAsync(metricsOf(context)))
    const days: Days = new Map()
    for (const metric of metrics) await addEvents(context, { metric, window, zone }, days)
    const next = addDays(window.to, 1)
    const rows = [...days].sort().map(([date, sums]) => ({ date, dimensions: {}, metrics: figures(sums) }))
    const over = next > range.to || metrics.length === 0
    return { rows, after: over ? null : { from: next, metrics }, timeZone: zone, ...given({ currency }) }
  })
}

async function* metricsOf(context: Context): AsyncGenerator<Metric> {
  const wanted = new Set(Object.values(COLUMNS).map(([event]) => event))
  const ask = (page: string | null) => ({ url: `${API}/metrics`, query: given({ 'page[cursor]': page }) })
  for await (const body of following(context, ask))
    for (const metric of valuesAt(body, 'data[]')) {
      const [event, id] = [textAt(metric, 'attributes.name') ?? '', textAt(metric, 'id')]
      if (id !== null && wanted.has(event)) yield { event, id }
    }
}

/** Every page: the address of the next one holds its cursor, by either name. */
function following(context: Context, ask: (page: string | null) => HttpRequest) {
  return listing(context, ask(null), ({ body }) => {
    const { searchParams } = new URL(textAt(body, 'links.next') ?? API, API)
    const page = searchParams.get('page[cursor]') ?? searchParams.get('page_cursor')
    return page === null ? null : ask(page)
  })
}

type Asked = { metric: Metric; window: DayRange; zone: string }

/** The figures of each group lie beside the days in the same order. */
async function addEvents(context: Context, asked: Asked, days: Days): Promise<void> {
  for await (const body of following(context, (page) => question(asked, page))) {
    const groups = valuesAt(body, 'data.attributes.data[]')
    for (const [at, instant] of valuesAt(body, 'data.attributes.dates[]').entries()) {
      const day = dayBegunAt(String(instant), asked.zone)
      if (day === null) throw new ConnectorError('unknown', provider.id, 'Klaviyo gave no date')
      if (day < asked.window.from || day > asked.window.to) continue
      const sums = days.get(day) ?? {}
      days.set(day, sums)
      for (const [name, [event, measure]] of Object.entries(COLUMNS)) {
        if (event !== asked.metric.event) continue
        const found = groups.map((group) => valuesAt(group, `measurements.${measure}[]`)[at] ?? null)
        sums[name] = sumOf([sums[name] ?? null, ...found.map((value) => decimalAt(value, ''))])
      }
    }
  }
}

/** Midnights with their offset: the zone asked for is that of the days, and times without an offset are read as UTC. */
function question({ metric, window, zone }: Asked, cursor: string | null) {
  const attributes = {
    ...{ metric_id: metric.id, measurements: ['count', 'sum_value'], interval: 'day', timezone: zone },
    filter: [
      `greater-or-equal(datetime,${midnightIn(window.from, zone)})`,
      `less-than(datetime,${midnightIn(addDays(window.to, 1), zone)})`,
    ],
    ...{ page_size: 500, ...given({ page_cursor: cursor }) },
  }
  const json = { data: { type: 'metric-aggregate', attributes } }
  return { method: 'POST' as const, url: `${API}/metric-aggregates`, json }
}

/** A metric the account does not have stays unknown. */
const figures = (sums: Record<string, string | null>) =>
  Object.fromEntries(
    Object.entries(COLUMNS).map(([name, [, measure]]) => {
      const sum = sums[name] ?? null
      return [name, measure === 'count' ? numberAt(sum, '') : sum]
    }),
  )
