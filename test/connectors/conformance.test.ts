/** What every connector must do, over every connector. A new one needs its fixture and its fake: docs/connectors.md. */
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import nock from 'nock'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type Connector,
  ConnectorError,
  type OAuthProvider,
  type Page,
  type Row,
} from '../../connectors/connector.ts'
import { openContext, postToken } from '../../connectors/http.ts'
import { allConnectors } from '../../connectors/index.ts'
import { fakes } from '../../sandbox/fakes/index.ts'
import {
  app,
  type ErrorCase,
  type Exchange,
  expectCalls,
  type Fixture,
  interceptor,
  shownBy,
  strayCalls,
} from './fixture.ts'
import { fixtures } from './fixtures/index.ts'
import { standIn } from './stand-in.ts'

const SECRETS = ['ya29.fixture', 'refresh-fixture', 'shh-fixture', 'dev-fixture']
/** Accounts that were told to wait keep waiting, so every reading has a pace of its own. */
let readings = 0

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())
/** A help where something failed: calls under way beside a refused one are nobody's mistake. */
afterEach(({ task }) => {
  const strays = strayCalls()
  if (task.result?.state === 'fail') expect(strays, 'calls the fixture has no answer for').toEqual([])
})

describe.for(allConnectors.map((connector) => [connector.id, connector] as const))(
  '%s',
  ([id, connector]) => {
    it('says in words what it asks for and gives', () => complete(connector))

    it('has its fixture and its fake', () =>
      expect(missing(connector), 'what is still to be done').toEqual([]))

    const fixture = fixtures[id]
    if (!fixture) return
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
      const filled = pages.find(({ rows }) => rows.length > 0)
      expect(filled?.currency, 'the currency of the pages is report.currency of the fixture').toBe(
        report.currency,
      )
      expect(filled?.timeZone, 'the zone of the pages is report.timeZone of the fixture').toBe(
        report.timeZone,
      )
      expect(report.pages.length, 'report.pages of the fixture are two at least').toBeGreaterThan(1)
      for (const row of report.expected) expectDeclared(row, connector)
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
      expect(whole.length, 'the connector gives one page for each of report.pages').toBe(report.pages.length)
      for (const [at, { next }] of whole.entries()) {
        if (next === null) continue
        expectCalls(report.pages.slice(at + 1), shown)
        expect(await read(next)).toEqual(whole.slice(at + 1))
      }
    })

    const [first] = report.pages.flat()
    if (!first) throw new Error(`report.pages in test/connectors/fixtures/${id}.ts is empty`)

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
      const without = [...new Set(ruled)].filter((kind) => !examples.includes(kind) && kind !== refused)
      expect(without, 'classes that have rules, and no example in errors of the fixture').toEqual([])
    })

    const renew = provider.auth === 'oauth' ? provider.renew : null
    if (renew && provider.auth === 'oauth')
      it('renews, keeps or replaces the refresh token, and hears a refusal', async () => {
        const { renewal } = fixture
        if (!renewal)
          throw new Error(`${provider.name} has renew, so the fixture needs renewal: {good, revoked}`)
        tokenEndpoint(fixture, provider).reply(200, renewal.good as nock.Body)
        const renewed = await renew(open(), app, 'refresh-fixture')
        expect(renewed.accessToken).not.toBe(shown.accessToken)
        expect(renewed.refreshToken).toBeTruthy()
        expect(renewed.expiresInSeconds === null || renewed.expiresInSeconds > 0).toBe(true)
        const { status, body, headers } = renewal.revoked
        tokenEndpoint(fixture, provider).reply(status, body as nock.Body, headers)
        const refused = await renew(open(), app, 'refresh-fixture').catch((error: unknown) => error)
        expect(refused).toMatchObject({ kind: 'revoked' })
      })

    if (provider.auth === 'oauth' && provider.exchange)
      it('finishes a sign-in of its own kind', async () => {
        if (!fixture.exchange)
          throw new Error(`${provider.name} has exchange, so the fixture needs exchange too`)
        const { back, exchanges, expected, refused } = fixture.exchange
        const redirectUri = `https://access.example/connect/${provider.id}/callback`
        const whole = {
          query: {},
          redirectUri,
          verifier: provider.pkce === false ? '' : 'verifier-fixture',
          kept: '',
          ...back,
        }
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
      })

    it('reads what owners type, and refuses what cannot be meant', () => {
      const asked = [...(provider.ask ?? []), ...(connector.ask ?? [])]
      const tried = Object.keys(fixture.fields ?? {}).sort()
      expect(tried, 'fields of the fixture are the names of what is asked').toEqual(
        asked.map(({ name }) => name).sort(),
      )
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
      const late = delay(1_000, 'too late', { ref: false })
      stop.abort(new Error('shutting down'))
      await expect(Promise.race([reading, late])).rejects.toThrow('shutting down')
    })

    it('calls nothing but its declared origins', async () => {
      await expect(open().call({ url: 'https://elsewhere.example/' })).rejects.toThrow('may not call')
      const anywhere = connector.downloads?.includes('https://*')
      const stray = anywhere ? 'https://10.0.0.1/' : 'https://elsewhere.example/'
      await expect(open().download(stray)).rejects.toMatchObject({ kind: 'unknown' })
      const elsewhere = nock('https://elsewhere.example').get('/').reply(200, {})
      interceptor(first, shown).reply(307, undefined, { location: 'https://elsewhere.example/' })
      await expect(read()).rejects.toMatchObject({ kind: 'unknown' })
      expect(elsewhere.isDone()).toBe(false)
      nock.cleanAll()
    })
  },
)

/** What a newcomer has yet to add, in the order to do it. */
function missing({ id, provider, ask = [] }: Connector): string[] {
  const fixtureFile = `test/connectors/fixtures/${id}.ts`
  const fakeFile = `sandbox/fakes/${id}.ts`
  const is = (file: string) => existsSync(new URL(`../../${file}`, import.meta.url))
  const [fixture, fake] = [fixtures[id], fakes[id]]
  const siblings = allConnectors.filter((one) => one.provider.id === provider.id).map((one) => fakes[one.id])
  const typed = Object.assign({}, ...siblings.map((one) => ({ ...one?.keys, ...one?.answers })))
  const asked = [...(provider.ask ?? []), ...ask].filter(({ choices }) => !choices)
  const unread = asked.filter(({ name, read }) => read(typed[name] ?? '') === null).map(({ name }) => name)
  const lacks: [boolean, string][] = [
    [!is(fakeFile), `${fakeFile}, exporting fake: Fake`],
    [!fake, `a line for '${id}' in sandbox/fakes/index.ts`],
    [!is(fixtureFile), `${fixtureFile}, exporting fixture: Fixture`],
    [!fixture, `a line for '${id}' in test/connectors/fixtures/index.ts`],
    [
      !!fake && provider.auth === 'oauth' && provider.id !== 'google' && !siblings.some((one) => one?.signIn),
      `signIn in ${fakeFile}, for its token endpoint`,
    ],
    [
      !!fake && unread.length > 0,
      `what to type into ${unread.join(', ')}, under ${provider.auth === 'key' ? 'keys' : 'answers'} in ${fakeFile}`,
    ],
  ]
  return lacks.filter(([lacking]) => lacking).map(([, what]) => what)
}

/** That a fixture's row has what the connector declares, in its order. */
function expectDeclared({ date, dimensions, labels = {}, metrics }: Row, { report }: Connector): void {
  expect(date, 'a date is yyyy-mm-dd').toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(Object.keys(dimensions), 'a row has report.dimensions, in their order').toEqual(report.dimensions)
  expect(Object.keys(report.labels ?? {}), 'report.labels name the labels of a row').toEqual(
    expect.arrayContaining(Object.keys(labels)),
  )
  expect(Object.keys(metrics), 'a row has every one of report.metrics, in their order').toEqual(
    Object.keys(report.metrics),
  )
  for (const [name, { unit }] of Object.entries(report.metrics))
    if (unit === 'money' && metrics[name] !== null)
      expect(metrics[name], `${name} is money: a decimal as text`).toMatch(/^-?\d+(\.\d+)?$/)
}

function complete(connector: Connector): void {
  const { scopes, optionalScopes = [], scopeWords, help, report, provider, version } = connector
  for (const scope of [...scopes, ...optionalScopes])
    expect(Object.keys(scopeWords), `scopeWords say what ${scope} lets us do`).toContain(scope)
  expect(Object.keys(scopeWords).length, 'scopeWords say something, also without scopes').toBeGreaterThan(0)
  for (const words of [...Object.values(scopeWords), help.signInWith, help.role, connector.accountWord])
    expect(words, 'scopeWords, help and accountWord are words, unexcited').toMatch(/^[^!]{3,}$/)
  for (const [name, { says }] of Object.entries(report.metrics))
    expect(says, `what ${name} says begins large and ends without a full stop`).toMatch(/^[A-Z][^!]+[^.!]$/)
  const shared = Object.values(report.metrics).flatMap(({ common }) => common ?? [])
  expect(shared, 'one metric for each common column').toEqual([...new Set(shared)])
  expect(report.restateDays.deep, 'restateDays.deep').toBeGreaterThanOrEqual(report.restateDays.nightly)
  expect(report.lagDays, 'lagDays: today is never whole').toBeGreaterThan(0)
  if (report.reachDays !== undefined || report.reachWithout)
    expect(report.backfillNote, 'backfillNote says why 13 months cannot be had').toBeTruthy()
  expect(version.pinned, 'version.pinned').toBeTruthy()
  for (const origin of [...connector.origins, ...provider.origins, ...(connector.downloads ?? [])])
    if (origin !== 'site') expect(new URL(origin).origin, 'an origin has no path').toBe(origin)
  for (const { label, hint, problem } of [...(provider.ask ?? []), ...(connector.ask ?? [])])
    for (const words of [label, hint, problem])
      expect(words, 'label, hint and problem begin large').toMatch(/^[A-Z][^!]+$/)
  expect(provider.permissionsUrl, 'permissionsUrl').toMatch(/^https:/)
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
