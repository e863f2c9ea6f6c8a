/** Answers that hold less, or more, than was asked for: what is there is read, and nothing twice. */
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callrail } from '../../connectors/callrail.ts'
import type { Account, Connector, DayRange } from '../../connectors/connector.ts'
import { openContext, routeOrigins } from '../../connectors/http.ts'
import { klaviyo } from '../../connectors/klaviyo.ts'
import { mailchimpAudiences } from '../../connectors/mailchimp.ts'
import { pinterestAds } from '../../connectors/pinterest-ads.ts'
import { shopifyOrders } from '../../connectors/shopify.ts'
import { snapchatAds } from '../../connectors/snapchat-ads.ts'
import { stripe } from '../../connectors/stripe.ts'
import { woocommerce } from '../../connectors/woocommerce.ts'
import { xAds } from '../../connectors/x-ads.ts'
import { app } from './fixture.ts'

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
})

const open = (connector: Connector, site = '') =>
  openContext({
    ...{ provider: connector.provider, connector, accessToken: 'a:b', site },
    app: connector.provider.auth === 'oauth' ? app : null,
    signal: new AbortController().signal,
  })
const read = (connector: Connector, account: Account, range: DayRange, site?: string) =>
  Array.fromAsync(connector.report.pages(open(connector, site), account, range, null))

describe('Snapchat', () => {
  const account = { id: 'acc-1', name: 'Northwind', timeZone: 'America/Los_Angeles' }
  const range = { from: '2026-11-06', to: '2026-11-06' }
  const day = {
    ...{ start_time: '2026-11-06T00:00:00.000-08:00', end_time: '2026-11-07T00:00:00.000-08:00' },
    stats: { impressions: '9021', swipes: 120, spend: 45_670_000 },
  }
  const part = (more: object) => ({ sub_request_status: 'success', timeseries_stat: more })
  const api = () => nock('https://adsapi.snapchat.com')

  it('lists the accounts of organisations that came without theirs, whoever refuses', async () => {
    const organizations = ['one', 'two'].map((id) => ({ organization: { id, name: id } }))
    api()
      .get(/me\/organizations/)
      .reply(200, { request_status: 'success', organizations })
    api()
      .get('/v1/organizations/one/adaccounts')
      .reply(403, { request_status: 'ERROR', error_code: 'E3003', debug_message: 'No access' })
    const adaccounts = [{ sub_request_status: 'success', adaccount: { ...account, timezone: 'Etc/UTC' } }]
    // The host of a link is not believed.
    const next_link = 'https://elsewhere.example/v1/organizations/two/adaccounts?cursor=2'
    api().get('/v1/organizations/two/adaccounts').reply(200, { adaccounts, paging: { next_link } })
    const other = { adaccount: { id: 'acc-2', name: 'Contoso', currency: 'GBP' } }
    api()
      .get('/v1/organizations/two/adaccounts?cursor=2')
      .reply(200, { adaccounts: [other] })
    expect(await Array.fromAsync(snapchatAds.accounts(open(snapchatAds)))).toEqual([
      { id: 'acc-1', name: 'Northwind', timeZone: 'Etc/UTC', group: 'two' },
      { id: 'acc-2', name: 'Contoso', currency: 'GBP', group: 'two' },
    ])
  })

  it('reads a part that is a campaign itself, and figures whose names are refused', async () => {
    const parts = [part({ id: 'c-77', type: 'CAMPAIGN', granularity: 'DAY', timeseries: [day] })]
    api().get(/stats/).reply(200, { request_status: 'success', timeseries_stats: parts })
    api()
      .get(/campaigns/)
      .reply(404, { request_status: 'ERROR', error_code: 'E3003' })
    const [page] = await read(snapchatAds, account, range)
    expect(page?.rows).toMatchObject([
      {
        ...{ date: '2026-11-06', dimensions: { campaign_id: 'c-77' }, labels: { campaign_name: 'c-77' } },
        metrics: { impressions: 9021, swipes: 120, spend: '45.67', conversion_purchases: null },
      },
    ])
  })

  it('does not call a refused token a missing name', async () => {
    const parts = [part({ id: 'c-77', type: 'CAMPAIGN', timeseries: [day] })]
    api().get(/stats/).reply(200, { request_status: 'success', timeseries_stats: parts })
    api()
      .get(/campaigns/)
      .reply(401, { request_status: 'ERROR', error_code: 'E3002' })
    await expect(read(snapchatAds, account, range)).rejects.toMatchObject({ kind: 'revoked' })
  })
})

describe('Mailchimp', () => {
  const SITE = 'https://us19.api.mailchimp.com'
  const list = { id: 'a1b2c3d4e5', name: 'Northwind newsletter' }

  it('lists the audiences of a login that may not see the account', async () => {
    const problem = { title: 'User action not permitted', status: 403, detail: 'No access' }
    nock(SITE)
      .get(/3\.0\/\?fields/)
      .reply(403, problem)
    nock(SITE)
      .get(/3\.0\/lists/)
      .reply(200, { lists: [list], total_items: 1 })
    expect(await Array.fromAsync(mailchimpAudiences.accounts(open(mailchimpAudiences, SITE)))).toEqual([list])
  })

  it('ends where no older day comes, whatever the total says, and gives no day twice', async () => {
    const activity = [
      { day: '2026-11-06', emails_sent: 18_200 },
      { day: '2026-11-05', emails_sent: '0' },
    ]
    nock(SITE)
      .get(/activity/)
      .times(2)
      .reply(200, { activity, total_items: 180 })
    const pages = await read(mailchimpAudiences, list, { from: '2026-11-01', to: '2026-11-07' }, SITE)
    expect(pages.flatMap(({ rows }) => rows.map(({ date }) => date))).toEqual(['2026-11-06', '2026-11-05'])
    expect(nock.isDone()).toBe(true)
  })
})

it('X’s days begin where its answer says they do', async () => {
  const account = { id: 'acc', name: 'Northwind', timeZone: 'America/New_York' }
  const api = nock('https://ads-api.x.com')
  api
    .get(/campaigns/)
    .reply(200, { data: [{ id: 'a1', name: 'Autumn', currency: 'USD' }], next_cursor: null })
  const metrics = { impressions: [8021, 5], clicks: [77, 1], billed_charge_local_micro: [41_230_000, 0] }
  const params = { start_time: '2026-11-06T05:00:00Z', end_time: '2026-11-08T05:00:00Z', granularity: 'DAY' }
  const data = [{ id: 'a1', id_data: [{ segment: null, metrics }] }]
  api.get(/stats/).reply(200, { data_type: 'stats', time_series_length: 2, data, request: { params } })
  const [page] = await read(xAds, account, { from: '2026-11-05', to: '2026-11-06' })
  expect(page?.rows).toMatchObject([{ date: '2026-11-06', metrics: { billed_charge: '41.23' } }])
})

it('X is asked for whole hours, also where midnight has none in UTC', async () => {
  const account = { id: 'acc', name: 'Northwind', timeZone: 'Asia/Kolkata' }
  const api = nock('https://ads-api.x.com')
  api.get(/campaigns/).reply(200, { data: [{ id: 'a1', name: 'Autumn' }], next_cursor: null })
  api
    .get(/stats/)
    .query(({ start_time }) => start_time === '2026-11-05T00:00:00+05:30')
    .reply(200, { data: [{ id: 'a1', id_data: [{ metrics: { impressions: [1] } }] }] })
  const [page] = await read(xAds, account, { from: '2026-11-05', to: '2026-11-05' })
  expect(page?.rows).toMatchObject([{ date: '2026-11-05', metrics: { impressions: 1 } }])
})

it('Pinterest’s spend in millionths is spend too', async () => {
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
  const row = { DATE: day, AD_ACCOUNT_ID: '5', SPEND_IN_MICRO_DOLLAR: 145_720_000, IMPRESSION_1: '30112' }
  nock('https://api.pinterest.com')
    .get(/analytics/)
    .reply(200, [row])
  const [page] = await read(pinterestAds, { id: '5', name: 'Northwind' }, { from: day, to: day })
  expect(page?.rows).toMatchObject([{ metrics: { spend: '145.72', impressions: 30_112, conversions: null } }])
})

it('a part of a day that Klaviyo adds is left out', async () => {
  const account = { id: 'Abc123', name: 'Northwind', timeZone: 'US/Eastern', currency: 'USD' }
  const api = nock('https://a.klaviyo.com')
  const orders = { type: 'metric', id: '0rG4eQ', attributes: { name: 'Placed Order' } }
  api.get('/api/metrics').reply(200, { data: [orders], links: { next: null } })
  const dates = ['2026-11-04T05:00:00+00:00', '2026-11-05T05:00:00+00:00']
  const measurements = { count: [3, 12.0], sum_value: [10.5, 1340.5] }
  const attributes = { dates, data: [{ dimensions: [], measurements }] }
  api.post('/api/metric-aggregates').reply(200, { data: { attributes }, links: { next: null } })
  const [page] = await read(klaviyo, account, { from: '2026-11-05', to: '2026-11-05' })
  expect(page?.rows).toMatchObject([
    { date: '2026-11-05', metrics: { placed_order: 12, placed_order_value: '1340.5', opened_email: null } },
  ])
})

describe('CallRail', () => {
  const call = (id: string) => ({
    ...{ id, answered: true, duration: '184', start_time: '2026-11-06T10:22:13.000-05:00' },
    ...{ source: 'Google Ads', campaign: null, company_id: 55 },
  })
  const account = { id: '227799611', name: 'Northwind' }
  const range = { from: '2026-11-06', to: '2026-11-06' }
  const pages = (page: number, more: object) => ({ page, per_page: 250, total_pages: 2, ...more })

  it('reads calls whose pages are counted', async () => {
    const api = nock('https://api.callrail.com')
    api.get(/calls\.json\?.*fields/).reply(200, pages(1, { calls: [call('1'), call('2')] }))
    api.get(/calls\.json\?.*&page=2$/).reply(200, pages(2, { calls: [call('3')] }))
    const [page] = await read(callrail, account, range)
    expect(page?.rows).toEqual([
      {
        date: '2026-11-06',
        dimensions: { company_id: '55', source: 'Google Ads', campaign: '', medium: '' },
        metrics: { calls: 3, answered: 3, first_calls: null, duration: 552 },
      },
    ])
  })

  it('is not led in circles by a page that comes again', async () => {
    const api = nock('https://api.callrail.com')
    api
      .get(/a\.json/)
      .times(2)
      .reply(200, pages(1, { accounts: [{ ...account, id: 227799611 }] }))
    const found = await Array.fromAsync(callrail.accounts(open(callrail)))
    expect([...new Set(found.map(({ id }) => id))]).toEqual(['227799611'])
  })
})

it('a listing whose page leads to itself is over', async () => {
  const items = [{ id: '549755880001', name: 'Northwind', currency: 'USD' }]
  const api = nock('https://api.pinterest.com')
  api
    .get(/ad_accounts/)
    .times(2)
    .reply(200, { items, bookmark: 'string' })
  const found = await Array.fromAsync(pinterestAds.accounts(open(pinterestAds)))
  expect(found.map(({ id }) => id)).toEqual(['549755880001', '549755880001'])
  expect(nock.isDone()).toBe(true)
})

it('Stripe’s and Shopify’s pages that come again are counted once', async () => {
  const account = { id: 'a', name: 'Northwind', timeZone: 'America/New_York', currency: 'USD' }
  const range = { from: '2026-11-06', to: '2026-11-06' }
  const sale = { id: 'txn_1', amount: 8450, fee: 275, net: 8175, currency: 'usd', created: 1_793_980_800 }
  const answer = { data: [{ ...sale, reporting_category: 'charge' }], has_more: true }
  nock('https://api.stripe.com')
    .get(/balance_transactions/)
    .times(2)
    .reply(200, answer)
  const [, page] = await read(stripe, account, range)
  expect(page?.rows).toMatchObject([{ metrics: { transactions: 1, amount: '84.5', fee: '2.75' } }])

  const pageInfo = { hasNextPage: true, endCursor: 'eyJ' }
  const total = { currentTotalPriceSet: { shopMoney: { amount: '84.50' } } }
  const nodes = [{ id: 'gid://shopify/Order/5001', createdAt: '2026-11-06T15:20:00Z', ...total }]
  const shop = 'https://northwind.myshopify.com'
  nock(shop)
    .post(/graphql/)
    .times(2)
    .reply(200, { data: { orders: { pageInfo, nodes } } })
  const [orders] = await read(shopifyOrders, account, range, shop)
  expect(orders).toMatchObject({
    rows: [{ metrics: { orders: 1, revenue: '84.5', refunds: null } }],
    next: null,
  })
})

it('a shop that repeats its key as a code does not get it into our words', async () => {
  const [consumer, secret] = [`ck_${'a1'.repeat(20)}`, `cs_${'b2'.repeat(20)}`]
  const shop = 'https://shop.northwind.example'
  routeOrigins({ [shop]: 'http://127.0.0.1:9999' })
  nock('http://127.0.0.1:9999')
    .get(/settings/)
    .reply(401, { code: secret, message: secret })
  const context = openContext({
    ...{ provider: woocommerce.provider, connector: woocommerce, site: shop, app: null },
    ...{ accessToken: `${consumer}:${secret}`, signal: new AbortController().signal },
  })
  const failed = await Array.fromAsync(woocommerce.accounts(context)).catch((error: unknown) => error)
  routeOrigins({})
  expect(failed).toMatchObject({ kind: 'revoked', reason: null, message: 'WooCommerce answered 401' })
})
