/** Shopify as two shops answer: orders by day behind cursors, the cost of every query, refusals with HTTP 200. */
import { createHmac } from 'node:crypto'
import type { Json } from '../../connectors/call.ts'
import { addDays, localDate } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Answer, Fake, World } from './fake.ts'

const PAGE = 100
/** As the sandbox names the OAuth apps' secrets. */
const SECRET = 'sandbox-shopify-client-secret'
const shops: Record<string, { id: string; name: string; currencyCode: string; ianaTimezone: string }> = {
  'kaesehaus-buehler': {
    ...{ id: 'gid://shopify/Shop/61200450011', name: 'Käsehaus Bühler' },
    ...{ currencyCode: 'CHF', ianaTimezone: 'Europe/Zurich' },
  },
  northwind: {
    ...{ id: 'gid://shopify/Shop/61200450029', name: 'Northwind Store' },
    ...{ currencyCode: 'USD', ianaTimezone: 'America/New_York' },
  },
}

export const fake: Fake = {
  origins: Object.keys(shops).map((shop) => `https://${shop}.myshopify.com`),
  answers: { shop: 'northwind.myshopify.com' },
  signIn: {
    callback: (code, { hostname, searchParams }) =>
      signed({ code, shop: hostname, state: searchParams.get('state') ?? '' }),
    token({ url, form }, mint) {
      if (url.pathname !== '/admin/oauth/access_token') return null
      if (!form.code && !form.refresh_token)
        return { status: 400, body: { error: 'invalid_request', error_description: 'No code' } }
      const scope = 'read_orders,read_all_orders'
      const ends = { expires_in: 3599, refresh_token_expires_in: 7_775_999 }
      return { body: { access_token: mint(), refresh_token: `shprt_${mint()}`, scope, ...ends } }
    },
  },
  answer({ url, headers, json }, world) {
    const handle = url.hostname.replace('.myshopify.com', '')
    const shop = shops[handle]
    if (!shop || !/^\/admin\/api\/[\d-]+\/graphql\.json$/.test(url.pathname)) return null
    if (!world.accepts(headers['x-shopify-access-token'] ?? ''))
      return { status: 401, body: { errors: '[API] Invalid API key or access token' } }
    if (!textAt(json, 'query')?.includes('orders('))
      return answered({ shop: { ...shop, myshopifyDomain: url.hostname } }, 1)
    const q = textAt(json, 'variables.q') ?? ''
    const [, from = '', to = ''] = /created_at:>='(.+?)' created_at:<'(.+?)'/.exec(q) ?? []
    return answered({ orders: orders(shop, [from, to], textAt(json, 'variables.c'), world) }, 502)
  },
}

/** What the browser brings back: everything but the signature itself is signed. */
function signed(query: Record<string, string>): Record<string, string> {
  const whole: Record<string, string> = { ...query, timestamp: String(Math.floor(Date.now() / 1000)) }
  const pairs = Object.keys(whole)
    .sort()
    .map((name) => `${name}=${encodeURIComponent(whole[name] ?? '')}`)
  return { ...whole, hmac: createHmac('sha256', SECRET).update(pairs.join('&')).digest('hex') }
}

const answered = (data: Json, requestedQueryCost: number): Answer => ({
  headers: { 'x-shopify-api-version': '2026-10' },
  body: {
    data,
    extensions: {
      cost: {
        ...{ requestedQueryCost, actualQueryCost: Math.ceil(requestedQueryCost / 10) },
        throttleStatus: { maximumAvailable: 2000, currentlyAvailable: 1950, restoreRate: 100 },
      },
    },
  },
})

type Shop = { id: string; currencyCode: string; ianaTimezone: string }

/** The cursor names the day and the order within it. Some orders come around noon UTC, which is the same day everywhere. */
function orders(shop: Shop, [from, to]: [string, string], cursor: string | null, { figure }: World) {
  const last = addDays(localDate(new Date(to), shop.ianaTimezone), -1)
  let [day = '', at = 0] = cursor
    ? [cursor.slice(0, 10), Number(cursor.slice(11)) + 1]
    : [localDate(new Date(from), shop.ianaTimezone), 0]
  const nodes: ReturnType<typeof orderOf>[] = []
  const many = (on: string) => figure(`shopify ${shop.id}`, on, 6)
  while (nodes.length <= PAGE && day <= last) {
    if (at < many(day)) nodes.push(orderOf(shop, day, at++, figure))
    else [day, at] = [addDays(day, 1), 0]
  }
  const hasNextPage = nodes.length > PAGE
  const page = nodes.slice(0, PAGE)
  return {
    pageInfo: { hasNextPage, endCursor: page.at(-1)?.cursor ?? null },
    nodes: page.map(({ cursor: _, ...node }) => node),
  }
}

function orderOf({ id, currencyCode }: Shop, day: string, at: number, figure: World['figure']) {
  const cents = figure(`order ${id} ${at}`, day, 8_450)
  const amount = (cents / 100).toFixed(2)
  const isBack = cents % 23 === 0
  return {
    cursor: `${day} ${at}`,
    id: `gid://shopify/Order/${day.replaceAll('-', '')}${at}`,
    createdAt: `${day}T${String(12 + Math.min(at, 3)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}:00Z`,
    ...{ cancelledAt: isBack ? `${day}T16:00:00Z` : null, test: false },
    currentTotalPriceSet: { shopMoney: { amount: isBack ? '0.00' : amount, currencyCode } },
    totalRefundedSet: { shopMoney: { amount: isBack ? amount : '0.0' } },
    subtotalLineItemsQuantity: 1 + (cents % 4),
  }
}
