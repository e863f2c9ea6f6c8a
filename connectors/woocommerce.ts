/**
 * WooCommerce: one row per day of a shop's sales. The shop runs on a host of its own, whose address a stranger typed, and
 * often behind a firewall that answers with pages; what is no JSON is never WooCommerce's word. (REST API wc/v3)
 */
import { ConnectorError, type Context, type Json } from './call.ts'
import { valuesAt } from './classify.ts'
import { type Account, type DayRange, defineConnector, type KeyProvider } from './connector.ts'
import { addDays, windowFrom } from './days.ts'
import { addressField, secretField } from './fields.ts'
import { listing, walk } from './paging.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

/** WooCommerce answers a longer span by month. */
const WINDOW_DAYS = 31
const MOVED = 'The shop answers at another address. Connect it again with the one your browser shows.'
/** Plugins for tokens read every Authorization header of the whole site, and answer for all that is no Bearer token. */
const INTERCEPTED =
  'A plugin of your shop, “JWT Authentication” or one like it, turns the key away before WooCommerce sees it. Switch the plugin off, or have it let WooCommerce’s keys pass.'

const address = addressField({
  name: 'storeUrl',
  label: 'Address of the shop',
  hint: 'As your browser shows it, with or without www, e.g. https://shop.northwind.example',
  problem: 'This is not an https address. It looks like https://shop.northwind.example',
})

const key = (name: string, label: string, prefix: 'ck' | 'cs') =>
  secretField({
    ...{ name, label, hint: `It begins with ${prefix}_` },
    pattern: new RegExp(`^${prefix}_[a-f0-9]{40}$`),
    problem: `The ${label.toLowerCase()} begins with ${prefix}_, with 40 figures and letters a to f behind it.`,
  })

const provider: KeyProvider = {
  auth: 'key',
  authWord: 'basic auth',
  id: 'woocommerce',
  name: 'WooCommerce',
  permissionsUrl: 'https://woocommerce.com/document/woocommerce-rest-api/',
  origins: ['site'],
  baseScopes: [],
  ask: [
    { ...address, read: (text) => shopOf(address.read(text)) },
    key('username', 'Consumer key', 'ck'),
    key('password', 'Consumer secret', 'cs'),
  ],
  accessToken: ({ username = '', password = '' }) => `${username}:${password}`,
  site: ({ storeUrl = '' }) => storeUrl,
  authorization: (accessToken) => ({ authorization: `Basic ${btoa(accessToken)}` }),

  /** Reports need a key of somebody who may see them. The shop's address stays when the key is replaced. */
  async identity(context) {
    await context.call({ url: `${context.site}/wp-json/wc/v3/reports` })
    return { id: idOf(context), label: idOf(context) }
  },

  errors: [
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'scope_missing', at: 'api', http: [401], contains: 'does not have read permissions' },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'account_lost', at: 'api', http: [301, 308], ownerAction: MOVED },
    {
      ...{ kind: 'account_lost', at: 'api', path: 'code', in: ['jwt_auth_bad_auth_header'] },
      ownerAction: INTERCEPTED,
    },
    { kind: 'rate_limited', at: 'api', http: [429] },
    { kind: 'transient', at: 'api', http: [401, 403], json: false },
    { kind: 'transient', at: 'api', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'code',
  limit: { concurrency: 10, minTimeMs: 0 },
}

export const woocommerce = defineConnector({
  id: 'woocommerce',
  name: 'WooCommerce',
  provider,
  origins: ['site'],
  scopes: [],
  scopeWords: { read: 'See the sales of your shop by day, and its currency' },
  writeWarning: null,
  ...{ accountWord: 'shop', alsoCalled: 'wordpress ecommerce shop store orders' },
  help: {
    signInWith: 'a REST API key of your shop',
    role: 'in WordPress open WooCommerce, Settings, Advanced, REST API, choose Add key, call it Latchkey, choose yourself as user and Read as permission, and copy both parts',
    friction: 'The user must be an administrator or shop manager. WooCommerce shows the parts only once.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 30, deep: 60 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: [],
    metrics: {
      sales: { unit: 'money', common: 'revenue', says: 'Gross sales, with tax and shipping' },
      orders: { unit: 'count', common: 'conversions', says: 'Orders' },
      items: { unit: 'count', says: 'Items sold' },
      tax: { unit: 'money', says: 'Tax in those sales' },
      shipping: { unit: 'money', says: 'Shipping in those sales' },
      discount: { unit: 'money', says: 'What coupons took off' },
      customers: { unit: 'count', says: 'New customer accounts' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 100 },
  version: { pinned: 'wc/v3' },
})

/** One key is one shop. Its time zone is nowhere in these answers. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const url = `${context.site}/wp-json/wc/v3/settings/general`
  const ask = (page: number) => ({
    url,
    query: { per_page: '100', ...(page > 1 && { page: String(page) }) },
  })
  let page = 1
  const settings: Json[] = []
  const next = ({ headers }: { headers: Record<string, string> }) =>
    page < Number(headers['x-wp-totalpages'] ?? 1) ? ask(++page) : null
  for await (const body of listing(context, ask(1), next)) settings.push(...valuesAt(body, '[]'))
  if (settings.length === 0) return
  const currency = settings.find((one) => textAt(one, 'id') === 'woocommerce_currency') ?? null
  yield { id: idOf(context), name: idOf(context), ...given({ currency: textAt(currency, 'value') }) }
}

function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const { currency = null } = account
  return walk({ from: range.from }, cursor, async ({ from }) => {
    const window = windowFrom(from, range, WINDOW_DAYS) ?? range
    const { body } = await context.call({
      url: `${context.site}/wp-json/wc/v3/reports/sales`,
      query: { date_min: window.from, date_max: window.to },
    })
    const next = addDays(window.to, 1)
    const rows = valuesAt(body, '[].totals|totals').flatMap(rowsOf)
    return { rows, after: next > range.to ? null : { from: next }, ...given({ currency }) }
  })
}

/** PHP writes no days as an empty list. */
function rowsOf(totals: Json) {
  if (totals === null || typeof totals !== 'object' || Array.isArray(totals)) return []
  return Object.entries(totals).map(([date, day]) => {
    if (!/^\d{4}-\d\d-\d\d$/.test(date))
      throw new ConnectorError('unknown', provider.id, 'WooCommerce answered a row that is no day')
    const [sales, tax] = [decimalAt(day, 'sales'), decimalAt(day, 'tax')]
    const [shipping, discount] = [decimalAt(day, 'shipping'), decimalAt(day, 'discount')]
    const [orders, items] = [numberAt(day, 'orders'), numberAt(day, 'items')]
    const metrics = { sales, orders, items, tax, shipping, discount, customers: numberAt(day, 'customers') }
    return { date, dimensions: {}, metrics }
  })
}

/** Host and path: several shops may lie on one host. */
const idOf = ({ site }: Context) => site.replace(/^https:\/\//, '')

/** People paste what the browser shows while they make the key. */
const shopOf = (url: string | null) => url?.replace(/\/(wp-admin|wp-json|wp-login\.php)(\/.*)?$/, '') ?? null
