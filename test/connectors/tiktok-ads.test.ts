/** What is odd about TikTok beyond the suite: windows that are too large, three kinds of waiting, withdrawing a token. */
import nock from 'nock'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Json } from '../../connectors/connector.ts'
import { openContext, revokeToken } from '../../connectors/http.ts'
import { tiktokAds } from '../../connectors/tiktok-ads.ts'
import { app } from './fixture.ts'

const SITE = 'https://business-api.tiktok.com'
const { provider } = tiktokAds
const { signal } = new AbortController()
const wrapped = (code: number, message: string, data: Json = {}): Json => ({ code, message, data })

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  vi.useRealTimers()
  nock.cleanAll()
  nock.enableNetConnect()
})

test('a window that is too large is read in halves, and the halves cover it', async () => {
  const asked: string[] = []
  nock(SITE)
    .get(/^\/open_api\/v1\.3\/report\/integrated\/get\/\?/)
    .times(20)
    .reply(({ url }: Request) => {
      const { searchParams } = new URL(url)
      const [from, to] = [searchParams.get('start_date') ?? '', searchParams.get('end_date') ?? '']
      asked.push(`${from}…${to}`)
      const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1
      if (days > 10) return [200, wrapped(40067, 'Query is too large') as nock.Body]
      return [200, wrapped(0, 'OK', { list: [] }) as nock.Body]
    })
  const account = { id: '7012345678901234567', name: 'Northwind' }
  const context = openContext({ provider, connector: tiktokAds, accessToken: 'token', app, signal })
  const range = { from: '2026-10-01', to: '2026-10-31' }
  await Array.fromAsync(tiktokAds.report.pages(context, account, range, null))
  expect(asked).toEqual([
    ...['2026-10-01…2026-10-30', '2026-10-01…2026-10-15', '2026-10-01…2026-10-07'],
    ...['2026-10-08…2026-10-14', '2026-10-15…2026-10-21', '2026-10-22…2026-10-28', '2026-10-29…2026-10-31'],
  ])
})

test('an advertiser that is gone hides neither itself nor what TikTok knows of the others', async () => {
  const list = ['7001', '7002', '7003'].map((advertiser_id) => ({
    advertiser_id,
    advertiser_name: advertiser_id,
  }))
  const api = nock(SITE)
  api.get(/advertiser\/get/).reply(200, wrapped(0, 'OK', { list }) as nock.Body)
  api
    .get(/advertiser\/info/)
    .times(5)
    .reply(({ url }: Request) => {
      const ids = JSON.parse(new URL(url).searchParams.get('advertiser_ids') ?? '[]') as string[]
      if (ids.includes('7002'))
        return [200, wrapped(40001, "advertiser 7002 doesn't exist or has been deleted.")]
      return [
        200,
        wrapped(0, 'OK', { list: ids.map((advertiser_id) => ({ advertiser_id, currency: 'JPY' })) }),
      ]
    })
  const context = openContext({ provider, connector: tiktokAds, accessToken: 'token', app, signal })
  expect(await Array.fromAsync(tiktokAds.accounts(context))).toEqual([
    { id: '7001', name: '7001', currency: 'JPY' },
    { id: '7002', name: '7002' },
    { id: '7003', name: '7003', currency: 'JPY' },
  ])
})

test('advertisers are listed also where their details were not granted', async () => {
  const api = nock(SITE)
  const list = [{ advertiser_id: 7001, advertiser_name: 'Northwind' }]
  api.get(/advertiser\/get/).reply(200, wrapped(0, 'OK', { list }) as nock.Body)
  const says = 'advertiser does not grant you /advertiser/info/:GET permission'
  api.get(/advertiser\/info/).reply(200, wrapped(40001, says) as nock.Body)
  const context = openContext({ provider, connector: tiktokAds, accessToken: 'token', app, signal })
  expect(await Array.fromAsync(tiktokAds.accounts(context))).toEqual([{ id: '7001', name: 'Northwind' }])
})

test.for([
  ['App reaches the QPS limit', 1],
  ['App reaches the QPM limit', 300],
  ['App reaches the QPD limit', 2 * 3600 + 60],
] as const)('%s: waits %d seconds', ([message, seconds]) => {
  vi.useFakeTimers({ now: Date.parse('2026-11-06T21:59:00Z') })
  const body = wrapped(40100, message)
  const reply = { status: 200, headers: {}, body, text: JSON.stringify(body) }
  expect(provider.retryAfterSeconds?.(reply)).toBe(seconds)
})

test.for([
  [0, 'OK', 'revoked'],
  [40105, 'Access token is incorrect or has been revoked.', 'revoked'],
  [40100, 'Requests made too frequently.', 'rate_limited'],
] as const)('withdrawing a token that is answered %d', async ([code, message, outcome]) => {
  const sent = { app_id: 'latchkey', secret: 'shh-fixture', access_token: 'gone-fixture' }
  nock(SITE)
    .post('/open_api/v1.3/oauth2/revoke_token/', sent)
    .reply(200, wrapped(code, message) as nock.Body)
  const done = await revokeToken(provider, 'gone-fixture', { app, signal }).catch(({ kind }) => kind)
  expect(done).toBe(outcome)
})
