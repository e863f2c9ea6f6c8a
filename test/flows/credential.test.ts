/** Renewal: once however many need it, refusals heard twice, and nobody's newer token overwritten. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { lookAgain, withCredential } from '../../flows/credential.ts'
import { placeOf } from '../../flows/renewal.ts'
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, type Seeded, seedSource } from '../support/reading.ts'
import type { Report, Task } from '../support/reading-worker.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db, url } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())
const connector = remoteConnector(tiny.origin)
const services = readingServices(db, [connector])
const signal = new AbortController().signal
const WORKER = new URL('../support/reading-worker.ts', import.meta.url).pathname

beforeEach(async () => {
  await setClock(db, null)
  Object.assign(tiny, {
    tokenCalls: 0,
    mode: { token: 'rotate', api: 'check' },
    refreshToken: 'refresh-0',
    grantEnds: null,
  })
  tiny.valid = new Set(['access-0'])
})

const call = ({ orgId, connectionId }: Seeded) =>
  withCredential(services, { orgId, connectionId, connector }, signal, (context) =>
    context.call({ url: `${tiny.origin}/accounts` }),
  )
const expired = () => new Date(Date.now() + 14 * 60_000) // within the quarter of an hour before its end
const seed = (given = {}) => seedSource(services, { expiresAt: expired(), ...given })
const row = async ({ orgId, connectionId }: Seeded) => connections.byId(db, orgId, connectionId)
async function stored({ orgId, connectionId }: Seeded) {
  const [found] = await db.sql<
    { sealed: string }[]
  >`select credential_sealed as sealed from connection where id = ${connectionId}`
  return JSON.parse(services.vault.open(found?.sealed ?? '', placeOf({ orgId, connectionId })))
}

async function startWorkers(count: number): Promise<ChildProcess[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const worker = fork(WORKER, [url, tiny.origin])
      await once(worker, 'message')
      return worker
    }),
  )
}

async function ask(worker: ChildProcess, task: Task): Promise<Report> {
  worker.send(task)
  const [report] = (await once(worker, 'message')) as [Report]
  return report
}

test('four processes with fifty jobs each renew an expired token once, and no job fails', {
  timeout: 120_000,
}, async () => {
  const seeded = await seed()
  const workers = await startWorkers(4)
  const reports = await Promise.all(
    workers.map((worker) => ask(worker, { kind: 'call', ...seeded, jobs: 50 })),
  )
  for (const worker of workers) worker.disconnect()
  expect(reports).toEqual(Array(4).fill({ done: 50, failures: [] }))
  expect(tiny.tokenCalls).toBe(1)
  expect(await stored(seeded)).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1' })
})

test('a token with more than a quarter of an hour left is used as it is', async () => {
  await call(await seed({ expiresAt: new Date(Date.now() + 16 * 60_000) }))
  await call(await seed({ expiresAt: null }))
  expect(tiny.tokenCalls).toBe(0)
})

test('a token the API refuses is renewed once and the call replayed once', async () => {
  const seeded = await seed({ expiresAt: null })
  tiny.valid.clear()
  await call(seeded)
  expect(tiny.tokenCalls).toBe(1)
  expect(await row(seeded)).toMatchObject({ status: 'connected', suspectedAt: null })
})

test('an API that refuses a token renewed just now has decided; without renewal a second look must', async () => {
  const seeded = await seed({ expiresAt: null })
  tiny.mode.api = 'refuse'
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'revoked' })
  expect(tiny.tokenCalls).toBe(1)
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'revoked' })
  expect(tiny.tokenCalls).toBe(1)

  const bare = await seed({ expiresAt: null, refreshToken: null })
  await expect(call(bare)).rejects.toMatchObject({ kind: 'transient' })
  await setClock(db, new Date(Date.now() + 61_000))
  await expect(lookAgain(services, bare)).rejects.toMatchObject({ kind: 'revoked' })
  const well = await seed({ expiresAt: null, refreshToken: null })
  tiny.mode.api = 'check'
  await db.sql`update connection set suspected_at = now() where id = ${well.connectionId}`
  await lookAgain(services, well)
  expect(await row(well)).toMatchObject({ suspectedAt: null })
})

test('a refused renewal is passing trouble at first, asked once a look, and revoked at the second after a minute', async () => {
  const seeded = await seed()
  const now = Date.now()
  await setClock(db, new Date(now))
  tiny.mode.token = 'refuse'
  const first = await Promise.allSettled(Array.from({ length: 20 }, () => call(seeded)))
  expect(first.map((one) => one.status === 'rejected' && one.reason.kind)).toEqual(
    Array(20).fill('transient'),
  )
  expect(tiny.tokenCalls).toBe(1)
  expect((await row(seeded))?.suspectedAt).toEqual(new Date(now))
  expect(await connections.suspectedOfAllOrgs(db)).toEqual([])

  await setClock(db, new Date(now + 59_000))
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'transient' })
  expect(tiny.tokenCalls).toBe(1)

  await setClock(db, new Date(now + 61_000))
  const { orgId, connectionId } = seeded
  expect(await connections.suspectedOfAllOrgs(db)).toContainEqual({ orgId, connectionId })
  const second = await Promise.allSettled(Array.from({ length: 20 }, () => call(seeded)))
  expect(second.map((one) => one.status === 'rejected' && one.reason.kind)).toEqual(Array(20).fill('revoked'))
  expect(tiny.tokenCalls).toBe(2)
})

test('a second look that finds it alive clears the suspicion', async () => {
  const seeded = await seed()
  tiny.mode.token = 'refuse'
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'transient' })
  tiny.mode.token = 'rotate'
  await setClock(db, new Date(Date.now() + 61_000))
  await lookAgain(services, seeded)
  expect(await row(seeded)).toMatchObject({ suspectedAt: null, status: 'connected' })
  await call(seeded)
})

test('ten minutes after a consent no refusal counts yet', async () => {
  const seeded = await seed({ authorisedAgo: '2 minutes' })
  tiny.mode.token = 'refuse'
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'transient' })
  await setClock(db, new Date(Date.now() + 61_000))
  await expect(lookAgain(services, seeded)).rejects.toMatchObject({ kind: 'transient' })
  const refused = await seed({ expiresAt: null, authorisedAgo: '2 minutes' })
  Object.assign(tiny.mode, { token: 'rotate', api: 'refuse' })
  await expect(call(refused)).rejects.toMatchObject({ kind: 'transient' })
})

test('the end of the authorisation stays where a renewal does not say it, moves where it does, and goes with a 0', async () => {
  const seeded = await seed()
  const end = async () => (await row(seeded))?.grantExpiresAt
  const wearOut = () =>
    db.sql`update connection set token_expires_at = ${expired()} where id = ${seeded.connectionId}`
  const first = new Date(Date.now() + 10 * 86_400_000)
  await db.sql`update connection set grant_expires_at = ${first} where id = ${seeded.connectionId}`
  await call(seeded)
  expect(await end()).toEqual(first)
  tiny.grantEnds = 60 * 86_400
  await wearOut()
  await call(seeded)
  expect((await end())?.getTime()).toBeGreaterThan(first.getTime())
  tiny.grantEnds = 0
  await wearOut()
  await call(seeded)
  expect(await end()).toBeNull()
  expect(tiny.tokenCalls).toBe(3)
})

test('a token endpoint that is down suspects nobody', async () => {
  const seeded = await seed()
  tiny.mode.token = 'down'
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'transient' })
  expect(await row(seeded)).toMatchObject({ suspectedAt: null })
  tiny.mode.token = 'rotate'
  await call(seeded)
  expect(tiny.tokenCalls).toBe(2)
})

test('a holder that was killed is succeeded when its lease ends; it cannot write any more', {
  timeout: 120_000,
}, async () => {
  const seeded = await seed()
  const { orgId, connectionId } = seeded
  const ghost = await credentials.claim(db, orgId, connectionId)
  expect(ghost?.mine).toBe(true)
  await db.sql`update connection set lease_until = clock_timestamp() + interval '1 second' where id = ${connectionId}`
  await call(seeded)
  expect(tiny.tokenCalls).toBe(1)
  const late = { sealed: 'from the ghost', expiresInSeconds: 60 }
  expect(await credentials.saveRenewed(db, orgId, connectionId, ghost?.epoch ?? 0, late)).toBe(false)
  expect(await credentials.saveRefused(db, orgId, connectionId, ghost?.epoch ?? 0, true)).toBe(false)
  expect(await stored(seeded)).toMatchObject({ accessToken: 'access-1' })
})

test('an authorisation made meanwhile fences out a renewal of the old one', async () => {
  const seeded = await seed()
  const { orgId, connectionId } = seeded
  const mine = await credentials.claim(db, orgId, connectionId)
  const again = await connections.upsert(db, orgId, {
    ...{ provider: 'tiny', oauthApp: 'app', identity: 'owner', identityLabel: 'owner@example.com' },
    ...{ clientId: null, scopes: [], grantExpiresAt: null, authorisedBy: 'owner', requestId: null },
  })
  expect(again).toEqual({ id: connectionId, existed: true })
  expect(await credentials.saveRefused(db, orgId, connectionId, mine?.epoch ?? 0, true)).toBe(false)
})

test('a disconnected connection is not asked', async () => {
  const seeded = await seed()
  await connections.disconnect(db, seeded.orgId, seeded.connectionId, {
    failureClass: 'revoked',
    detail: null,
  })
  await expect(call(seeded)).rejects.toMatchObject({ kind: 'revoked' })
  expect(tiny.tokenCalls).toBe(0)
})
