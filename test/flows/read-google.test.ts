/** The Google connectors through backfill, refresh and loss of access, against the sandbox's Google. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openContext, routeOrigins } from '../../connectors/http.ts'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import { google } from '../../connectors/providers/google.ts'
import { planBackfill } from '../../flows/backfill.ts'
import { lookAgain } from '../../flows/credential.ts'
import { refreshConnection } from '../../flows/refresh.ts'
import { placeOf } from '../../flows/renewal.ts'
import { runBackfill } from '../../flows/run-backfill.ts'
import type { Services } from '../../flows/services.ts'
import { signIn } from '../../sandbox/google/sign-in.ts'
import { type SandboxGoogle, startGoogle } from '../../sandbox/google/start.ts'
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import { publishReporting } from '../../storage/reporting.ts'
import * as sources from '../../storage/sources.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices } from '../support/reading.ts'

const { db } = await freshDatabase()
const DANA = 'dana@northwind.example'
const app = { id: 'latchkey', secret: 'shh', redirectUri: 'http://localhost:3000/connect/google/callback' }
const googles = allConnectors.filter(({ provider }) => provider.id === 'google')
const services: Services = {
  ...readingServices(db, []),
  connectors: catalogue(googles),
  oauthApps: { google: app },
}
const { signal } = new AbortController()
let now = new Date('2026-11-20T12:00:00Z')
let sandbox: SandboxGoogle
/** The sandbox opens any sheet. */
const answers = { spreadsheet: '1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789' }
const it = { orgId: '', connectionId: '', sourceIds: [] as string[] }

async function travel(to: string): Promise<void> {
  now = new Date(to)
  await setClock(db, now)
}

/** As Finish leaves them: one connection, and the first account each connector lists. */
beforeAll(async () => {
  sandbox = await startGoogle({ now: () => now, app: { ...app, redirectUris: [app.redirectUri] } })
  routeOrigins(sandbox.origins)
  await travel('2026-11-20T12:00:00Z')
  const scopes = googles.flatMap((connector) => connector.scopes)
  const { accessToken, refreshToken } = await signIn(sandbox.url, DANA, scopes, { app })
  const [org] = await db.sql`insert into org (name) values ('Agency') returning id`
  it.orgId = org?.id
  const [client] =
    await db.sql`insert into client (org_id, name) values (${it.orgId}, 'Northwind') returning id`
  const made = await connections.upsert(db, it.orgId, {
    ...{ provider: 'google', oauthApp: app.id, identity: '1', identityLabel: DANA, clientId: null, scopes },
    ...{ grantExpiresAt: null, authorisedBy: DANA, requestId: null },
  })
  it.connectionId = made.id
  const sealed = services.vault.seal(
    JSON.stringify({ accessToken, refreshToken, expiresAt: null }),
    placeOf(it),
  )
  await credentials.store(db, it.orgId, it.connectionId, sealed, new Date(now.getTime() + 3_600_000))
  for (const connector of googles) {
    const context = openContext({ provider: google, connector, accessToken, app, answers, signal })
    const [account] = await Array.fromAsync(connector.accounts(context))
    if (!account) throw new Error(`${connector.id} lists nothing`)
    const { id } = await sources.upsert(db, it.orgId, {
      ...{
        clientId: client?.id,
        connectionId: it.connectionId,
        connectorId: connector.id,
        account,
        requestId: null,
      },
    })
    it.sourceIds.push(id)
  }
})
afterAll(() => sandbox.stop())

const coverage = () => db.sql<
  { connectorId: string; days: number; first: string; last: string; rows: number }[]
>`
  select source.connector_id, count(distinct date)::int as days, min(date) as first, max(date) as last,
    count(*)::int as rows
  from daily_metrics join source on source.id = source_id group by source.connector_id order by 1`
const versions = () => db.sql`select source_id, date, key, xmin::text from daily_metrics order by 1, 2, 3`
const refresh = (day: string) =>
  refreshConnection(services, { ...it, timeZone: 'Etc/UTC', day, last: false }, signal)

test('thirteen months of all arrive, each ending with the last day that is over', {
  timeout: 120_000,
}, async () => {
  const { orgId, sourceIds } = it
  await db.transaction((tx) => planBackfill(services, tx, { orgId, sourceIds }))
  const outcomes = await Promise.all(
    sourceIds.map((sourceId) => runBackfill(services, { orgId, sourceId, last: false }, signal)),
  )
  expect(outcomes.map(({ kind }) => kind)).toEqual(sourceIds.map(() => 'done'))
  for (const { days, first, last, connectorId } of await coverage()) {
    expect(days, connectorId).toBeGreaterThan(390)
    expect(first, connectorId).toBe('2025-10-20')
    expect(last < '2026-11-20', connectorId).toBe(true)
  }
  expect(await coverage()).toHaveLength(googles.length)
})

test('a refresh of what has not changed writes no row again; the next night adds its day', {
  timeout: 120_000,
}, async () => {
  const before = await versions()
  expect(await refresh('2026-11-20')).toEqual({ kind: 'done', runs: googles.length })
  expect(await versions()).toEqual(before)
  await travel('2026-11-21T12:00:00Z')
  expect(await refresh('2026-11-21')).toEqual({ kind: 'done', runs: googles.length })
  expect((await versions()).length).toBeGreaterThan(before.length)
})

test('the views speak the words of each connector, with decimal amounts', async () => {
  const described = googles.map(({ id, name, report: { dimensions, metrics } }) => ({
    ...{ id, name, dimensions, metrics },
  }))
  await publishReporting(db, described)
  for (const { id } of described) {
    const [row] = await db.sql`select * from ${db.sql(`reporting.${id.replaceAll('-', '_')}`)} limit 1`
    expect(row, id).toMatchObject({ client: 'Northwind', connector: id })
  }
  const [ads] = await db.sql`select cost, currency from reporting.google_ads where cost > 0 limit 1`
  expect(ads).toEqual({
    cost: expect.stringMatching(/^\d+\.\d{6}$/),
    currency: expect.stringMatching(/^[A-Z]{3}$/),
  })
})

test('a throttled Google is a wait, a slow death is heard twice', async () => {
  await travel('2026-11-22T12:00:00Z')
  sandbox.setMode('rate-limited')
  expect(await refresh('2026-11-22')).toMatchObject({ kind: 'later' })
  sandbox.setMode('ok')
  await sandbox.revoke(DANA)
  await travel('2026-11-22T12:30:00Z')
  expect(await refresh('2026-11-22')).toMatchObject({ kind: 'failed' })
  expect(await connections.byId(db, it.orgId, it.connectionId)).toMatchObject({ status: 'connected' })
  await travel('2026-11-22T12:31:01Z')
  await expect(lookAgain(services, it)).rejects.toMatchObject({ kind: 'revoked' })
  expect(await refresh('2026-11-22')).toMatchObject({ kind: 'failed' })
  expect(await connections.byId(db, it.orgId, it.connectionId)).toMatchObject({ status: 'disconnected' })
})
