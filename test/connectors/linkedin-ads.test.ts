/** What only LinkedIn does: reports without pages, emptiness that may be blindness, years without refresh tokens. */
import nock from 'nock'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Json } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { linkedinAds } from '../../connectors/linkedin-ads.ts'
import { app, type Exchange, expectCalls, interceptor, shownBy } from './fixture.ts'
import { element, fixture, named, report } from './fixtures/linkedin-ads.ts'

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())
beforeEach(() => nock.cleanAll())

const { account } = fixture
const shown = shownBy(fixture)
const open = () =>
  openContext({
    ...{ provider: linkedinAds.provider, connector: linkedinAds, account, accessToken: 'ya29.fixture', app },
    signal: new AbortController().signal,
  })
const read = () =>
  Array.fromAsync(linkedinAds.report.pages(open(), account, { from: '2026-11-05', to: '2026-11-06' }, null))
const refuse = (exchange: Exchange, status: number, body: Json) =>
  interceptor(exchange, shown).reply(status, body as nock.Body)

describe('A report', () => {
  it('near the size at which LinkedIn cuts it off is asked for by fewer days', async () => {
    const many = Array.from({ length: 10_001 }, () => element('301', [2026, 11, 5]))
    const names = named(['301'], { '301': { id: 301, name: 'Brand' } })
    expectCalls(
      [
        report([2026, 11, 5], [2026, 11, 6], many),
        report([2026, 11, 5], [2026, 11, 5], [element('301', [2026, 11, 5])]),
        names,
        report([2026, 11, 6], [2026, 11, 6], [element('301', [2026, 11, 6])]),
        names,
      ],
      shown,
    )
    const pages = await read()
    expect(pages.map(({ rows }) => rows.map(({ date }) => date))).toEqual([
      [],
      ['2026-11-05'],
      ['2026-11-06'],
    ])
  })

  it.each([403, 404])(
    'that is empty because the account is not to be seen is no report (%i)',
    async (status) => {
      expectCalls([report([2026, 11, 5], [2026, 11, 6], [])], shown)
      nock('https://api.linkedin.com').get('/rest/adAccounts/512345678').reply(status, { status })
      await expect(read()).rejects.toMatchObject({ kind: 'account_lost' })
    },
  )

  it('counts without the names of its campaigns', async () => {
    expectCalls([report([2026, 11, 5], [2026, 11, 6], [element('301', [2026, 11, 5], { clicks: 3 })])], shown)
    refuse(named(['301'], {}), 403, { status: 403, serviceErrorCode: 100 })
    const [page] = await read()
    expect(page?.rows[0]).toMatchObject({ labels: { campaign_name: '301' }, metrics: { clicks: 3 } })
  })

  it('waits where the names are asked for too often', async () => {
    expectCalls([report([2026, 11, 5], [2026, 11, 6], [element('301', [2026, 11, 5])])], shown)
    refuse(named(['301'], {}), 429, { status: 429 })
    await expect(read()).rejects.toMatchObject({ kind: 'rate_limited' })
  })
})

it('an app without refresh tokens has an authorisation that ends with the token', async () => {
  const { provider } = linkedinAds
  if (provider.auth !== 'oauth') throw new Error('LinkedIn is OAuth')
  nock('https://www.linkedin.com')
    .post('/oauth/v2/accessToken')
    .reply(200, { access_token: 'AQX', expires_in: 5_183_999, scope: 'r_ads,r_ads_reporting' })
  const back = { query: { code: 'c' }, redirectUri: 'https://access.example/', verifier: '', kept: '' }
  expect(await provider.exchange?.(open(), app, back)).toMatchObject({
    ...{ accessToken: 'AQX', refreshToken: null, expiresInSeconds: null, grantExpiresInSeconds: 5_183_999 },
  })
})

it.each([
  ['Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached.', 7_260],
  ['Resource level throttle limit for calls to this resource is reached.', null],
])('%s', (message, seconds) => {
  vi.useFakeTimers({ now: Date.parse('2026-11-06T21:59:00Z') })
  const text = JSON.stringify({ status: 429, serviceErrorCode: 101, code: 'TOO_MANY_REQUESTS', message })
  const reply = { status: 429, headers: {}, body: JSON.parse(text) as Json, text }
  expect(linkedinAds.provider.retryAfterSeconds?.(reply)).toBe(seconds)
  vi.useRealTimers()
})
