/**
 * Shopify: one row per day on which orders were placed. A connection is one shop, at an address of its own. Sources:
 * shopify.dev on the authorization code grant, expiring offline access tokens, API limits and GraphQL status codes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { valuesAt } from './classify.ts'
import type { Account, Context, DayRange, Json, OAuthProvider, Reply, Row } from './connector.ts'
import { ConnectorError, defineConnector } from './connector.ts'
import { addDays, localDate, midnightIn, zoneOf } from './days.ts'
import { renewToken } from './grants.ts'
import { postToken } from './http.ts'
import { walk } from './paging.ts'
import { decimalAt, given, numberAt, sumOf, textAt, valueAt } from './values.ts'

const VERSION = '2026-10'
/** 100 orders of five objects each stay below the 1,000 points one query may cost, however lists are counted. */
const ORDERS = `query($q:String!,$c:String){ orders(first:100, after:$c, query:$q, sortKey:CREATED_AT){
  pageInfo{hasNextPage endCursor} nodes{ id createdAt cancelledAt test subtotalLineItemsQuantity
  currentTotalPriceSet{shopMoney{amount}} totalRefundedSet{shopMoney{amount}} } } }`
const CODE = 'errors[].extensions.code'
const SHOP = '{ shop { id name myshopifyDomain currencyCode ianaTimezone } }'
/** A shop's handle, its own address, or that of its admin pages. */
const ADDRESS =
  /^(https:\/\/)?(admin\.shopify\.com\/store\/)?([a-z0-9][a-z0-9-]{0,59})(\.myshopify\.com)?(\/.*)?$/
const FROZEN = 'This shop is frozen. Its owner settles the open bill with Shopify; then it goes on by itself.'
const LOCKED = 'Shopify has locked this shop. Its owner asks Shopify support to open it; then it goes on.'

const shopify: OAuthProvider = {
  ...{ auth: 'oauth', id: 'shopify', name: 'Shopify' },
  permissionsUrl: 'https://admin.shopify.com',
  goesTo: 'your shop’s own address at myshopify.com',
  ...{ ...endpoints('https://myshopify.com'), endpoints },
  passes: ['https://admin.shopify.com', 'https://accounts.shopify.com'],
  ask: [
    {
      name: 'shop',
      label: 'Shop address',
      hint: 'As in northwind.myshopify.com; you find it in Shopify under Settings, Domains',
      problem: 'Enter the address that ends in myshopify.com, for example northwind.myshopify.com',
      read: (text) => ADDRESS.exec(text.trim().toLowerCase())?.[3] ?? null,
    },
  ],
  site: ({ shop }) => `https://${shop}.myshopify.com`,
  origins: ['https://*.myshopify.com'],
  ...{ scopeSeparator: ',', baseScopes: [], params: {}, tokenAuth: 'form' },
  pkce: false, // shopify.dev's code grant knows no code_challenge: a signature over the whole callback stands in
  authorization: (accessToken) => ({ 'x-shopify-access-token': accessToken }),
  identity: async ({ site }) => ({ id: new URL(site).hostname, label: new URL(site).hostname }),

  async exchange({ signal, site }, app, { query }) {
    if (!isSigned(query, app.secret) || query.shop !== new URL(site).hostname)
      throw new ConnectorError('consent_failed', shopify.id, 'Shopify did not sign the answer for this shop')
    const form = { code: query.code ?? '', expiring: '1' }
    return { ...(await postToken(shopify, form, { app, signal, site })), site }
  },

  renew: (context, app, refreshToken) => renewToken(shopify, context, app, refreshToken),
  isGood: ({ body }) => valueAt(body, 'errors') === null,
  errors: [
    { kind: 'revoked', at: 'token', http: [400] },
    { kind: 'revoked', http: [401] },
    { kind: 'scope_missing', path: `${CODE}|errors[].message`, in: ['ACCESS_DENIED', 'access denied'] },
    { kind: 'scope_missing', at: 'api', http: [403] },
    { kind: 'account_lost', path: CODE, in: ['SHOP_INACTIVE'], ownerAction: FROZEN },
    { kind: 'account_lost', http: [402], ownerAction: FROZEN },
    { kind: 'account_lost', http: [423], ownerAction: LOCKED },
    { kind: 'account_lost', http: [404] },
    { kind: 'account_lost', http: [403], path: 'errors', in: ['Unavailable Shop'] },
    { kind: 'rate_limited', path: `${CODE}|errors[].message`, in: ['THROTTLED', 'Throttled'] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', path: 'error', in: ['invalid_client', 'application_cannot_be_found'] },
    { kind: 'transient', path: `${CODE}|errors[].message`, in: ['INTERNAL_SERVER_ERROR', 'Timeout'] },
    { kind: 'transient', contains: 'Looks like something went wrong on our end' },
  ],
  reasonPath: `error|${CODE}`,
  ...{ retryAfterSeconds: untilAffordable, restSeconds: untilAffordable },
  limit: { concurrency: 4, minTimeMs: 0 },
}

export const shopifyOrders = defineConnector({
  ...{ id: 'shopify', name: 'Shopify' },
  provider: shopify,
  origins: ['https://*.myshopify.com'],
  scopes: ['read_orders'],
  optionalScopes: ['read_all_orders'],
  scopeWords: {
    read_orders: 'See your orders; Latchkey reads days, amounts and refunds, never who bought',
    read_all_orders: 'See orders older than 60 days too',
  },
  writeWarning: null,
  ...{ accountWord: 'shop', alsoCalled: 'ecommerce shop store orders sales' },
  help: { signInWith: 'your login for the shop', role: 'you need the permission to install apps' },
  headers: () => ({}),
  accounts,
  report: {
    ...{ zone: 'account', restateDays: { nightly: 30, deep: 60 }, backfillMonths: 13 },
    reachWithout: { scope: 'read_all_orders', days: 60 },
    backfillNote: 'Shopify gives the last 60 days, unless it allowed this app to read all orders.',
    lagDays: 1,
    dimensions: [],
    metrics: {
      orders: { unit: 'count', common: 'conversions', says: 'Orders placed that day, test orders left out' },
      cancelled_orders: { unit: 'count', says: 'Those of them that are cancelled by now' },
      items: { unit: 'count', says: 'Items in those orders, as ordered' },
      revenue: {
        ...{ unit: 'money', common: 'revenue' },
        says: 'What they come to by now, after edits and returns',
      },
      refunds: { unit: 'money', says: 'What was paid back on those orders, on whichever day' },
    },
    pages,
  },
  // The scope is there, but Shopify does not let the app have such data, or such a token: nothing an owner can mend.
  errors: [
    { kind: 'app_config', at: 'api', contains: 'not approved to access' },
    { kind: 'app_config', at: 'api', contains: 'Non-expiring access tokens' },
  ],
  version: { pinned: VERSION, sunset: '2027-10' },
})

function endpoints(site: string) {
  return { authorizeUrl: `${site}/admin/oauth/authorize`, tokenUrl: `${site}/admin/oauth/access_token` }
}

/** HMAC-SHA256 over the sorted rest of the query, encoded as Shopify's own libraries do it. */
function isSigned({ hmac = '', ...rest }: Record<string, string>, secret: string): boolean {
  const pairs = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
  const message = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  const meant = createHmac('sha256', secret).update(message).digest()
  const said = Buffer.from(hmac, 'hex')
  return said.length === meant.length && timingSafeEqual(said, meant)
}

/** Every answer says what its query cost and how full the shop's bucket is: when is it enough for the same again? */
function untilAffordable({ body }: Reply): number | null {
  const cost = (path: string) => numberAt(body, `extensions.cost.${path}`) ?? 0
  const missing = cost('requestedQueryCost') - cost('throttleStatus.currentlyAvailable')
  return missing > 0 ? Math.ceil(missing / (cost('throttleStatus.restoreRate') || missing)) : null
}

/** At times Shopify answers 200 with the cost alone, which is no empty answer: an empty one has its lists. */
async function ask({ site, call }: Context, query: string, variables: Record<string, Json> = {}) {
  const url = `${site}/admin/api/${VERSION}/graphql.json`
  const reply = await call({ method: 'POST', url, json: { query, variables } })
  if (valueAt(reply.body, 'data') !== null) return reply
  throw new ConnectorError('transient', shopify.id, 'Shopify answered without data')
}

async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await ask(context, SHOP)
  const text = (field: string) => textAt(body, `data.shop.${field}`)
  const id = text('id')?.split('/').at(-1)
  if (id === undefined) return
  const name = text('name') ?? new URL(context.site).hostname
  yield { id, name, ...given({ currency: text('currencyCode'), timeZone: text('ianaTimezone') }) }
}

/**
 * The state is the day to go on with. A page is the whole days of one search and the next search begins at the day it
 * was cut in, so no sums travel, and none nears the 25,000 orders Shopify pages through.
 */
function pages(context: Context, account: Account, { from, to }: DayRange, cursor: string | null) {
  const zone = zoneOf(account.timeZone)
  const said = given({ currency: account.currency ?? null, timeZone: account.timeZone ?? null })
  return walk<string>(from, cursor, async (day) => {
    const q = `created_at:>='${midnightIn(day, zone)}' created_at:<'${midnightIn(addDays(to, 1), zone)}'`
    const days = new Map<string, Json[]>()
    let [c, moved]: [string | null, boolean] = [null, false]
    do {
      const { body, headers }: Reply = await ask(context, ORDERS, { q, c })
      const end = textAt(body, 'data.orders.pageInfo.endCursor')
      const isNew: boolean = c === null || end !== c // else the same page came again
      const orders = valuesAt(body, 'data.orders.nodes[]|data.orders.edges[].node')
      for (const [date, its] of Map.groupBy(isNew ? orders : [], (order) => dayOf(order, zone)))
        days.set(date, [...(days.get(date) ?? []), ...its])
      c = isNew && valueAt(body, 'data.orders.pageInfo.hasNextPage') === true ? end : null
      moved = (headers['x-shopify-api-version'] ?? VERSION) !== VERSION
    } while (c !== null && days.size < 2)
    const cut = c === null ? null : ([...days.keys()].at(-1) ?? null)
    const rows = [...days].filter(([date]) => date !== cut).map(rowOf)
    return { rows, ...said, ...(moved && { flags: ['api_version_changed'] }), after: cut }
  })
}

function dayOf(order: Json, zone: string): string {
  const at = Date.parse(textAt(order, 'createdAt') ?? '')
  if (!Number.isNaN(at)) return localDate(at, zone)
  throw new ConnectorError('unknown', shopify.id, 'Shopify answered an order without its day')
}

function rowOf([date, all]: [string, Json[]]): Row {
  const orders = all.filter((order) => valueAt(order, 'test') !== true)
  const sum = (path: string) => sumOf(orders.map((order) => decimalAt(order, path)))
  const [count, revenue] = [orders.length, sum('currentTotalPriceSet.shopMoney.amount')]
  const cancelled_orders = orders.filter((order) => textAt(order, 'cancelledAt') !== null).length
  const items = numberAt(sum('subtotalLineItemsQuantity'), '')
  const refunds = sum('totalRefundedSet.shopMoney.amount')
  return { date, dimensions: {}, metrics: { orders: count, cancelled_orders, items, revenue, refunds } }
}
