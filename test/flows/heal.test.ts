/** Healing: across clients, only what has answered, the missed days exactly, and never a false "resolved". */
import { expect, test } from 'vitest'
import { noteFailure } from '../../flows/disconnect.ts'
import { heal } from '../../flows/heal.ts'
import { issueLink } from '../../flows/issue-link.ts'
import * as connections from '../../storage/connections.ts'
import * as incidents from '../../storage/incidents.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { condemn, connect, failure, jobsNamed, openScene, type Scene } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const signal = new AbortController().signal

/** Dead since 2026-11-11, authorised again on the 20th; nothing looked at yet. */
async function reconnected(accounts: Record<string, string[]>): Promise<Scene> {
  const scene = await openScene(db, accounts)
  const { orgId, connectionId, services } = scene
  await condemn(services, connectionId)
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  await connect(services, orgId, 'owner', 'owner@example.com')
  scene.sent.length = 0
  return scene
}

const look = (scene: Scene, last = false) =>
  heal(
    scene.services,
    { orgId: scene.orgId, connectionId: scene.connectionId, requestId: null },
    { signal, last },
  )
const latest = async ({ orgId, connectionId }: Scene) => {
  const [row] = await db.sql<{ id: string }[]>`
    select id from incident where org_id = ${orgId} and connection_id = ${connectionId} order by opened_at desc limit 1`
  return incidents.get(db, orgId, row?.id ?? '')
}
const statuses = async ({ orgId }: Scene) =>
  Object.fromEntries(
    (
      await db.sql<{ id: string; status: string; failureClass: string | null }[]>`
        select id, status, failure_class from source where org_id = ${orgId}`
    ).map(({ id, status, failureClass }) => [id, failureClass ? `${status} ${failureClass}` : status]),
  )

test('every source under the connection heals, of every client, and each account is asked once', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const scene = await reconnected({ a1: ['Acme', 'Beta'], a2: ['Gamma'] })
  expect(await look(scene)).toEqual({ kind: 'settled', healed: 3, notHealed: 0 })
  expect(Object.values(await statuses(scene))).toEqual(['connected', 'connected', 'connected'])
  expect(scene.answers.probed.sort()).toEqual(['a1', 'a2'])
  expect(await latest(scene)).toMatchObject({ status: 'resolved', outcome: { notHealed: [] } })

  const runs = await db.sql`
    select kind, from_day, to_day from sync_run where org_id = ${scene.orgId} and kind = 'catch-up'`
  expect(runs).toHaveLength(3)
  for (const run of runs) expect(run).toMatchObject({ fromDay: '2026-11-11' })
  await setClock(db, null)
})

test('an account the login no longer sees stays down and says why, while the others heal', async () => {
  const scene = await reconnected({ a1: ['Acme'], a2: ['Beta'] })
  scene.answers.listed = ['a1']
  expect(await look(scene)).toEqual({ kind: 'settled', healed: 1, notHealed: 1 })
  const lost = scene.sources['a2/Beta'] ?? ''
  expect(await statuses(scene)).toMatchObject({ [lost]: 'disconnected account_lost' })
  expect(await latest(scene)).toMatchObject({
    status: 'resolved',
    outcome: { healed: [scene.sources['a1/Acme']], notHealed: [{ sourceId: lost, why: 'account_lost' }] },
  })
  expect(jobsNamed(scene.sent, 'incident-card').length).toBeGreaterThan(0)
})

test('an account that is listed but whose report is refused does not heal', async () => {
  const scene = await reconnected({ a1: ['Acme'], a2: ['Beta'] })
  scene.answers.reports.a2 = 'account_lost'
  expect(await look(scene)).toMatchObject({ healed: 1, notHealed: 1 })
})

test('nothing healed is not called resolved: the incident is open again with the new reason', async () => {
  const scene = await reconnected({ a1: ['Acme'], a2: ['Beta'] })
  scene.answers.listed = []
  expect(await look(scene)).toEqual({ kind: 'settled', healed: 0, notHealed: 2 })
  expect(await latest(scene)).toMatchObject({
    status: 'open',
    failureClass: 'account_lost',
    resolvedAt: null,
  })
})

test('a provider that cannot answer is asked again: what answered heals now, nothing is resolved before the rest', async () => {
  const scene = await reconnected({ a1: ['Acme'], a2: ['Beta'] })
  scene.answers.reports.a2 = 'transient'
  expect(await look(scene)).toEqual({ kind: 'again', unasked: 1 })
  expect(await latest(scene)).toMatchObject({ status: 'verifying', resolvedAt: null })
  expect(Object.values(await statuses(scene)).sort()).toEqual(['connected', 'disconnected revoked'])

  expect(await look(scene, true), 'nobody asks again').toMatchObject({ kind: 'settled', notHealed: 1 })
  expect(await latest(scene)).toMatchObject({ status: 'open', resolvedAt: null })

  scene.answers.reports = {}
  expect(await look(scene)).toEqual({ kind: 'settled', healed: 1, notHealed: 0 })
  const incident = await latest(scene)
  expect(incident).toMatchObject({ status: 'resolved', outcome: { notHealed: [] } })
  expect(incident?.outcome?.healed).toHaveLength(2)
})

test('both healed in two looks are both listed', async () => {
  const scene = await reconnected({ a1: ['Acme'], a2: ['Beta'] })
  scene.answers.reports.a2 = 'rate_limited'
  await look(scene)
  scene.answers.reports = {}
  await look(scene)
  const incident = await latest(scene)
  expect(incident?.status).toBe('resolved')
  expect(incident?.outcome?.healed.sort()).toEqual(Object.values(scene.sources).sort())
})

test('an authorisation that dies during the look heals nothing and leaves the alert open', async () => {
  const scene = await reconnected({ a1: ['Acme'] })
  scene.answers.listed = 'revoked'
  await condemn(scene.services, scene.connectionId)
  expect(await look(scene)).toEqual({ kind: 'nothing' })
  expect((await connections.byId(db, scene.orgId, scene.connectionId))?.status).toBe('disconnected')
  expect(await latest(scene)).toMatchObject({ status: 'open', resolvedAt: null })
})

test('a look at a connection that is still dead changes nothing', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await condemn(scene.services, scene.connectionId)
  const { orgId, connectionId } = scene
  await noteFailure(scene.services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  expect(await look(scene)).toEqual({ kind: 'nothing' })
  expect(await latest(scene)).toMatchObject({ status: 'open' })
})

test('two looks at once heal each source once and resolve once', async () => {
  const scene = await reconnected({ a1: ['Acme', 'Beta'], a2: ['Acme'] })
  await Promise.all([look(scene), look(scene), look(scene)])
  expect(Object.values(await statuses(scene))).toEqual(['connected', 'connected', 'connected'])
  const resolved = await db.sql`
    select 1 from audit_event where org_id = ${scene.orgId} and kind = 'incident.resolved'`
  expect(resolved).toHaveLength(1)
  const incident = await latest(scene)
  expect(incident?.outcome?.healed).toHaveLength(3)
})

test('an owner who was asked and has not begun is left in peace once it is mended', async () => {
  const scene = await reconnected({ a1: ['Acme'] })
  const { orgId, connectionId, services, clients } = scene
  const ask = async (status: string) => {
    const [row] = await db.sql<{ id: string }[]>`
      insert into access_request (org_id, client_id, purpose, connection_id, requested_by, channel_id, status)
      values (${orgId}, ${clients[0] ?? ''}, 'reconnect', ${connectionId}, 'UMEMBER', 'C1', ${status}) returning id`
    return row?.id ?? ''
  }
  const [asked, begun] = [await ask('sent'), await ask('started')]
  await db.transaction((tx) =>
    issueLink(services, tx, { orgId, requestId: asked, by: 'UMEMBER', reserved: null }),
  )
  await look(scene)
  const rows = await db.sql<
    { id: string; status: string }[]
  >`select id, status from access_request where org_id = ${orgId}`
  const status = Object.fromEntries(rows.map((row) => [row.id, row.status]))
  expect(status).toEqual({ [asked]: 'superseded', [begun]: 'started' })
  const [link] = await db.sql`select status from auth_link where org_id = ${orgId}`
  expect(link?.status).toBe('superseded')
})

test('sources another org hangs under its own connection of the same person stay as they are', async () => {
  const scene = await reconnected({ a1: ['Acme'] })
  const other = await openScene(db, { a1: ['Acme'] })
  await db.sql`update source set status = 'disconnected', failure_class = 'revoked' where org_id = ${other.orgId}`
  await look(scene)
  expect(Object.values(await statuses(other))).toEqual(['disconnected revoked'])
})

test('a gap that an earlier reconnect left unread is planned anew, up to yesterday', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const scene = await reconnected({ a1: ['Acme'] })
  const { orgId, connectionId, services } = scene
  await look(scene)
  await setClock(db, '2026-11-25T12:00:00Z')
  await condemn(services, connectionId)
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  expect(await db.sql`select status from sync_run where org_id = ${orgId}`).toEqual([{ status: 'stopped' }])
  await connect(services, orgId, 'owner', 'owner@example.com')
  await look(scene)
  const open = await db.sql`
    select from_day, to_day from sync_run where org_id = ${orgId} and kind = 'catch-up' and status = 'queued'`
  expect(open).toEqual([{ fromDay: '2026-11-11', toDay: '2026-11-24' }])
  await setClock(db, null)
})

test('a source removed during the look keeps no alert open', async () => {
  const scene = await openScene(db, { a1: ['Acme'], a2: ['Beta'] })
  const { orgId, connectionId, services, sources } = scene
  await db.sql`update source set status = 'disconnected', failure_class = 'account_lost' where org_id = ${orgId}`
  await db.sql`
    insert into incident (org_id, connection_id, kind, failure_class)
    values (${orgId}, ${connectionId}, 'accounts', 'account_lost')`
  scene.answers.listed = ['a1']
  let begun = 0
  const between: typeof db.transaction = async (work) => {
    if (++begun === 2)
      await db.sql`update source set status = 'removed' where id = ${sources['a2/Beta'] ?? ''}`
    return db.transaction(work)
  }
  const racing = { ...services, db: { ...db, transaction: between } }
  await heal(racing, { orgId, connectionId, requestId: null }, { signal, last: false })
  const healed = [sources['a1/Acme']]
  expect(await latest(scene)).toMatchObject({ status: 'resolved', outcome: { healed, notHealed: [] } })
})
