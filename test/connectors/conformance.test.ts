/** What every connector must do, over every connector. A new one needs its fixture here: fixtures/<id>.ts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connector, ConnectorError, type Json, type Page } from '../../connectors/connector.ts'
import { openContext, postToken, routeOrigins } from '../../connectors/http.ts'
import { allConnectors } from '../../connectors/index.ts'
import { type ErrorCase, type Exchange, expectCalls, interceptor } from './fixture.ts'
import { fixtures } from './fixtures/index.ts'

const ACCESS_TOKEN = 'ya29.fixture'
const SECRETS = [ACCESS_TOKEN, 'refresh-fixture', 'shh-fixture']
const app = { id: 'latchkey', secret: 'shh-fixture' }

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())

describe.for(allConnectors.map((connector) => [connector.id, connector] as const))(
  '%s',
  ([id, connector]) => {
    const fixture = fixtures[id]
    if (!fixture) throw new Error(`${id} has no fixture in test/connectors/fixtures`)
    const { report, account, range } = fixture

    const open = (signal = new AbortController().signal) =>
      openContext({
        ...{ provider: connector.provider, connector, accessToken: ACCESS_TOKEN },
        ...{ account, accountKey: `${id}:${account.id}`, signal },
      })
    const read = (cursor: string | null = null, signal?: AbortSignal): Promise<Page[]> =>
      Array.fromAsync(connector.report.pages(open(signal), account, range, cursor))
    const list = () => {
      const context = openContext({
        ...{ provider: connector.provider, connector, accessToken: ACCESS_TOKEN },
        signal: new AbortController().signal,
      })
      return Array.fromAsync(connector.accounts(context))
    }

    it('says in words what it asks for and gives', () => complete(connector))

    it('lists the accounts of every page, and none where there are none', async () => {
      expectCalls(fixture.accounts.exchanges)
      expect(await list()).toEqual(fixture.accounts.expected)
      expectCalls(fixture.noAccounts)
      expect(await list()).toEqual([])
    })

    it('reads every page, money and dates exact, nothing said is null', async () => {
      expectCalls(report.pages)
      const pages = await read()
      expect(pages.flatMap(({ rows }) => rows)).toEqual(report.expected)
      expect(pages.map(({ next }) => next === null)).toEqual(pages.map((_, at) => at === pages.length - 1))
      expect(pages[0]?.currency).toBe(report.currency)
      expect(pages[0]?.timeZone).toBe(report.timeZone)
      expect(report.pages.length).toBeGreaterThan(1)
      for (const { date, dimensions, metrics } of report.expected) {
        expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
        expect(Object.keys(dimensions)).toEqual(connector.report.dimensions)
        expect(Object.keys(metrics)).toEqual(Object.keys(connector.report.metrics))
      }
    })

    it('gives an empty page, not zeros, for an empty report', async () => {
      expectCalls([fixture.emptyReport])
      expect((await read()).map(({ rows, next }) => ({ rows, next }))).toEqual([{ rows: [], next: null }])
    })

    it('resumes from every cursor with the rows that were left', async () => {
      expectCalls(report.pages)
      const whole = await read()
      for (const [at, { next }] of whole.entries()) {
        if (next === null) continue
        expectCalls(report.pages.slice(at + 1))
        expect(await read(next)).toEqual(whole.slice(at + 1))
      }
    })

    const [first] = report.pages
    if (!first) throw new Error(`The fixture of ${id} has no report`)

    it.for(fixture.errors.map((one) => [one.says, one] as const))('classes: %s', async ([, error]) => {
      const failed = await (error.at === 'token' ? renewing(connector, error) : refusing(first, error, read))
      expect(failed).toBeInstanceOf(ConnectorError)
      expect(failed).toMatchObject({
        kind: error.kind,
        provider: connector.provider.id,
        retryAfterSeconds: error.retryAfterSeconds ?? null,
        ownerAction: error.ownerAction ? expect.stringContaining(error.ownerAction) : null,
        ...(error.reason ? { reason: error.reason } : {}),
        unauthorized: error.at === 'api' && error.status === 401 && error.kind === 'revoked',
      })
      for (const secret of SECRETS) expect(String((failed as Error).message)).not.toContain(secret)
    })

    it('has an example of every class it has rules for', () => {
      const ruled = [...connector.errors, ...connector.provider.errors].map(({ kind }) => kind)
      const shown = fixture.errors.map(({ kind }) => kind)
      expect([...new Set(ruled)].filter((kind) => !shown.includes(kind))).toEqual([])
    })

    it('renews, and keeps the refresh token the provider leaves as it is', async () => {
      tokenEndpoint(connector).reply(200, fixture.renewal.good as nock.Body)
      const renewed = await connector.provider.renew(open(), app, 'refresh-fixture')
      expect(renewed.accessToken).not.toBe(ACCESS_TOKEN)
      expect(renewed.refreshToken).toBeTruthy()
      expect(renewed.expiresInSeconds).toBeGreaterThan(0)
      expect(await renewing(connector, fixture.renewal.revoked)).toMatchObject({ kind: 'revoked' })
    })

    it('stops within a second when cancelled, and what it throws is the reason', async () => {
      const asked = Promise.withResolvers<void>()
      await using _server = await standIn(connector, () => {
        asked.resolve()
        return null
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
      const calls = [...fixture.accounts.exchanges, ...report.pages]
      for (const { url } of calls) expect(connector.origins).toContain(new URL(url).origin)
      await expect(open().call({ url: 'https://elsewhere.example/' })).rejects.toThrow('may not call')
      const elsewhere = nock('https://elsewhere.example').get('/').reply(200, {})
      interceptor(first).reply(307, undefined, { location: 'https://elsewhere.example/' })
      await expect(read()).rejects.toMatchObject({ kind: 'unknown' })
      expect(elsewhere.isDone()).toBe(false)
      nock.cleanAll()
    })

    it('keeps memory flat over a hundred thousand rows', async () => {
      await using _server = await standIn(connector, (body) => fixture.manyRows(body, 100_000))
      let rows = 0
      const sizes: number[] = []
      for await (const page of connector.report.pages(open(), account, range, null)) {
        rows += page.rows.length
        sizes.push(heapMegabytes())
      }
      expect(rows).toBe(100_000)
      expect(Math.max(...sizes) - (sizes[0] ?? 0)).toBeLessThan(15)
    })
  },
)

function complete(connector: Connector): void {
  const { scopes, scopeWords, help, report, provider, version } = connector
  expect(Object.keys(scopeWords).sort()).toEqual([...scopes].sort())
  for (const words of [...Object.values(scopeWords), help.signInWith, help.role, connector.accountWord])
    expect(words).toMatch(/^[^!]{3,}$/)
  for (const { says } of Object.values(report.metrics)) expect(says).toMatch(/^[A-Z][^!]+[^.!]$/)
  const shared = Object.values(report.metrics).flatMap(({ common }) => common ?? [])
  expect(new Set(shared).size).toBe(shared.length)
  expect(report.restateDays.deep).toBeGreaterThanOrEqual(report.restateDays.nightly)
  expect(report.lagDays).toBeGreaterThan(0)
  expect(version.pinned).toBeTruthy()
  for (const origin of [...connector.origins, ...provider.origins])
    expect(new URL(origin).origin).toBe(origin)
  for (const url of [provider.authorizeUrl, provider.tokenUrl, provider.permissionsUrl])
    expect(url).toMatch(/^https:/)
  expect(provider.origins).toContain(new URL(provider.tokenUrl).origin)
}

const tokenEndpoint = ({ provider }: Connector) => {
  const { origin, pathname } = new URL(provider.tokenUrl)
  return nock(origin).post(pathname)
}

async function renewing(connector: Connector, { status, body, headers }: ErrorCase): Promise<unknown> {
  tokenEndpoint(connector).reply(status, body as nock.Body, headers)
  const { signal } = new AbortController()
  const form = { grant_type: 'refresh_token', refresh_token: 'refresh-fixture' }
  return postToken(connector.provider, form, { app, signal }).catch((error: unknown) => error)
}

async function refusing(first: Exchange, error: ErrorCase, read: () => Promise<Page[]>): Promise<unknown> {
  interceptor(first).reply(error.status, error.body as nock.Body, error.headers)
  return read().catch((failed: unknown) => failed)
}

/** A real server in the place of the connector's origins, for what nock cannot do. Null: it never answers. */
async function standIn(connector: Connector, answer: (body: Record<string, Json>) => Json) {
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await text(request)) || '{}') as Record<string, Json>
    const reply = answer(body)
    if (reply !== null) response.end(JSON.stringify(reply))
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  const { port } = server.address() as AddressInfo
  routeOrigins(Object.fromEntries(connector.origins.map((origin) => [origin, `http://127.0.0.1:${port}`])))
  nock.enableNetConnect('127.0.0.1')
  return {
    async [Symbol.asyncDispose]() {
      routeOrigins({})
      nock.disableNetConnect()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapMegabytes(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}
