/** The daily verify: who is asked, how many at once, what an answer means, and that no refresh token is spent for it. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { secondLook } from '../../flows/second-look.ts'
import { verifyConnection, verifyQuiet } from '../../flows/verify.ts'
import * as connections from '../../storage/connections.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, type Seeded, type Sent, seedSource } from '../support/reading.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())
const sent: Sent[] = []
const services = readingServices(db, [remoteConnector(tiny.origin)], sent)
const signal = new AbortController().signal
const NOW = '2026-11-20T12:00:00Z'

beforeEach(async () => {
  await setClock(db, NOW)
  await db.sql`update connection set status = 'removed'` // of the tests before
  Object.assign(tiny, { tokenCalls: 0, mode: { token: 'rotate', api: 'check' }, refreshToken: 'refresh-0' })
  tiny.valid = new Set(['access-0'])
})

async function seed(verifiedAgo: string, given = {}): Promise<Seeded> {
  const seeded = await seedSource(services, given)
  await db.sql`
    update connection set verified_at = latchkey.clock() - ${verifiedAgo}::interval where id = ${seeded.connectionId}`
  return seeded
}
const row = ({ orgId, connectionId }: Seeded) => connections.byId(db, orgId, connectionId)
async function asked(): Promise<unknown[]> {
  sent.length = 0
  await verifyQuiet(services)
  return sent.map(({ payload }) => payload.connectionId)
}

test('asked are connections that were neither verified nor read for a day, and nobody twice in an hour', async () => {
  const quiet = await seed('24 hours')
  await seed('23 hours')
  const read = await seed('3 days')
  await db.sql`update source set synced_at = latchkey.clock() - interval '20 hours' where id = ${read.sourceId}`
  const longUnread = await seed('3 days')
  await db.sql`update source set synced_at = latchkey.clock() - interval '2 days' where id = ${longUnread.sourceId}`
  const suspected = await seed('3 days')
  await db.sql`update connection set suspected_at = latchkey.clock() where id = ${suspected.connectionId}`
  const down = await seed('3 days')
  await db.sql`update connection set status = 'disconnected' where id = ${down.connectionId}`
  const paused = await seed('3 days')
  await db.sql`update source set status = 'paused' where id = ${paused.sourceId}`
  expect((await asked()).sort()).toEqual([quiet.connectionId, longUnread.connectionId].sort())
  expect(await asked()).toEqual([])
  await setClock(db, '2026-11-20T13:00:00Z')
  expect(await asked()).toContain(quiet.connectionId)
})

test('fifty at a time, the longest quiet first', async () => {
  const first = await seed('9 days')
  const org = { orgId: first.orgId }
  await Promise.all(Array.from({ length: 54 }, () => seed('2 days', org)))
  const [batch, rest] = [await asked(), await asked()]
  expect([batch.length, rest.length]).toEqual([50, 5])
  expect(batch).toContain(first.connectionId)
})

test('an answer verifies it and spends no refresh token that need not be spent', async () => {
  const seeded = await seed('2 days')
  await verifyConnection(services, seeded, signal)
  expect(tiny.tokenCalls).toBe(0)
  expect(await row(seeded)).toMatchObject({ verifiedAt: new Date(NOW), suspectedAt: null })
  expect(await asked()).toEqual([])

  const stale = await seed('2 days', { expiresAt: new Date(NOW) })
  await verifyConnection(services, stale, signal)
  expect(tiny.tokenCalls).toBe(1)
  expect(await row(stale)).toMatchObject({ verifiedAt: new Date(NOW) })
})

test('a refusal is confirmed by a second look before it disconnects; passing trouble changes nothing', async () => {
  const seeded = await seed('2 days', { refreshToken: null, expiresAt: null })
  tiny.mode.api = 'down'
  await verifyConnection(services, seeded, signal)
  expect(await row(seeded)).toMatchObject({ status: 'connected', suspectedAt: null })
  const [late] = await db.sql`select delayed_since from source where id = ${seeded.sourceId}`
  expect(late?.delayedSince).toBeNull()

  tiny.mode.api = 'refuse'
  await verifyConnection(services, seeded, signal)
  expect(await row(seeded)).toMatchObject({ status: 'connected', suspectedAt: new Date(NOW) })
  await setClock(db, '2026-11-20T12:01:01Z')
  await secondLook(services, seeded, signal)
  expect(await row(seeded)).toMatchObject({ status: 'disconnected' })
})
