/** What a provider call may and may not do, whichever connector makes it. */
import nock from 'nock'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type Connector,
  defineConnector,
  type HttpRequest,
  type Provider,
} from '../../connectors/connector.ts'
import { openContext, postToken, revokeToken, routed, routeOrigins } from '../../connectors/http.ts'
import { paced } from '../../connectors/pace.ts'
import { listing } from '../../connectors/paging.ts'
import { google } from '../../connectors/providers/google.ts'
import { searchConsole } from '../../connectors/search-console.ts'
import { decimalAt, textAt } from '../../connectors/values.ts'

const API = 'https://api.example'
const app = { id: 'id:1', secret: 's&cret' }
const provider: Provider = {
  ...google,
  id: 'example',
  name: 'Example',
  origins: ['https://auth.example'],
  tokenUrl: 'https://auth.example/token',
  errors: [{ kind: 'account_lost', http: [200], path: 'code', in: [40105] }],
}
const connector: Connector = defineConnector({
  ...searchConsole,
  ...{ id: 'example', name: 'Example Ads', provider, origins: [API], errors: [] },
  headers: (account) => ({ 'x-account': account?.id ?? 'none' }),
})

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())
afterEach(() => routeOrigins({}))

function call(request: Partial<HttpRequest> = {}, signal = new AbortController().signal) {
  const account = { id: 'a1', name: 'A' }
  const context = openContext({
    provider,
    connector,
    accessToken: 'secret-token',
    app,
    account,
    accountKey: 'a1',
    signal,
  })
  return context.call({ url: `${API}/rows`, ...request })
}

describe('a call', () => {
  it('carries the token, the connector’s headers and its own, which win', async () => {
    nock(API, { reqheaders: { authorization: 'Bearer secret-token', 'x-account': 'other' } })
      .post('/rows?a=1&b=x+y', { q: 1 })
      .reply(200, { ok: true })
    const query = { b: 'x y' }
    const request = { method: 'POST', url: `${API}/rows?a=1`, query, json: { q: 1 } } as const
    const reply = await call({ ...request, headers: { 'x-account': 'other' } })
    expect(reply.body).toEqual({ ok: true })
  })

  it.each([
    ['an HTML page', '<html>Sign in</html>'],
    ['a truncated answer', '{"rows":[{"a":1},'],
    ['nothing', ''],
  ])('takes %s with status 200 for passing trouble', async (_, body) => {
    nock(API).get('/rows').reply(200, body)
    await expect(call()).rejects.toMatchObject({ kind: 'transient', provider: 'example' })
  })

  it('follows no redirect: the token would go where the provider, or whoever answers for it, says', async () => {
    let followed = false
    for (const to of ['http://169.254.169.254/latest', `${API}/elsewhere`]) {
      nock(API).get('/rows').reply(302, '{}', { location: to })
      nock(new URL(to).origin)
        .get(new URL(to).pathname)
        .reply(() => {
          followed = true
          return [200, {}]
        })
      await expect(call()).rejects.toMatchObject({ kind: 'unknown' })
      expect(followed, to).toBe(false)
      nock.cleanAll()
    }
  })

  it('takes a refused or broken line for passing trouble, and says nothing secret about it', async () => {
    nock(API).get('/rows?key=hidden').replyWithError('connect ECONNREFUSED 10.0.0.1')
    const error: unknown = await call({ query: { key: 'hidden' } }).catch((failed: unknown) => failed)
    expect(error).toMatchObject({ kind: 'transient', message: 'Example Ads could not be reached' })
  })

  it('finds the failure in an answer with status 200', async () => {
    nock(API).get('/rows').reply(200, { code: 40105, message: 'token has been revoked' })
    await expect(call()).rejects.toMatchObject({ kind: 'account_lost' })
    nock(API).get('/rows').reply(200, { code: 0 })
    await expect(call()).resolves.toMatchObject({ status: 200 })
  })

  it('keeps every digit of a long id, and takes a page with status 200 for passing trouble', async () => {
    nock(API).get('/rows').reply(200, '{"id": 7001035076276387841, "cost": 0.00000001}')
    const { body } = await call()
    expect(textAt(body, 'id')).toBe('7001035076276387841')
    expect(decimalAt(body, 'cost')).toBe('0.00000001')
    nock(API).get('/rows').reply(200, '<html>Sign in</html>')
    await expect(call()).rejects.toMatchObject({ kind: 'transient' })
  })

  it('stops reading at 20 MB', async () => {
    nock(API)
      .get('/rows')
      .reply(200, `"${'x'.repeat(20 * 1024 * 1024)}"`)
    await expect(call()).rejects.toMatchObject({ kind: 'unknown', message: expect.stringContaining('20 MB') })
  })

  it.each([
    ['seconds', '120', 120],
    ['a date long gone', 'Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['something else', 'soon', null],
  ])('understands Retry-After as %s', async (_, value, seconds) => {
    nock(API).get('/rows').reply(503, {}, { 'retry-after': value })
    await expect(call()).rejects.toMatchObject({ kind: 'transient', retryAfterSeconds: seconds })
  })

  it('keeps free text and tokens of an error out of the message', async () => {
    const error = { code: 400, status: 'Bearer secret-token was bad', message: 'secret-token' }
    nock(API).get('/rows').reply(400, { error })
    await expect(call()).rejects.toMatchObject({
      kind: 'unknown',
      message: 'Example Ads answered 400',
      reason: null,
    })
  })

  it('goes nowhere once it is cancelled', async () => {
    await expect(call({}, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
  })
})

describe('routing', () => {
  it('sends an origin elsewhere and keeps path and query, for calls and for redirects', async () => {
    routeOrigins({ [API]: 'http://127.0.0.1:9001', 'https://accounts.google.com': 'http://127.0.0.1:9002' })
    expect(routed(`${google.authorizeUrl}?a=1`)).toBe('http://127.0.0.1:9002/o/oauth2/v2/auth?a=1')
    expect(routed('https://other.example/x')).toBe('https://other.example/x')
    nock('http://127.0.0.1:9001').get('/rows').reply(200, {})
    await call()
  })

  it('declares by the real origin, not by where it is routed', async () => {
    routeOrigins({ 'https://evil.example': API })
    await expect(call({ url: 'https://evil.example/rows' })).rejects.toThrow(
      'example may not call https://evil.example',
    )
  })
})

describe('pace', () => {
  it('lets one account wait without holding up another', async () => {
    const slow = defineConnector({ ...connector, id: 'slow', limit: { concurrency: 1, minTimeMs: 60_000 } })
    const open = (account: string, signal: AbortSignal) =>
      openContext({ provider, connector: slow, accessToken: 't', app, accountKey: account, signal })
    nock(API).get('/rows').times(2).reply(200, {})
    const stop = new AbortController()
    await open('one', stop.signal).call({ url: `${API}/rows` })
    const waiting = open('one', stop.signal).call({ url: `${API}/rows` })
    await open('two', stop.signal).call({ url: `${API}/rows` })
    stop.abort(new Error('shutting down'))
    await expect(waiting).rejects.toThrow('shutting down')
  })

  it('hands a used-up minute and a long rest back to the queue, for that account alone', async () => {
    const resting: Provider = {
      ...provider,
      id: 'resting',
      restSeconds: ({ headers }) => Number(headers['x-rest'] ?? 0),
    }
    const strict = defineConnector({
      ...{ ...connector, id: 'strict', provider: resting },
      limit: { concurrency: 1, minTimeMs: 0, perMinute: 2 },
    })
    const { signal } = new AbortController()
    const ask = (account: string) =>
      openContext({
        ...{ provider: resting, connector: strict, accessToken: 't', app, accountKey: account, signal },
      }).call({ url: `${API}/rows` })
    nock(API).get('/rows').times(3).reply(200, {})
    await ask('one')
    await ask('one')
    await expect(ask('one')).rejects.toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 30 })
    await ask('two')
    nock(API).get('/rows').reply(200, {}, { 'x-rest': '40' })
    await ask('three')
    await expect(ask('three')).rejects.toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 40 })
  })

  it('lets a shop that does not answer hold up nobody who has a server of their own', async () => {
    const hosts: Provider = { ...provider, id: 'hosts', limit: { concurrency: 1, minTimeMs: 0 } }
    const open = (site: string, accountKey: string | null, signal: AbortSignal) =>
      openContext({
        ...{ provider: hosts, connector: { ...connector, provider: hosts }, accessToken: 't', app },
        ...{ site, accountKey, signal },
      })
    const stop = new AbortController()
    const asked = Promise.withResolvers<void>()
    nock(API)
      .get('/slow')
      .reply(() => {
        asked.resolve()
        return new Promise<nock.ReplyFnResult>(() => {})
      })
    nock(API).get('/rows').times(2).reply(200, {})
    const stuck = open('https://one.example', 'a', stop.signal).call({ url: `${API}/slow` })
    await asked.promise
    const behind = open('https://one.example', 'b', stop.signal).call({ url: `${API}/rows` })
    for (const account of ['a', null])
      await open('https://two.example', account, stop.signal).call({ url: `${API}/rows` })
    stop.abort(new Error('shutting down'))
    for (const each of [stuck, behind]) await expect(each).rejects.toThrow('shutting down')
  })

  it('is one for all accounts of a provider, also after a silence in which some paces were let go of', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const single: Provider = { ...provider, id: 'single', limit: { concurrency: 1, minTimeMs: 0 } }
    const { signal } = new AbortController()
    const turn = (accountKey: string | null, work: () => Promise<void>) => {
      const done = paced({ provider: single, connector: null, site: '', accountKey }, signal, work)
      return vi.advanceTimersByTimeAsync(1_000).then(() => done)
    }
    await turn(null, async () => {})
    await vi.advanceTimersByTimeAsync(100_000)
    await turn('a', async () => {})
    await vi.advanceTimersByTimeAsync(400_000)
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    const slow = turn('a', () => answered)
    let isNext = false
    const next = turn('b', async () => {
      isNext = true
    })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(isNext).toBe(false)
    answer()
    await Promise.all([slow, next, vi.advanceTimersByTimeAsync(5_000)])
    expect(isNext).toBe(true)
  })

  it('hands a minute back that all accounts used up together, and keeps no owner who signs in from being answered', async () => {
    const busy: Provider = {
      ...{ ...provider, id: 'busy', limit: { concurrency: 2, minTimeMs: 0, perMinute: 2 } },
    }
    const { signal } = new AbortController()
    const ask = (accountKey: string | null) =>
      openContext({
        ...{
          provider: busy,
          connector: { ...connector, provider: busy },
          accessToken: 't',
          app,
          accountKey,
          signal,
        },
      }).call({ url: `${API}/rows` })
    nock(API).get('/rows').times(4).reply(200, {})
    await ask('one')
    await ask('two')
    await expect(ask('three')).rejects.toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 30 })
    await Promise.all([ask(null), ask(null)])
  }, 2_000)
})

it('ends a listing that leads back to a page it gave before', async () => {
  nock(API).get('/rows').reply(200, { next: 'a' })
  nock(API).get('/rows?page=a').reply(200, { next: 'b' })
  nock(API).get('/rows?page=b').reply(200, { next: 'a' })
  const account = { provider, connector, accessToken: 't', app, signal: new AbortController().signal }
  const all = listing(openContext(account), { url: `${API}/rows` }, ({ body }) => ({
    ...{ url: `${API}/rows`, query: { page: String((body as { next: string }).next) } },
  }))
  await expect(Array.fromAsync(all)).rejects.toMatchObject({ kind: 'unknown' })
})

describe('the token endpoint', () => {
  const token = { signal: new AbortController().signal, app }

  it('gets the OAuth app in the form or as Basic, encoded', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'r' }
    nock('https://auth.example')
      .post('/token', { ...form, client_id: app.id, client_secret: app.secret })
      .reply(200, { access_token: 'a', expires_in: '3600', scope: 'one two,three' })
    expect(await postToken(provider, form, token)).toMatchObject({
      ...{ accessToken: 'a', refreshToken: null, expiresInSeconds: 3600 },
      scopes: ['one', 'two', 'three'],
    })
    nock('https://auth.example', { reqheaders: { authorization: `Basic ${btoa('id%3A1:s%26cret')}` } })
      .post('/token', form)
      .reply(200, { access_token: 'a' })
    expect(await postToken({ ...provider, tokenAuth: 'basic' }, form, token)).toMatchObject({
      ...{ accessToken: 'a', refreshToken: null, expiresInSeconds: null, scopes: null },
    })
  })

  it.each([0, -1, 253_402_300_799, '1e30', 'never'])(
    'takes an end after %s seconds for none',
    async (expires_in) => {
      const answer = { access_token: 'a', expires_in, refresh_expires_in: expires_in }
      nock('https://auth.example').post('/token').reply(200, answer)
      const ends = { expiresInSeconds: null, grantExpiresInSeconds: null }
      expect(await postToken(provider, {}, token)).toMatchObject(ends)
    },
  )

  it.each([
    [{ scope: 'a b,c' }, ['a', 'b', 'c']],
    [{ scope: null, scopes: ['a', 'b'] }, ['a', 'b']],
    [{ scope: '' }, null],
    [{ scopes: [] }, null],
  ])('reads the scopes of %j', async (said, scopes) => {
    nock('https://auth.example')
      .post('/token')
      .reply(200, { access_token: 'a', ...said })
    expect(await postToken(provider, {}, token)).toMatchObject({ scopes })
  })

  it('does not take an answer without a token for a renewal', async () => {
    nock('https://auth.example').post('/token').reply(200, { error: 'nope' })
    await expect(postToken(provider, {}, token)).rejects.toMatchObject({ kind: 'transient' })
  })
})

describe('revoking', () => {
  const { signal } = new AbortController()
  const endpoint = () => nock('https://oauth2.googleapis.com').post('/revoke', { token: 'r' })

  it('counts a token the provider no longer knows as revoked', async () => {
    endpoint().reply(200, {})
    expect(await revokeToken(google, 'r', { app, signal })).toBe('revoked')
    endpoint().reply(400, { error: 'invalid_token' })
    expect(await revokeToken(google, 'r', { app, signal })).toBe('revoked')
  })

  it('throws when the provider fails, and says so when there is no such call', async () => {
    endpoint().reply(503, '')
    await expect(revokeToken(google, 'r', { app, signal })).rejects.toMatchObject({ kind: 'transient' })
    const { revoke: _, ...without } = google
    expect(await revokeToken(without, 'r', { app, signal })).toBe('unsupported')
  })
})

describe('who signed in at Google', () => {
  const { signal } = new AbortController()
  const context = openContext({ provider: google, connector: null, accessToken: 'a', app, signal })
  const claims = { sub: '1089', email: 'dana@northwind.example' }
  const jwt = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`

  it.each([
    ['the claims', claims],
    ['the JWT', jwt],
    ['what grant makes of it', { header: {}, payload: claims, signature: 'y' }],
  ])('is read from %s', async (_, idToken) => {
    const identity = await google.identity(context, { idToken, raw: null })
    expect(identity).toEqual({ id: '1089', label: 'dana@northwind.example' })
  })

  it('is asked where the id token does not say', async () => {
    nock('https://openidconnect.googleapis.com').get('/v1/userinfo').times(2).reply(200, claims)
    expect(await google.identity(context, { idToken: 'garbage', raw: null })).toMatchObject({ id: '1089' })
    expect(await google.identity(context, { idToken: null, raw: null })).toMatchObject({ id: '1089' })
    nock('https://openidconnect.googleapis.com').get('/v1/userinfo').reply(200, { email: claims.email })
    await expect(google.identity(context, { idToken: null, raw: null })).rejects.toMatchObject({
      kind: 'unknown',
    })
  })

  it('is known by the number of the login where nobody gives an address, or another one’s', async () => {
    const nameless = { id: '1089', label: 'Google account …1089' }
    const userInfo = nock('https://openidconnect.googleapis.com')
    userInfo.get('/v1/userinfo').reply(404, {})
    expect(await google.identity(context, { idToken: { sub: '1089' }, raw: null })).toEqual(nameless)
    userInfo.get('/v1/userinfo').reply(200, { sub: '2', email: 'eve@northwind.example' })
    expect(await google.identity(context, { idToken: { sub: '1089' }, raw: null })).toEqual(nameless)
    userInfo.get('/v1/userinfo').reply(200, { sub: '1089' })
    expect(await google.identity(context, { idToken: null, raw: null })).toEqual(nameless)
    expect(google.loginHint?.(nameless.label)).toEqual({})
  })
})
