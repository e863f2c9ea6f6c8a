/**
 * Stripe: one row per day, reporting category and currency, added up from every balance transaction. Amounts come in the
 * smallest unit of their currency, and days are those of the account's own clock. (API 2026-10-28.endive)
 */
import { ConnectorError, type Context, type Json } from './call.ts'
import { valuesAt } from './classify.ts'
import { type Account, type DayRange, defineConnector, type KeyProvider, type Row } from './connector.ts'
import { addDays, localDate, startOfLocalDay, windowFrom, zoneOf } from './days.ts'
import { secretField } from './fields.ts'
import { walk } from './paging.ts'
import { given, numberAt, scaled, sumOf, textAt, valueAt } from './values.ts'

const API = 'https://api.stripe.com/v1'
const VERSION = '2026-10-28.endive'
const PAGE_SIZE = '100'
/** The sums of a window go with the cursor, so that no page is read twice; a week's are small. */
const WINDOW_DAYS = 7
/** From Stripe's page on currencies. ISK and UGX have no decimals but are written with two all the same. */
const NO_DECIMALS = /^(bif|clp|djf|gnf|jpy|kmf|krw|mga|pyg|rwf|vnd|vuv|xaf|xof|xpf)$/
const THREE_DECIMALS = /^(bhd|jod|kwd|omr|tnd)$/
/** What customers paid and got back; the others move money between Stripe, the bank and the account. */
const SALES = /^(charge|refund|dispute|platform_earning)(_\w+)?$|^partial_capture_reversal$/
const KEPT_OUT = 'Stripe lets this key in from certain IP addresses only: take that restriction off it.'

const provider: KeyProvider = {
  auth: 'key',
  authWord: 'restricted key',
  id: 'stripe',
  name: 'Stripe',
  permissionsUrl: 'https://dashboard.stripe.com/apikeys',
  origins: ['https://api.stripe.com'],
  baseScopes: [],
  ask: [
    secretField({
      name: 'apiKey',
      label: 'Restricted key',
      hint: 'It begins with rk_live_',
      pattern: /^rk_(live|test)_[A-Za-z0-9]+$/,
      problem:
        'Only a restricted key will do; it begins with rk_. A key that begins with sk_ can move money: make a restricted key with read access to Balance transactions.',
    }),
  ],
  accessToken: ({ apiKey = '' }) => apiKey,
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}`, 'stripe-version': VERSION }),

  /** The first question proves the one permission that is needed. */
  async identity(context) {
    await context.call({ url: `${API}/balance_transactions`, query: { limit: '1' } })
    const [account] = await Array.fromAsync(accounts(context))
    if (!account) throw new ConnectorError('unknown', provider.id, 'Stripe did not say whose key this is')
    return { id: account.id, label: account.name }
  },

  errors: [
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'account_lost', at: 'api', contains: 'allow requests from your IP', ownerAction: KEPT_OUT },
    { kind: 'revoked', at: 'api', path: 'error.code', in: ['api_key_expired'] },
    { kind: 'scope_missing', at: 'api', http: [403] },
    { kind: 'rate_limited', at: 'api', http: [429] },
    { kind: 'rate_limited', at: 'api', path: 'error.code', in: ['rate_limit'] },
    { kind: 'transient', at: 'api', http: [409, 500, 502, 503, 504] },
  ],
  reasonPath: 'error.code|error.type',
  limit: { concurrency: 10, minTimeMs: 0 },
}

export const stripe = defineConnector({
  id: 'stripe',
  name: 'Stripe',
  provider,
  origins: [],
  scopes: [],
  scopeWords: {
    balance_transactions: 'See what your Stripe account took in, paid back and paid in fees, by day',
  },
  writeWarning: null,
  ...{ accountWord: 'account', alsoCalled: 'payments revenue sales' },
  help: {
    signInWith: 'a restricted key of your Stripe account',
    role: 'at dashboard.stripe.com/apikeys choose Create restricted key, name it Latchkey, set Balance transactions (or Balance Transaction Sources) to Read, leave all else at None, and copy it',
    friction: 'Stripe shows the key only once. Secret keys are refused here, because they can move money.',
  },
  ask: [
    {
      name: 'label',
      label: 'Name of the account',
      hint: 'So that you know it again: such a key need not be able to tell which account it belongs to',
      read: nameOf,
      problem: 'Any name of up to 80 characters will do, but no key.',
    },
  ],
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 3, deep: 3 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['reporting_category', 'balance_currency'],
    metrics: {
      transactions: { unit: 'count', says: 'Balance transactions' },
      amount: { unit: 'money', says: 'Before fees; what left the account is negative' },
      fee: { unit: 'money', says: 'What Stripe and others kept of it' },
      net: { unit: 'money', says: 'Amount less fee' },
      sales: {
        unit: 'money',
        common: 'revenue',
        says: 'The amount, for charges, refunds and disputes alone',
      },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 0 },
  version: { pinned: VERSION },
})

/** One key is one account. Where the key may not ask which, what the owner called it stands for it. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { label } = context.answers
  const [known] = context.known
  const { body } = await context.call({ url: `${API}/account` }).catch((error: unknown) => {
    const id = label ? `label:${label.toLowerCase()}` : known
    if (id === undefined || !(error instanceof ConnectorError) || error.kind !== 'scope_missing') throw error
    return { body: { id } }
  })
  const id = textAt(body, 'id')
  if (id === null) return
  const name = textAt(body, 'settings.dashboard.display_name|business_profile.name')
  const currency = textAt(body, 'default_currency')?.toUpperCase() ?? null
  const timeZone = textAt(body, 'settings.dashboard.timezone')
  yield { id, name: name ?? label ?? id.replace(/^label:/, ''), ...given({ currency, timeZone }) }
}

function nameOf(text: string): string | null {
  const name = text.trim().replace(/\s+/g, ' ')
  return name === '' || name.length > 80 || /^[a-z]+_(live|test)_/.test(name) ? null : name
}

/** In smallest units, by day, category and currency. */
type Sums = { [key: string]: { transactions: number } & Record<'amount' | 'fee' | 'net', string | null> }
type State = { from: string; after: string | null; sums: Sums }

/** Rows are given once their days are whole, with the last page of their window. */
function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const zone = zoneOf(account.timeZone)
  const second = (day: string) => String(Math.floor(startOfLocalDay(day, zone).getTime() / 1000))
  const start: State = { from: range.from, after: null, sums: {} }
  return walk(start, cursor, async ({ from, after, sums }) => {
    const window = windowFrom(from, range, WINDOW_DAYS) ?? range
    const next = addDays(window.to, 1)
    const query = {
      ...{ 'created[gte]': second(window.from), 'created[lt]': second(next), limit: PAGE_SIZE },
      ...given({ starting_after: after }),
    }
    const { body } = await context.call({ url: `${API}/balance_transactions`, query })
    const found = valuesAt(body, 'data[]')
    const last = textAt(found.at(-1) ?? null, 'id')
    const isNew = last !== after // else the same page came again
    if (isNew) for (const transaction of found) add(transaction, sums, zone, window)
    if (isNew && valueAt(body, 'has_more') === true && last !== null)
      return { rows: [], timeZone: zone, after: { from, after: last, sums } }
    const rows = Object.entries(sums).map(([key, sum]) => rowOf(key, sum))
    return { rows, timeZone: zone, after: next > range.to ? null : { from: next, after: null, sums: {} } }
  })
}

function add(transaction: Json, sums: Sums, zone: string, window: DayRange): void {
  const created = numberAt(transaction, 'created')
  const currency = textAt(transaction, 'currency')?.toLowerCase()
  if (created === null || currency === undefined)
    throw new ConnectorError(
      'unknown',
      provider.id,
      'Stripe answered a transaction without its day or currency',
    )
  const day = localDate(created * 1000, zone)
  if (day < window.from || day > window.to) return
  const category = textAt(transaction, 'reporting_category|type') ?? ''
  const key = JSON.stringify([day, category, currency])
  const sum = sums[key] ?? { transactions: 0, amount: null, fee: null, net: null }
  const plus = (name: 'amount' | 'fee' | 'net') => sumOf([sum[name], textAt(transaction, name)])
  sums[key] = {
    transactions: sum.transactions + 1,
    amount: plus('amount'),
    fee: plus('fee'),
    net: plus('net'),
  }
}

function rowOf(key: string, { transactions, ...sum }: Sums[string]): Row {
  const [date = '', category = '', currency = ''] = JSON.parse(key) as string[]
  const places = NO_DECIMALS.test(currency) ? 0 : THREE_DECIMALS.test(currency) ? 3 : 2
  const [amount = null, fee = null, net = null] = [sum.amount, sum.fee, sum.net].map((n) => scaled(n, places))
  const sales = SALES.test(category) ? amount : null
  return {
    ...{ date, dimensions: { reporting_category: category, balance_currency: currency } },
    ...{ metrics: { transactions, amount, fee, net, sales }, currency: currency.toUpperCase() },
  }
}
