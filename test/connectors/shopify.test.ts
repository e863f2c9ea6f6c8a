/** Shopify's own oddities: who may have signed a callback, days of many pages, and what its answers ask for. */
import { createHmac } from 'node:crypto'
import nock from 'nock'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { CallBack, Json, OAuthProvider } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { shopifyOrders } from '../../connectors/shopify.ts'
import { app } from './fixture.ts'

const SITE = 'https://some-shop.myshopify.com'
const shopify = shopifyOrders.provider as OAuthProvider
const account = { id: '1', name: 'Some shop', currency: 'USD', timeZone: 'America/New_York' }

/** The example of Shopify's documentation, whose secret is "hush". */
const published = {
  ...{ code: '0907a61c0c8d55e99db179b68161bc00', shop: 'some-shop.myshopify.com', timestamp: '1337178173' },
  hmac: '4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20',
}

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.enableNetConnect())

const open = () =>
  openContext({
    ...{ provider: shopify, connector: shopifyOrders, accessToken: 'shpat', app, site: SITE, account },
    signal: new AbortController().signal,
  })

function exchange(query: Record<string, string>, secret = 'hush') {
  const back: CallBack = { query, redirectUri: 'https://access.example/', verifier: '', kept: '' }
  return shopify.exchange?.(open(), { ...app, secret }, back)
}

it('believes the published example, and sends its code to the shop that was named before', async () => {
  const token = nock(SITE)
    .post('/admin/oauth/access_token', {
      ...{ client_id: app.id, client_secret: 'hush' },
      code: published.code,
      expiring: '1',
    })
    .reply(200, { access_token: 'shpat_new', scope: 'read_orders' })
  expect(await exchange(published)).toMatchObject({ accessToken: 'shpat_new', site: SITE })
  expect(token.isDone()).toBe(true)
})

it.for([
  ['another secret', published, 'hash'],
  ['a changed code', { ...published, code: 'mine' }, 'hush'],
  ['one more field', { ...published, extra: '1' }, 'hush'],
  ['no signature', { code: published.code, shop: published.shop, timestamp: published.timestamp }, 'hush'],
  ['half a signature', { ...published, hmac: published.hmac.slice(0, 32) }, 'hush'],
  ['something that is no signature', { ...published, hmac: 'zz'.repeat(32) }, 'hush'],
] as const)('sends no code and no secret anywhere with %s', async ([, query, secret]) => {
  await expect(exchange(query, secret)).rejects.toMatchObject({ kind: 'consent_failed' })
})

it('sends no code of another shop, even where Shopify signed it', async () => {
  const query = { code: 'x', shop: 'other-shop.myshopify.com' }
  const hmac = createHmac('sha256', 'hush').update('code=x&shop=other-shop.myshopify.com').digest('hex')
  await expect(exchange({ ...query, hmac })).rejects.toMatchObject({ kind: 'consent_failed' })
})

function answers(createdAt: string[], endCursor: string | null, cost: Json = null, version = '2026-10') {
  const nodes = createdAt.map((at, id) => ({
    ...{ id: `gid://shopify/Order/${id}`, createdAt: at, cancelledAt: null, subtotalLineItemsQuantity: 1 },
    currentTotalPriceSet: { shopMoney: { amount: '0.10', currencyCode: 'USD' } },
    totalRefundedSet: { shopMoney: { amount: '0.0' } },
  }))
  nock(SITE)
    .post('/admin/api/2026-10/graphql.json')
    .reply(
      200,
      {
        data: { orders: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes } },
        ...(cost !== null && { extensions: { cost } }),
      },
      { 'x-shopify-api-version': version },
    )
}

const read = (from: string, to: string) =>
  Array.fromAsync(shopifyOrders.report.pages(open(), account, { from, to }, null))

it('gives a day of three pages as one row, and the days around a change of clocks to the right day', async () => {
  answers(['2026-11-01T04:00:00Z', '2026-11-01T05:30:00Z'], 'a')
  answers(['2026-11-01T06:30:00Z'], 'b')
  answers(['2026-11-02T04:59:59Z', '2026-11-02T05:00:00Z'], 'c')
  answers(['2026-11-02T05:00:00Z'], null)
  const pages = await read('2026-11-01', '2026-11-02')
  expect(
    pages.map(({ rows }) => rows.map(({ date, metrics }) => [date, metrics.orders, metrics.revenue])),
  ).toEqual([[['2026-11-01', 4, '0.4']], [['2026-11-02', 1, '0.1']]])
})

it('says so when Shopify answers in another version than the pinned one', async () => {
  answers(['2026-11-01T12:00:00Z'], null, null, '2027-01')
  expect((await read('2026-11-01', '2026-11-01'))[0]?.flags).toEqual(['api_version_changed'])
})

it('rests until the bucket holds enough for the same query again', () => {
  const rest = (currentlyAvailable: number) =>
    shopify.restSeconds?.({
      ...{ status: 200, headers: {}, text: '' },
      body: {
        extensions: {
          cost: { requestedQueryCost: 502, throttleStatus: { currentlyAvailable, restoreRate: 100.0 } },
        },
      },
    })
  expect([rest(1999), rest(502), rest(501), rest(2)]).toEqual([null, null, 1, 5])
})

it('takes the cost alone for no empty day, also after pages that were there', async () => {
  const range = { from: '2026-11-06', to: '2026-11-06' }
  const cost = { cost: { requestedQueryCost: 12, actualQueryCost: 2 } }
  const nodes = [{ id: 'gid://shopify/Order/1', createdAt: '2026-11-06T15:20:00Z' }]
  const orders = { pageInfo: { hasNextPage: true, endCursor: 'eyJ' }, nodes }
  nock(SITE)
    .post(/graphql/)
    .reply(200, { data: { orders } })
  nock(SITE)
    .post(/graphql/)
    .reply(200, { extensions: cost })
  const reading = Array.fromAsync(shopifyOrders.report.pages(open(), account, range, null))
  await expect(reading).rejects.toMatchObject({ kind: 'transient' })
})
