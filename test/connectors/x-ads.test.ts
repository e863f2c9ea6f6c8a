/** What is odd about X beyond the suite: signatures, against published examples, leaving for X, and its limits. */
import { gzipSync } from 'node:zlib'
import nock from 'nock'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConnectorError, type HttpRequest, type OAuthProvider } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { baseString, signature } from '../../connectors/providers/oauth1.ts'
import { x } from '../../connectors/providers/x.ts'
import { xAds } from '../../connectors/x-ads.ts'
import { app } from './fixture.ts'

const { signal } = new AbortController()
const REDIRECT = 'https://access.example/connect/x/callback'

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  vi.useRealTimers()
  nock.cleanAll()
  nock.enableNetConnect()
})

/** The fields of an Authorization header, decoded. */
function fieldsOf(header: string): Record<string, string> {
  const found = [...header.matchAll(/(\w+)="([^"]*)"/g)]
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, decodeURIComponent(value)]))
}

test('builds the base string of RFC 5849, 3.4.1.1', () => {
  const request: HttpRequest = {
    ...{ method: 'POST', url: 'http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b' },
    form: { c2: '', a3: '2 q' },
  }
  const oauth = {
    ...{ oauth_consumer_key: '9djdj82h48djs9d2', oauth_token: 'kkk9d7dh3k39sjv7' },
    ...{ oauth_signature_method: 'HMAC-SHA1', oauth_timestamp: '137131201', oauth_nonce: '7d8f3e4a' },
  }
  expect(baseString(request, oauth)).toBe(
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  )
})

test('signs the example of X’s own documentation', () => {
  const request: HttpRequest = {
    ...{ method: 'POST', url: 'https://api.twitter.com/1.1/statuses/update.json' },
    query: { include_entities: 'true' },
    form: { status: 'Hello Ladies + Gentlemen, a signed OAuth request!' },
  }
  const signer = {
    app: { id: 'xvz1evFS4wEEPTGEFPHBog', secret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw' },
    token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
    secret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  }
  const header = signature(request, signer, {
    oauth_nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
    oauth_timestamp: '1318622958',
  })
  expect(fieldsOf(header).oauth_signature).toBe('hCtSmYh+iHYCEqBWrE7C7hYmtUk=')
})

test('every call is signed with its own parameters, and never carries a secret', () => {
  const url = 'https://ads-api.x.com/12/accounts'
  const one = x.authorization('key:hidden', { url, query: { count: '1000' } }, app).authorization ?? ''
  const fields = fieldsOf(one)
  expect(fields).toMatchObject({ oauth_consumer_key: app.id, oauth_token: 'key', oauth_version: '1.0' })
  expect(one).not.toMatch(/hidden|shh-fixture/)
  const again = (query: Record<string, string>) =>
    fieldsOf(
      signature(
        { url, query },
        { app, token: 'key', secret: 'hidden' },
        {
          oauth_nonce: fields.oauth_nonce ?? '',
          oauth_timestamp: fields.oauth_timestamp ?? '',
        },
      ),
    ).oauth_signature
  expect(again({ count: '1000' })).toBe(fields.oauth_signature)
  expect(again({ count: '1001' })).not.toBe(fields.oauth_signature)
})

const context = () => openContext({ provider: x, connector: null, accessToken: null, app, signal })
const provider: OAuthProvider = x

test('leaves with a request token, which says where to come back to', async () => {
  const headers: string[] = []
  nock('https://api.twitter.com')
    .post('/oauth/request_token')
    .reply((request: Request) => {
      headers.push(request.headers.get('authorization') ?? '')
      return [200, 'oauth_token=going%2Bout&oauth_token_secret=kept-secret&oauth_callback_confirmed=true']
    })
  expect(await provider.depart?.(context(), app, REDIRECT)).toEqual({
    location: 'https://api.twitter.com/oauth/authorize?oauth_token=going%2Bout',
    state: 'going+out',
    kept: 'going+out:kept-secret',
  })
  const [sent = {}] = headers.map(fieldsOf)
  expect(sent).toMatchObject({ oauth_callback: REDIRECT, oauth_consumer_key: app.id })
  expect(sent).not.toHaveProperty('oauth_token')
})

test('an answer without a token is no departure', async () => {
  nock('https://api.twitter.com').post('/oauth/request_token').reply(200, '<html>try later</html>')
  await expect(provider.depart?.(context(), app, REDIRECT)).rejects.toMatchObject({ kind: 'transient' })
})

test.for([
  { says: 'a foreign request token', query: { oauth_token: 'other', oauth_verifier: 'v' }, kept: 'mine:s' },
  { says: 'the beginning of ours', query: { oauth_token: 'mi', oauth_verifier: 'v' }, kept: 'mine:s' },
  { says: 'a refusal', query: { denied: 'mine' }, kept: 'mine:s' },
  { says: 'no memory of leaving', query: { oauth_token: 'mine', oauth_verifier: 'v' }, kept: '' },
])('$says is never exchanged', async ({ query, kept }) => {
  const back = { query: query as Record<string, string>, redirectUri: REDIRECT, verifier: '', kept }
  const failed = await provider.exchange?.(context(), app, back).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(ConnectorError)
  expect(failed).toMatchObject({ kind: 'consent_failed' })
})

test('rests until the limit of the account is reset, else that of the login', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  const reply = (headers: Record<string, string>) => ({ status: 200, headers, body: {}, text: '{}' })
  const login = { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1090' }
  const account = { 'x-account-rate-limit-remaining': '7', 'x-account-rate-limit-reset': '1020' }
  expect(x.restSeconds?.(reply(login))).toBe(90)
  expect(x.restSeconds?.(reply({ ...login, ...account }))).toBeNull()
  expect(x.retryAfterSeconds?.(reply({ ...login, ...account }))).toBe(20)
  expect(x.retryAfterSeconds?.(reply({}))).toBeNull()
})

test('midnights are the account’s own, whatever daylight saving does', async () => {
  const asked: (string | null)[] = []
  const api = nock('https://ads-api.x.com')
  api
    .get(/campaigns/)
    .times(2)
    .reply(200, { data: [{ id: 'a1', name: 'Autumn' }], next_cursor: null })
  api.post(/stats\/jobs/).reply(({ url }: Request) => {
    const { searchParams } = new URL(url)
    asked.push(searchParams.get('start_time'), searchParams.get('end_time'))
    return [200, { data: { id_str: '1120829647711653888' } }]
  })
  const file = 'https://ton.twimg.com/advertiser-api-async-analytics/one.json.gz'
  api.get(/stats\/jobs/).reply(200, { data: [{ id_str: '1', status: 'SUCCESS', url: file }] })
  const metrics = { impressions: [5, 6, 7], billed_charge_local_micro: [1, 2, 3], clicks: null }
  const report = JSON.stringify({ data: [{ id: 'a1', id_data: [{ metrics }] }] })
  nock('https://ton.twimg.com').get(/one/).reply(200, gzipSync(report))
  const account = { id: '18ce54aaaa', name: 'Northwind', timeZone: 'America/New_York' }
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-18', to: '2026-11-01' }
  const pages = await Array.fromAsync(xAds.report.pages(reading, account, range, null))
  expect(asked).toEqual(['2026-10-18T04:00:00Z', '2026-11-02T05:00:00Z'])
  const days = pages.flatMap(({ rows }) => rows.map(({ date }) => date))
  expect(days).toEqual(['2026-10-18', '2026-10-19', '2026-10-20'])
})

test('a job is known by its number where X writes no text beside it', async () => {
  const api = nock('https://ads-api.x.com')
  api
    .get(/campaigns/)
    .times(2)
    .reply(200, { data: [{ id: 'a1' }], next_cursor: null })
  const json = { 'content-type': 'application/json' }
  const answer = Buffer.from('{"data":{"id":1120829647711653889,"status":"QUEUED","url":null}}')
  api.post(/stats\/jobs/).reply(200, answer, json)
  api
    .get(/job_ids=1120829647711653889&/)
    .reply(200, { data: [{ id: 1, status: 'SUCCESS', url: 'https://ton.twimg.com/one.json.gz' }] })
  nock('https://ton.twimg.com').get(/one/).reply(200, gzipSync('{"data":[]}'))
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-01', to: '2026-10-20' }
  const pages = xAds.report.pages(reading, { id: '18ce54aaaa', name: 'Northwind' }, range, null)
  expect((await Array.fromAsync(pages)).at(-1)?.next).toBeNull()
})

test('two weeks of a few campaigns are answered at once, a week at a time', async () => {
  const asked: string[][] = []
  const api = nock('https://ads-api.x.com')
  const data = Array.from({ length: 21 }, (_, at) => ({ id: `a${at}`, name: `C${at}`, currency: 'JPY' }))
  api
    .get(/campaigns/)
    .times(2)
    .reply(200, { data, next_cursor: null, request: { params: {} } })
  api
    .get(/stats\/accounts\/18ce54aaaa\?/)
    .times(4)
    .reply(({ url }: Request) => {
      const { searchParams } = new URL(url)
      const [start = '', ids = ''] = ['start_time', 'entity_ids'].map((name) => searchParams.get(name) ?? '')
      asked.push([start, searchParams.get('end_time') ?? '', ids.split(',').length.toString()])
      const metrics = {
        impressions: [8021, null],
        billed_charge_local_micro: [41_230_000, null],
        clicks: [77],
      }
      const entity = { id: ids.split(',')[0] ?? '', id_data: [{ segment: null, metrics }] }
      return [200, { data_type: 'stats', time_series_length: 2, data: [entity] }]
    })
  const account = { id: '18ce54aaaa', name: 'Northwind', timeZone: 'America/New_York' }
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-26', to: '2026-11-08' }
  const pages = await Array.fromAsync(xAds.report.pages(reading, account, range, null))
  expect(asked).toEqual([
    ['2026-10-26T04:00:00Z', '2026-11-02T05:00:00Z', '20'],
    ['2026-10-26T04:00:00Z', '2026-11-02T05:00:00Z', '1'],
    ['2026-11-02T05:00:00Z', '2026-11-09T05:00:00Z', '20'],
    ['2026-11-02T05:00:00Z', '2026-11-09T05:00:00Z', '1'],
  ])
  expect(pages.map(({ currency, timeZone }) => [currency, timeZone])).toEqual([
    ['JPY', 'America/New_York'],
    ['JPY', 'America/New_York'],
  ])
  expect(pages.flatMap(({ rows }) => rows.map(({ date }) => date))).toEqual([
    ...['2026-10-26', '2026-10-26', '2026-11-02', '2026-11-02'],
  ])
  expect(pages[0]?.rows[0]).toEqual({
    ...{ date: '2026-10-26', dimensions: { campaign_id: 'a0' }, labels: { campaign_name: 'C0' } },
    metrics: { impressions: 8021, clicks: 77, url_clicks: null, billed_charge: '41.23' },
  })
})

test.for([
  ['the account’s own midnight', '2026-10-31T04:00:00Z'],
  ['its midnight with the offset', '2026-10-31T00:00:00-04:00'],
  ['a midnight in UTC', '2026-10-31T00:00:00Z'],
  ['a date', '2026-10-31'],
] as const)('figures stand on the days X says, where it writes %s', async ([, start_time]) => {
  const api = nock('https://ads-api.x.com')
  api.get(/campaigns/).reply(200, { data: [{ id: 'a1' }], next_cursor: null })
  const data = [{ id: 'a1', id_data: [{ segment: null, metrics: { impressions: [5, null, 7] } }] }]
  api.get(/stats/).reply(200, { data, time_series_length: 3, request: { params: { start_time } } })
  const account = { id: '18ce54aaaa', name: 'Northwind', timeZone: 'America/New_York' }
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-31', to: '2026-11-02' }
  const [page] = await Array.fromAsync(xAds.report.pages(reading, account, range, null))
  expect(page?.rows.map(({ date, metrics }) => [date, metrics.impressions])).toEqual([
    ['2026-10-31', 5],
    ['2026-11-02', 7],
  ])
})

test('what a campaign cost is in the currency of what pays for it', async () => {
  const api = nock('https://ads-api.x.com')
  const paid = ['USD', 'JPY', undefined].map((currency, at) => ({ id: `a${at}`, currency }))
  api.get(/campaigns/).reply(200, { data: paid, next_cursor: null })
  const id_data = [{ segment: null, metrics: { billed_charge_local_micro: [41_230_000] } }]
  api.get(/stats/).reply(200, { data: paid.map(({ id }) => ({ id, id_data })), request: { params: {} } })
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-11-02', to: '2026-11-02' }
  const pages = xAds.report.pages(reading, { id: '18ce54aaaa', name: 'Northwind' }, range, null)
  const [page] = await Array.fromAsync(pages)
  expect(page?.currency).toBe('USD')
  expect(page?.rows.map(({ currency }) => currency)).toEqual([undefined, 'JPY', undefined])
})

test('a job that failed is ordered again, a third failure is said, and the next attempt orders anew', async () => {
  let ordered = 0
  const api = nock('https://ads-api.x.com').persist()
  api.get(/campaigns/).reply(200, { data: [{ id: 'a1' }], next_cursor: null })
  api.post(/stats\/jobs/).reply(() => [200, { data: { id_str: String(ordered++) } }])
  api.get(/stats\/jobs/).reply(200, { data: [{ id_str: '1', status: 'FAILED' }] })
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-01', to: '2026-11-02' }
  let cursor: string | null = null
  for (const orders of [3, 6]) {
    const pages = xAds.report.pages(reading, { id: '18ce54aaaa', name: 'Northwind' }, range, cursor)
    const attempt = async () => {
      for await (const { next } of pages) cursor = next
    }
    await expect(attempt()).rejects.toMatchObject({ kind: 'transient' })
    expect(ordered).toBe(orders)
  }
})

test('a job that is done without a file is ordered again, and no campaign is left out', async () => {
  let ordered = 0
  const api = nock('https://ads-api.x.com').persist()
  const data = Array.from({ length: 21 }, (_, at) => ({ id: `a${at}` }))
  api.get(/campaigns/).reply(200, { data, next_cursor: null })
  api.post(/stats\/jobs/).reply(() => [200, { data: { id_str: String(ordered++) } }])
  api.get(/stats\/jobs/).reply(({ url }: Request) => {
    const ids = new URL(url).searchParams.get('job_ids')?.split(',') ?? []
    const file = (id: string) => (id === '1' ? null : `https://ton.twimg.com/${id}.json.gz`)
    return [200, { data: ids.map((id_str) => ({ id_str, status: 'SUCCESS', url: file(id_str) })) }]
  })
  const read: string[] = []
  nock('https://ton.twimg.com')
    .persist()
    .get(/json/)
    .reply(({ url }: Request) => {
      read.push(new URL(url).pathname)
      return [200, { data: [] }]
    })
  const reading = openContext({ provider, connector: xAds, accessToken: 'a:b', app, signal })
  const range = { from: '2026-10-01', to: '2026-10-20' }
  const pages = xAds.report.pages(reading, { id: '18ce54aaaa', name: 'Northwind' }, range, null)
  expect((await Array.fromAsync(pages)).at(-1)?.next).toBeNull()
  expect(read).toEqual(['/2.json.gz', '/3.json.gz'])
})
