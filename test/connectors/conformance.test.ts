/** What every connector must do, over every connector. A new one needs its fixture here: fixtures/<id>.ts. */
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connector, ConnectorError, type OAuthProvider, type Page } from '../../connectors/connector.ts'
import { openContext, postToken } from '../../connectors/http.ts'
import { allConnectors } from '../../connectors/index.ts'
import {
  app,
  type ErrorCase,
  type Exchange,
  expectCalls,
  type Fixture,
  interceptor,
  shownBy,
} from './fixture.ts'
import { fixtures } from './fixtures/index.ts'
import { standIn } from './stand-in.ts'

const SECRETS = ['ya29.fixture', 'refresh-fixture', 'shh-fixture', 'dev-fixture']
/** Accounts that were told to wait keep waiting, so every reading has a pace of its own. */
let readings = 0

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())

describe.for(allConnectors.map((connector) => [connector.id, connector] as const))(
  '%s',
  ([id, connector]) => {
    const fixture = fixtures[id]
    if (!fixture) throw new Error(`${id} has no fixture: add test/connectors/fixtures/${id}.ts`)
    const { report, account, range } = fixture
    const { provider } = connector
    const shown = shownBy(fixture)

    const open = (signal = new AbortController().signal) =>
      openContext({
        ...{ provider, connector, accessToken: shown.accessToken, app: provider.auth === 'key' ? null : app },
        ...{ account, accountKey: `${id}:${account.id}:${readings++}`, signal, ...fixture.opening },
      })
    const read = (cursor: string | null = null, signal?: AbortSignal): Promise<Page[]> =>
      Array.fromAsync(connector.report.pages(open(signal), account, range, cursor))
    const list = () =>
      Array.fromAsync(
        connector.accounts(
          openContext({
            ...{
              provider,
              connector,
              accessToken: shown.accessToken,
              app: provider.auth === 'key' ? null : app,
            },
            ...{ signal: new AbortController().signal, ...fixture.opening },
          }),
        ),
      )

    it('says in words what it asks for and gives', () => complete(connector))

    it('knows who signed in', async () => {
      const { idToken = null, raw = null, exchanges, expected } = fixture.identity
      expectCalls(exchanges, shown)
      const context = openContext({
        ...{
          provider,
          connector: null,
          accessToken: shown.accessToken,
          signal: new AbortController().signal,
        },
        ...{ app: provider.auth === 'key' ? null : app, ...fixture.opening },
      })
      expect(await provider.identity(context, { idToken, raw })).toEqual(expected)
    })

    it('lists the accounts of every page, and none where there are none', async () => {
      expectCalls(fixture.accounts.exchanges, shown)
      expect(await list()).toEqual(fixture.accounts.expected)
      expectCalls(fixture.noAccounts, shown)
      expect(await list()).toEqual([])
    })

    it('reads every page, money and dates exact, nothing said is null', async () => {
      expectCalls(report.pages, shown)
      const pages = await read()
      expect(pages.flatMap(({ rows }) => rows)).toEqual(report.expected)
      expect(pages.map(({ next }) => next === null)).toEqual(pages.map((_, at) => at === pages.length - 1))
      expect(pages.find(({ rows }) => rows.length > 0)?.currency).toBe(report.currency)
      expect(pages.find(({ rows }) => rows.length > 0)?.timeZone).toBe(report.timeZone)
      expect(report.pages.length).toBeGreaterThan(1)
      for (const { date, dimensions, metrics } of report.expected) {
        expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
        expect(Object.keys(dimensions)).toEqual(connector.report.dimensions)
        expect(Object.keys(metrics)).toEqual(Object.keys(connector.report.metrics))
      }
    })

    it('gives an empty page, not zeros, for an empty report', async () => {
      expectCalls([fixture.emptyReport], shown)
      const pages = await read()
      expect(pages.flatMap(({ rows }) => rows)).toEqual([])
      expect(pages.at(-1)?.next).toBeNull()
    })

    it('resumes from every cursor with the rows that were left', async () => {
      expectCalls(report.pages, shown)
      const whole = await read()
      expect(whole.length).toBe(report.pages.length)
      for (const [at, { next }] of whole.entries()) {
        if (next === null) continue
        expectCalls(report.pages.slice(at + 1), shown)
        expect(await read(next)).toEqual(whole.slice(at + 1))
      }
    })

    const [first] = report.pages.flat()
    if (!first) throw new Error(`The fixture of ${id} has no report`)

    it.for(fixture.errors.map((one) => [one.says, one] as const))('classes: %s', async ([, error]) => {
      const failed = await (error.at === 'token'
        ? atTokenEndpoint(fixture, connector, error)
        : refusing(fixture, first, error, read))
      expect(failed).toBeInstanceOf(ConnectorError)
      expect(failed).toMatchObject({
        kind: error.kind,
        provider: provider.id,
        retryAfterSeconds: error.retryAfterSeconds ?? null,
        ownerAction: error.ownerAction ? expect.stringContaining(error.ownerAction) : null,
        ...(error.reason ? { reason: error.reason } : {}),
        unauthorized: error.at === 'api' && error.status === 401 && error.kind === 'revoked',
      })
      for (const secret of SECRETS) expect(String((failed as Error).message)).not.toContain(secret)
    })

    it('has an example of every class it has rules for', () => {
      const ruled = [...connector.errors, ...provider.errors].map(({ kind }) => kind)
      const examples = fixture.errors.map(({ kind }) => kind)
      const refused = fixture.exchange?.refused.kind
      expect([...new Set(ruled)].filter((kind) => !examples.includes(kind) && kind !== refused)).toEqual([])
      if (ruled.includes('rate_limited')) expect(examples).toContain('rate_limited')
    })

    it.runIf(fixture.renewal)(
      'renews, keeps or replaces the refresh token, and hears a refusal',
      async () => {
        if (!fixture.renewal || provider.auth !== 'oauth' || !provider.renew)
          throw new Error('nothing to renew')
        tokenEndpoint(fixture, provider).reply(200, fixture.renewal.good as nock.Body)
        const renewed = await provider.renew(open(), app, 'refresh-fixture')
        expect(renewed.accessToken).not.toBe(shown.accessToken)
        expect(renewed.refreshToken).toBeTruthy()
        expect(renewed.expiresInSeconds === null || renewed.expiresInSeconds > 0).toBe(true)
        const { status, body, headers } = fixture.renewal.revoked
        tokenEndpoint(fixture, provider).reply(status, body as nock.Body, headers)
        const refused = await provider.renew(open(), app, 'refresh-fixture').catch((error: unknown) => error)
        expect(refused).toMatchObject({ kind: 'revoked' })
      },
    )

    it.runIf(provider.auth === 'oauth' && provider.exchange)(
      'finishes a sign-in of its own kind',
      async () => {
        if (!fixture.exchange || provider.auth !== 'oauth') throw new Error(`${id} needs fixture.exchange`)
        const { back, exchanges, expected, refused } = fixture.exchange
        const redirectUri = `https://access.example/connect/${provider.id}/callback`
        const whole = { query: {}, redirectUri, verifier: 'verifier-fixture', kept: '', ...back }
        const context = () =>
          openContext({
            ...{ provider, connector: null, accessToken: null, app, signal: new AbortController().signal },
            ...fixture.opening,
            ...{ accessToken: null },
          })
        expectCalls(exchanges, shown)
        expect(await provider.exchange?.(context(), app, whole)).toMatchObject(expected)
        const [asked] = exchanges
        if (!asked) throw new Error('an exchange asks something')
        interceptor(asked, shown).reply(refused.status, refused.body as nock.Body, refused.headers)
        const failed = await provider.exchange?.(context(), app, whole).catch((error: unknown) => error)
        expect(failed).toMatchObject({ kind: refused.kind })
      },
    )

    it('reads what owners type, and refuses what cannot be meant', () => {
      const asked = [...(provider.ask ?? []), ...(connector.ask ?? [])]
      expect(Object.keys(fixture.fields ?? {}).sort()).toEqual(asked.map(({ name }) => name).sort())
      for (const field of asked) {
        for (const [typed, meant] of fixture.fields?.[field.name]?.good ?? [])
          expect(field.read(typed)).toBe(meant)
        for (const typed of ['', '   ', ...(fixture.fields?.[field.name]?.bad ?? [])])
          expect([typed, field.read(typed)]).toEqual([typed, null])
      }
    })

    it('stops within a second when cancelled, and what it throws is the reason', async () => {
      const asked = Promise.withResolvers<void>()
      await using _server = await standIn(fixture, connector, () => {
        asked.resolve()
        return 'never'
      })
      const stop = new AbortController()
      const reading = read(null, stop.signal)
      await asked.promise
      const started = performance.now()
      stop.abort(new Error('shutting down'))
      await expect(reading).rejects.toThrow('shutting down')
      expect(performance.now() - started).toBeLessThan(1_000)
    })

    it('calls nothing but its declared origins', async () => {
      await expect(open().call({ url: 'https://elsewhere.example/' })).rejects.toThrow('may not call')
      await expect(open().download('https://elsewhere.example/')).rejects.toMatchObject({ kind: 'unknown' })
      const elsewhere = nock('https://elsewhere.example').get('/').reply(200, {})
      interceptor(first, shown).reply(307, undefined, { location: 'https://elsewhere.example/' })
      await expect(read()).rejects.toMatchObject({ kind: 'unknown' })
      expect(elsewhere.isDone()).toBe(false)
      nock.cleanAll()
    })
  },
)

function complete(connector: Connector): void {
  const { scopes, optionalScopes = [], scopeWords, help, report, provider, version } = connector
  for (const scope of [...scopes, ...optionalScopes]) expect(Object.keys(scopeWords)).toContain(scope)
  expect(Object.keys(scopeWords).length).toBeGreaterThan(0)
  for (const words of [...Object.values(scopeWords), help.signInWith, help.role, connector.accountWord])
    expect(words).toMatch(/^[^!]{3,}$/)
  for (const { says } of Object.values(report.metrics)) expect(says).toMatch(/^[A-Z][^!]+[^.!]$/)
  const shared = Object.values(report.metrics).flatMap(({ common }) => common ?? [])
  expect(new Set(shared).size).toBe(shared.length)
  expect(report.restateDays.deep).toBeGreaterThanOrEqual(report.restateDays.nightly)
  expect(report.lagDays).toBeGreaterThan(0)
  if (report.reachDays !== undefined || report.reachWithout) expect(report.backfillNote).toBeTruthy()
  expect(version.pinned).toBeTruthy()
  for (const origin of [...connector.origins, ...provider.origins, ...(connector.downloads ?? [])])
    if (origin !== 'site') expect(new URL(origin).origin).toBe(origin)
  for (const { label, hint, problem } of [...(provider.ask ?? []), ...(connector.ask ?? [])])
    for (const words of [label, hint, problem]) expect(words).toMatch(/^[A-Z][^!]+$/)
  expect(provider.permissionsUrl).toMatch(/^https:/)
  if (provider.auth === 'key') return
  for (const url of [provider.authorizeUrl, provider.tokenUrl]) expect(url).toMatch(/^https:/)
}

function tokenEndpoint({ opening }: Fixture, provider: OAuthProvider): nock.Interceptor {
  const { origin, pathname } = new URL(
    provider.endpoints?.(opening?.site ?? '').tokenUrl ?? provider.tokenUrl,
  )
  const ofPath = (uri: string) => uri.split('?')[0] === pathname
  return nock(origin).post(ofPath)
}

/** A refusal of the token endpoint, whichever way this provider calls it. */
async function atTokenEndpoint(
  fixture: Fixture,
  { provider }: Connector,
  { status, body, headers }: ErrorCase,
): Promise<unknown> {
  if (provider.auth !== 'oauth') throw new Error('keys have no token endpoint')
  tokenEndpoint(fixture, provider).reply(status, body as nock.Body, headers)
  const { signal } = new AbortController()
  const site = fixture.opening?.site ?? ''
  const form = { grant_type: 'refresh_token', refresh_token: 'refresh-fixture' }
  return postToken(provider, form, { app, signal, site }).catch((error: unknown) => error)
}

async function refusing(
  fixture: Fixture,
  first: Exchange,
  error: ErrorCase,
  read: () => Promise<Page[]>,
): Promise<unknown> {
  interceptor(first, shownBy(fixture)).reply(error.status, error.body as nock.Body, error.headers)
  return read().catch((failed: unknown) => failed)
}
