/** Pressing the buttons of an alert: who may, twice, too late, and what each press leaves behind. */
import { expect, test } from 'vitest'
import { noteFailure } from '../../flows/disconnect.ts'
import { acknowledge, mute, snooze, snoozeEnd, wakeSnoozed } from '../../flows/incident-buttons.ts'
import { askOwner, disconnectedOf, reconnectSelf } from '../../flows/reconnect.ts'
import * as incidents from '../../storage/incidents.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { condemn, failure, openScene, presser, type Scene } from '../support/reconnecting.ts'

const { db } = await freshDatabase()

async function broken(): Promise<Scene & { incidentId: string }> {
  const scene = await openScene(db, { a1: ['Acme', 'Beta'], a2: ['Acme'] })
  const { orgId, connectionId, services } = scene
  await condemn(services, connectionId)
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  const [row] = await db.sql<{ id: string }[]>`select id from incident where org_id = ${orgId}`
  return { ...scene, incidentId: row?.id ?? '' }
}
const mo = ({ orgId }: Scene) => presser(orgId, 'UMEMBER')
const press = (scene: Scene, who = mo(scene)) =>
  reconnectSelf(scene.services, who, { connectionId: scene.connectionId, channelId: 'C1' })
const ask = (scene: Scene, other: { email?: string | null; ifFull?: 'refuse' | 'queue' } = {}) =>
  askOwner(scene.services, mo(scene), {
    ...{ connectionId: scene.connectionId, channelId: 'C1', email: null, ifFull: 'refuse', ...other },
  })
const requests = async ({ orgId }: Scene) =>
  (await db.sql`select 1 from access_request where org_id = ${orgId}`).length
const state = ({ orgId, incidentId }: Scene & { incidentId: string }) => incidents.get(db, orgId, incidentId)

test('Reconnect gives one personal link, shown again however often it is pressed, outside the quota', async () => {
  const scene = await broken()
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => press(scene)))
  const urls = new Set(outcomes.map((outcome) => (outcome.kind === 'link' ? outcome.url : outcome.kind)))
  expect(urls.size).toBe(1)
  expect(await requests(scene)).toBe(1)
  const [org] = await db.sql`select cardinality(recent_links) as used from org where id = ${scene.orgId}`
  expect(org?.used).toBe(0)
  expect((await state(scene))?.status).toBe('reconnecting')
  await press(scene, presser(scene.orgId, 'UADMIN', 'admin'))
  expect(await requests(scene), 'a link of their own for each').toBe(2)
})

test('a press that looks while another is issuing finds that link', async () => {
  const scene = await broken()
  let other: ReturnType<typeof press> | null = null
  const looking = (sql: typeof db.sql) =>
    new Proxy(sql, {
      apply(target, self, given: [TemplateStringsArray, ...unknown[]]) {
        const query = Reflect.apply(target as never, self, given) as Promise<unknown>
        if (!/count\(\*\)|auth_link\.key_id/.test(given[0].join(''))) return query
        return query.then(async (rows) => {
          other ??= press(scene) // between two of our looks somebody else is done
          await other
          return rows
        })
      },
    })
  const services = { ...scene.services, db: { ...db, sql: looking(db.sql) } }
  const mine = await press({ ...scene, services } as typeof scene)
  expect(mine).toMatchObject({ kind: 'link', url: ((await other) as unknown as { url: string }).url })
  expect(await requests(scene)).toBe(1)
})

test('the preview names clients to admins and managers and counts them for others', async () => {
  const scene = await broken()
  expect(await press(scene)).toMatchObject({ impact: { sources: 3, clients: 2, clientNames: null } })
  const manager = presser(scene.orgId, 'UADMIN', 'manager')
  expect(await press(scene, manager)).toMatchObject({ impact: { clientNames: ['Acme', 'Beta'] } })
})

test('who may not reconnect is refused, also another org with the right id', async () => {
  const scene = await broken()
  const may = mo(scene)
  const barred = { ...may, member: { ...may.member, mayReconnect: false } }
  expect(await press(scene, barred)).toEqual({ kind: 'forbidden' })
  const other = await broken()
  expect(await press({ ...scene, orgId: other.orgId }, mo(other))).toEqual({ kind: 'gone' })
})

test('who may not reconnect changes nothing on an alert, and nobody does on one of another org', async () => {
  const [scene, other] = [await broken(), await broken()]
  const may = mo(scene)
  const barred = { ...may, member: { ...may.member, mayReconnect: false } }
  const before = await state(scene)
  for (const [who, kind] of [
    [barred, 'forbidden'],
    [mo(other), 'gone'],
  ] as const) {
    expect(await acknowledge(scene.services, who, scene)).toEqual({ kind })
    expect(await snooze(scene.services, who, { ...scene, choice: 'week' })).toEqual({ kind })
    expect(await mute(scene.services, who, { ...scene, reason: 'because' })).toEqual({ kind })
  }
  expect(await state(scene)).toEqual(before)
})

test('a press after it was mended says so', async () => {
  const scene = await broken()
  await db.sql`update connection set status = 'connected', failure_class = null where id = ${scene.connectionId}`
  await db.sql`update source set status = 'connected' where org_id = ${scene.orgId}`
  await db.sql`
    update incident set status = 'resolved', resolved_at = now(), resolved_by = 'slack:UADMIN' where id = ${scene.incidentId}`
  expect(await press(scene)).toMatchObject({ kind: 'works', mended: { by: 'slack:UADMIN' } })
  expect(await ask(scene)).toMatchObject({ kind: 'works' })
  expect(await acknowledge(scene.services, mo(scene), scene)).toMatchObject({
    kind: 'over',
    by: 'slack:UADMIN',
  })
  expect(await requests(scene)).toBe(0)
})

test('"Ask the owner" sends one counted link to whoever authorised it, however many press', async () => {
  const scene = await broken()
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => ask(scene)))
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual([...Array(5).fill('already-asked'), 'asked'])
  const [sent] = await db.sql`select owner_email, purpose from access_request where org_id = ${scene.orgId}`
  expect(sent).toEqual({ ownerEmail: 'owner@example.com', purpose: 'reconnect' })
  const [org] = await db.sql`select cardinality(recent_links) as used from org where id = ${scene.orgId}`
  expect(org?.used).toBe(1)
})

test('an owner without a known address is asked for, and a wrong one refused', async () => {
  const scene = await broken()
  await db.sql`update connection set authorised_by = 'unknown' where id = ${scene.connectionId}`
  expect(await ask(scene)).toMatchObject({ kind: 'address-unknown' })
  expect(await ask(scene, { email: 'a@b.example, c@d.example' })).toEqual({ kind: 'bad-address' })
  expect(await ask(scene, { email: 'dana@acme.example' })).toMatchObject({
    ...{ kind: 'asked', owner: 'dana@acme.example' },
  })
})

test('over the quota the next slot is named, and queued it waits its turn', async () => {
  const scene = await broken()
  await db.sql`
    update org set recent_links = array(select latchkey.clock() from generate_series(1, 10)) where id = ${scene.orgId}`
  expect(await ask(scene)).toMatchObject({ kind: 'quota-reached', nextSlot: expect.any(Date) })
  expect(await ask(scene, { ifFull: 'queue' })).toMatchObject({ kind: 'queued', position: 1 })
  expect(await ask(scene, { ifFull: 'queue' })).toMatchObject({ kind: 'already-asked', by: 'UMEMBER' })
})

test('one takes it; the second learns who; the first gives it back by pressing again', async () => {
  const scene = await broken()
  const ada = presser(scene.orgId, 'UADMIN', 'admin')
  expect(await acknowledge(scene.services, mo(scene), scene)).toEqual({ kind: 'done', what: 'acked' })
  expect(await acknowledge(scene.services, ada, scene)).toMatchObject({ kind: 'taken', by: 'UMEMBER' })
  expect(await acknowledge(scene.services, mo(scene), scene)).toEqual({ kind: 'done', what: 'unacked' })
  expect(await acknowledge(scene.services, ada, scene)).toEqual({ kind: 'done', what: 'acked' })
})

test('snoozing ends at half past eight in the morning of the presser, over weekends and changes of the clock', () => {
  const at = (now: string, choice: 'hour' | 'tomorrow' | 'week') =>
    snoozeEnd(new Date(now), choice, 'Europe/Berlin').toISOString()
  expect(at('2026-11-20T12:00:00Z', 'hour')).toBe('2026-11-20T13:00:00.000Z')
  expect(at('2026-11-20T23:30:00Z', 'tomorrow')).toBe('2026-11-22T07:30:00.000Z') // there it is Saturday already
  expect(at('2026-11-20T12:00:00Z', 'week')).toBe('2026-11-23T07:30:00.000Z')
  expect(at('2026-11-23T12:00:00Z', 'week')).toBe('2026-11-30T07:30:00.000Z')
  expect(at('2027-03-27T12:00:00Z', 'tomorrow')).toBe('2027-03-28T06:30:00.000Z') // summer time began at night
})

test('a snooze ends once and says so; a reconnect that came to nothing is open again', async () => {
  const scene = await broken()
  await setClock(db, '2026-11-20T12:00:00Z')
  expect(await snooze(scene.services, mo(scene), { ...scene, choice: 'hour' })).toMatchObject({
    kind: 'snoozed',
  })
  await wakeSnoozed(scene.services)
  expect((await state(scene))?.status).toBe('snoozed')
  await setClock(db, '2026-11-20T13:00:00Z')
  await Promise.all([wakeSnoozed(scene.services), wakeSnoozed(scene.services)])
  expect((await state(scene))?.status).toBe('open')
  await press(scene)
  await wakeSnoozed(scene.services)
  expect((await state(scene))?.status).toBe('reconnecting')
  await db.sql`update access_request set status = 'expired' where org_id = ${scene.orgId}`
  await db.sql`
    update connection set status = 'connected', authorised_at = latchkey.clock() where org_id = ${scene.orgId}`
  await wakeSnoozed(scene.services)
  expect((await state(scene))?.status, 'authorised a moment ago: the look comes first').toBe('reconnecting')
  await db.sql`update connection set status = 'disconnected' where org_id = ${scene.orgId}`
  await wakeSnoozed(scene.services)
  expect((await state(scene))?.status).toBe('open')
  const events = await incidents.eventsOf(db, scene.orgId, {
    id: scene.incidentId,
    connectionId: scene.connectionId,
  })
  expect(events.map(({ kind }) => kind.replace('incident.', ''))).toEqual([
    ...['opened', 'snoozed', 'woke', 'reconnecting', 'lapsed'],
  ])
  await setClock(db, null)
})

test('muting needs the reason once and keeps the same trouble from making new noise', async () => {
  const scene = await broken()
  expect(await mute(scene.services, mo(scene), { ...scene, reason: ' Contract ended ' })).toMatchObject({
    kind: 'done',
  })
  expect(await mute(scene.services, presser(scene.orgId, 'UADMIN'), { ...scene, reason: 'again' })).toEqual({
    ...{ kind: 'muted-already', by: 'UMEMBER', reason: 'Contract ended' },
  })
  expect(await snooze(scene.services, mo(scene), { ...scene, choice: 'hour' })).toMatchObject({
    kind: 'muted-already',
  })
  expect(await incidents.openOf(db, scene.orgId, scene.connectionId)).toHaveLength(1)
  expect(await disconnectedOf(scene.services, scene.orgId)).toMatchObject([{ sources: 3, clients: 2 }])
})
