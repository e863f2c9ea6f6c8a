/** The sandbox's Google, asked by the real connectors over real HTTP. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Account, Connector, Page } from '../../connectors/connector.ts'
import { openContext, revokeToken, routeOrigins } from '../../connectors/http.ts'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import { google } from '../../connectors/providers/google.ts'
import { type SignedIn, signIn } from '../../sandbox/google/sign-in.ts'
import { type SandboxGoogle, startGoogle } from '../../sandbox/google/start.ts'

const DANA = 'dana@northwind.example'
const SAM = 'sam@contoso.example'
const app = { id: 'latchkey', secret: 'shh' }
const redirectUri = 'http://localhost:3000/connect/google/callback'
const connectors = allConnectors.filter(({ provider }) => provider.id === 'google')
const scopes = connectors.flatMap((connector) => connector.scopes)
/** The sandbox opens any sheet. */
const answers = { spreadsheet: '1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789' }
const { signal } = new AbortController()

let now = new Date('2026-11-20T12:00:00Z')
let sandbox: SandboxGoogle
beforeAll(async () => {
  sandbox = await startGoogle({
    now: () => now,
    app: { ...app, redirectUris: [redirectUri] },
    pageRows: 50,
    slowMs: 10_000,
  })
  routeOrigins(sandbox.origins)
})
afterAll(() => sandbox.stop())
beforeEach(() => {
  now = new Date('2026-11-20T12:00:00Z')
  sandbox.setMode('ok')
  sandbox.resetCalls()
})

const enter = (email: string, refuse: string[] = []) =>
  signIn(sandbox.url, email, scopes, { app: { ...app, redirectUri }, refuse })

function contextOf(connector: Connector, { accessToken }: SignedIn, account: Account | null = null) {
  return openContext({ provider: google, connector, accessToken, app, account, answers, signal })
}

async function read(
  id: string,
  login: SignedIn,
  account: Account,
  from: string,
  to: string,
): Promise<Page[]> {
  const connector = catalogue(allConnectors).require(id)
  const context = contextOf(connector, login, account)
  return Array.fromAsync(connector.report.pages(context, account, { from, to }, null))
}

function list(id: string, login: SignedIn): Promise<Account[]> {
  const connector = catalogue(allConnectors).require(id)
  return Array.fromAsync(connector.accounts(contextOf(connector, login)))
}

describe('signing in', () => {
  it('offers every login, then one box per permission, ticked unless told otherwise', async () => {
    const asked = new URLSearchParams({
      client_id: app.id,
      redirect_uri: redirectUri,
      scope: ['openid', 'email', ...scopes].join(' '),
      login_hint: DANA,
    })
    const show = async (more = '') => (await fetch(`${sandbox.url}/o/oauth2/v2/auth?${asked}${more}`)).text()
    const chooser = await show()
    expect(chooser.match(/data-email="[^"]+"/g)).toHaveLength(3)
    expect(chooser).toContain('expected')

    sandbox.tickScope(scopes[1] ?? '', false)
    const page = await show(`&authuser=${DANA}`)
    expect(page.match(/type="checkbox"/g)).toHaveLength(7)
    expect(page.match(/ checked>/g)).toHaveLength(6)
    expect(page).toMatch(/Continue<\/button>/)
    expect(page).toMatch(/Cancel<\/button>/)
    sandbox.tickScope(scopes[1] ?? '', true)
  })

  it('goes back with access_denied on Cancel, and refuses an address it does not know', async () => {
    const query = new URLSearchParams({
      client_id: app.id,
      redirect_uri: redirectUri,
      state: 'x',
      scope: 'openid',
    })
    const body = new URLSearchParams({ email: DANA, answer: 'cancel' })
    const cancelled = await fetch(`${sandbox.url}/o/oauth2/v2/consent?${query}`, {
      method: 'POST',
      body,
      redirect: 'manual',
    })
    expect(cancelled.headers.get('location')).toBe(`${redirectUri}?error=access_denied&state=x`)
    query.set('redirect_uri', 'https://evil.example/')
    expect((await fetch(`${sandbox.url}/o/oauth2/v2/auth?${query}`)).status).toBe(400)
  })

  it('says who signed in, in the id token and when asked, under the same id', async () => {
    const login = await enter(DANA)
    const context = openContext({
      provider: google,
      connector: null,
      accessToken: login.accessToken,
      app,
      signal,
    })
    const told = await google.identity(context, { idToken: login.idToken, raw: null })
    const asked = await google.identity(context, { idToken: null, raw: null })
    expect(told).toEqual(asked)
    expect(told.label).toBe(DANA)
    expect(told.id).toMatch(/.+/)
  })
})

describe('listing', () => {
  it('shows every account a login reaches, each once, without managers and unverified sites', async () => {
    const dana = await enter(DANA)
    const ads = await list('google-ads', dana)
    expect(ads.map(({ id, parent }) => [id, parent])).toEqual([
      ['2345678901', undefined],
      ['3456789012', '8765432109'],
      ['4567890123', '8765432109'],
    ])
    expect((await list('ga4', dana)).map(({ id, group }) => [id, group])).toEqual([
      ['330011', 'Northwind'],
      ['330012', 'Northwind'],
      ['330022', 'Contoso Bikes'],
    ])
    expect(await list('search-console', dana)).toHaveLength(3)
    expect(await list('youtube-analytics', dana)).toHaveLength(2)
    expect(await list('google-business-profile', dana)).toHaveLength(3)
    expect((await list('google-sheets', dana)).map(({ name }) => name)).toEqual([
      'Müller Möbel – offline – Ausgaben',
      "Müller Möbel – offline – Leads '26",
    ])
  })

  it('shows nothing to a login without accounts, and says why for Google Ads', async () => {
    const nobody = await enter('someone@nobody.example')
    expect(await list('ga4', nobody)).toEqual([])
    expect(await list('search-console', nobody)).toEqual([])
    expect(await list('youtube-analytics', nobody)).toEqual([])
    expect(await list('google-business-profile', nobody)).toEqual([])
    await expect(list('google-sheets', nobody)).rejects.toMatchObject({ kind: 'account_lost' })
    await expect(list('google-ads', nobody)).rejects.toMatchObject({
      kind: 'account_lost',
      reason: 'NOT_ADS_USER',
      ownerAction: expect.stringContaining('no Google Ads account'),
    })
  })

  it('names the missing permission when a box was not ticked', async () => {
    const [ads = ''] = scopes
    const login = await enter(SAM, [ads])
    expect(login.scopes).not.toContain(ads)
    expect(login.scopes).toContain('https://www.googleapis.com/auth/userinfo.email')
    await expect(list('google-ads', login)).rejects.toMatchObject({ kind: 'scope_missing' })
    expect(await list('ga4', login)).toHaveLength(2)
  })
})

describe('reading', () => {
  it.each(connectors.map(({ id }) => id))('%s: 13 months, the same every time, in pages', async (id) => {
    const login = await enter(DANA)
    const [account] = await list(id, login)
    if (!account) throw new Error('no account')
    const [first, second] = [
      await read(id, login, account, '2025-10-20', '2026-11-19'),
      await read(id, login, account, '2025-10-20', '2026-11-19'),
    ]
    expect(second).toEqual(first)
    const dates = new Set(first.flatMap(({ rows }) => rows.map(({ date }) => date)))
    expect(dates.size).toBe(id === 'search-console' ? 395 : 396)
    if (id === 'google-ads' || id === 'ga4') expect(first.length).toBeGreaterThan(10)
    expect(first.at(-1)?.next).toBeNull()
  })

  it('has weekdays and growth in it, and lets the last three days settle', async () => {
    const account = { id: '330022', name: 'contoso.example' }
    const sum = async (day: string) => {
      const pages = await read('ga4', await enter(SAM), account, day, day)
      return pages
        .flatMap(({ rows }) => rows)
        .reduce((all, { metrics }) => all + Number(metrics.key_events), 0)
    }
    const early = await sum('2026-11-19')
    now = new Date('2026-11-24T12:00:00Z')
    const late = await sum('2026-11-19')
    expect(late).toBeGreaterThan(early)
    now = new Date('2027-01-24T12:00:00Z')
    expect(await sum('2026-11-19')).toBe(late)
  })

  it('reaches an account below a manager only through it', async () => {
    const login = await enter(DANA)
    const account = { id: '3456789012', name: 'UK', parent: '8765432109' }
    const [page] = await read('google-ads', login, account, '2026-11-01', '2026-11-02')
    expect(page).toMatchObject({ currency: 'GBP', rows: { length: 4 } })
    const { parent: _, ...alone } = account
    await expect(read('google-ads', login, alone, '2026-11-01', '2026-11-02')).rejects.toMatchObject({
      kind: 'account_lost',
    })
  })
})

describe('trouble', () => {
  it('renews, and ends every token of the person when one is revoked', async () => {
    const [first, second, other] = [await enter(DANA), await enter(DANA), await enter(SAM)]
    const renew = (login: SignedIn) =>
      google.renew?.(
        openContext({ provider: google, connector: null, accessToken: null, app, signal }),
        app,
        login.refreshToken,
      )
    const renewed = await renew(first)
    expect(renewed).toMatchObject({ refreshToken: first.refreshToken, expiresInSeconds: 3600 })
    expect(await list('ga4', { ...first, accessToken: renewed?.accessToken ?? '' })).toHaveLength(3)

    expect(await revokeToken(google, first.refreshToken, { app, signal })).toBe('revoked')
    expect(await revokeToken(google, first.refreshToken, { app, signal })).toBe('revoked')
    await expect(renew(second)).rejects.toMatchObject({ kind: 'revoked', unauthorized: false })
    await expect(list('ga4', second)).rejects.toMatchObject({ kind: 'revoked', unauthorized: true })
    await expect(renew(other)).resolves.toMatchObject({ expiresInSeconds: 3600 })
  })

  it('lets access tokens expire on its own clock', async () => {
    const login = await enter(SAM)
    now = new Date(now.getTime() + 3_601_000)
    await expect(list('search-console', login)).rejects.toMatchObject({ kind: 'revoked', unauthorized: true })
  })

  it('can be revoked by the person, lose accounts, be limited and be down', async () => {
    const login = await enter(DANA)
    const account = { id: '330011', name: 'northwind.example' }
    const fails = (id: string, one: Account) =>
      expect(read(id, login, one, '2026-11-01', '2026-11-02')).rejects
    sandbox.removeAccount('330011')
    await fails('ga4', account).toMatchObject({ kind: 'account_lost' })
    expect(await list('ga4', login)).toHaveLength(2)
    sandbox.restoreAccount('330011')

    sandbox.setMode('rate-limited')
    await fails('ga4', account).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 30 })
    await fails('google-ads', { id: '2345678901', name: '' }).toMatchObject({
      kind: 'rate_limited',
      retryAfterSeconds: 30,
    })
    await fails('search-console', { id: 'sc-domain:northwind.example', name: '' }).toMatchObject({
      kind: 'rate_limited',
    })
    sandbox.setMode('down')
    await fails('ga4', account).toMatchObject({ kind: 'transient' })
    sandbox.setMode('ok')
    expect(sandbox.calls('ga4.report')).toBe(3)

    await sandbox.revoke(DANA)
    await fails('ga4', account).toMatchObject({ kind: 'revoked', unauthorized: true })
  })

  it('stops waiting for a slow answer as soon as it is cancelled', async () => {
    const login = await enter(SAM)
    sandbox.setMode('slow')
    const stop = new AbortController()
    const connector = catalogue(allConnectors).require('ga4')
    const context = openContext({
      provider: google,
      connector,
      accessToken: login.accessToken,
      app,
      signal: stop.signal,
    })
    const listing = Array.fromAsync(connector.accounts(context))
    const late = delay(1_000, 'too late', { ref: false })
    stop.abort(new Error('shutting down'))
    await expect(Promise.race([listing, late])).rejects.toThrow('shutting down')
  })

  it('obeys over HTTP too', async () => {
    const order = async (path: string, body: object) => {
      const answer = await fetch(`${sandbox.url}/_control/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      return answer.json()
    }
    expect(await order('mode', { mode: 'down' })).toMatchObject({ mode: 'down' })
    expect(await (await fetch(`${sandbox.url}/_control`)).json()).toMatchObject({ mode: 'down', calls: {} })
    expect(await order('nonsense', {})).toHaveProperty('error')
  })
})
