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
