/** Requests over the quota: sent by themselves, once each, in order, whatever else happens meanwhile. */
import { fork } from 'node:child_process'
import { beforeEach, expect, test } from 'vitest'
import { sendQueued } from '../../flows/queue-requests.ts'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import type { Order } from '../support/quota-child.ts'

const { url, db } = await freshDatabase()
const { services } = askServices(db)
const CHILD = new URL('../support/quota-child.ts', import.meta.url).pathname

beforeEach(async () => {
  await db.sql`update access_request set status = 'cancelled' where status = 'queued'`
  await setClock(db, '2026-06-01T09:00:00Z')
})

async function fullOrg(): Promise<string> {
  const orgId = await makeOrg(db)
  for (let n = 0; n < 10; n++) await requestAccess(services, wish(orgId))
  return orgId
}

async function queue(orgId: string): Promise<string> {
  const outcome = await requestAccess(services, wish(orgId, { ifFull: 'queue' }))
  if (outcome.kind !== 'queued') throw new Error(outcome.kind)
  return outcome.requestId
}

async function statuses(ids: string[]): Promise<string[]> {
  const rows = await db.sql<{ status: string }[]>`
    select status from access_request where id = any(${ids}) order by array_position(${ids}::uuid[], id)`
  return rows.map(({ status }) => status)
}

test('processes that queue at once lose nothing and share one line', async () => {
  const orgId = await makeOrg(db)
  const all = Array.from({ length: 3 }, () => {
    const child = fork(CHILD, { execArgv: [] })
    child.send({ url, orgId, times: 10, queue: true } satisfies Order)
    return new Promise<string[]>((done) => child.once('message', (kinds) => done(kinds as string[])))
  })
  const kinds = (await Promise.all(all)).flat()
  expect(kinds.filter((kind) => kind === 'issued')).toHaveLength(10)
  expect(kinds.filter((kind) => kind === 'queued')).toHaveLength(20)
  await setClock(db, '2026-06-01T10:00:00Z')
  expect(await sendQueued(services)).toBe(10)
  await setClock(db, '2026-06-01T11:00:00Z')
  expect(await sendQueued(services)).toBe(10)
})

test('many workers send each once and in order', async () => {
  const orgId = await fullOrg()
  const queued: string[] = []
  for (let n = 0; n < 14; n++) queued.push(await queue(orgId))
  expect(await sendQueued(services)).toBe(0)
  await setClock(db, '2026-06-01T10:00:00Z')
  const sent = await Promise.all(Array.from({ length: 6 }, () => sendQueued(services)))
  expect(sent.reduce((sum, n) => sum + n)).toBe(10)
  expect(await statuses(queued)).toEqual([...Array(10).fill('sent'), ...Array(4).fill('queued')])
})

test('nobody overtakes the line, and a place given up moves everybody up', async () => {
  const orgId = await fullOrg()
  const [first, second] = [await queue(orgId), await queue(orgId)]
  await db.sql`update org set recent_links[1] = '2026-06-01T08:00:00Z' where id = ${orgId}`
  expect(await requestAccess(services, wish(orgId))).toMatchObject({ kind: 'quota-reached' })
  await cancelRequest(services, { orgId, requestId: first, by: 'U1' })
  expect(await sendQueued(services)).toBe(1)
  expect(await statuses([first, second])).toEqual(['cancelled', 'sent'])
})

test('the requester is told when a queued request is sent', async () => {
  const orgId = await fullOrg()
  const requestId = await queue(orgId)
  await setClock(db, '2026-06-01T10:00:00Z')
  await sendQueued(services)
  const rows = await db.sql`select kind, channel from delivery where subject_id = ${requestId} order by kind`
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { kind: 'access-request', channel: 'mail' },
    { kind: 'queue-sent', channel: 'dm' },
  ])
})

test('orgs do not wait for each other, and a plan that lost its links waits', async () => {
  const [one, two, three] = [await fullOrg(), await fullOrg(), await fullOrg()]
  const ids = [await queue(one), await queue(two), await queue(three)]
  await db.sql`update org set recent_links = '{}' where id in (${two}, ${three})`
  await db.sql`update org set plan = 'free' where id = ${three}`
  expect(await sendQueued(services)).toBe(1)
  expect(await statuses(ids)).toEqual(['queued', 'sent', 'queued'])
})

test('one org whose request cannot be sent keeps no other waiting, and is reported', async () => {
  const orgs = [await fullOrg(), await fullOrg(), await fullOrg()]
  const ids = await Promise.all(orgs.map(queue))
  await setClock(db, '2026-06-01T10:00:00Z')
  const failing = {
    ...services,
    queue: {
      ...services.queue,
      send: async (_name: string, payload: object) => {
        if ((payload as { orgId?: string }).orgId === orgs[1]) throw new Error('no')
      },
    },
  }
  await expect(sendQueued(failing)).rejects.toThrow('no')
  expect(await statuses(ids)).toEqual(['sent', 'queued', 'sent'])
})
