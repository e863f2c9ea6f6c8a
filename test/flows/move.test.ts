/** Another login came back: nothing moves by itself, one admin decides, and what is let go is let go. */
import { expect, test } from 'vitest'
import { noteFailure } from '../../flows/disconnect.ts'
import { heal } from '../../flows/heal.ts'
import { decideMove, proposeMove } from '../../flows/move.ts'
import * as incidents from '../../storage/incidents.ts'
import { freshDatabase } from '../support/database.ts'
import {
  condemn,
  connect,
  failure,
  jobsNamed,
  openScene,
  presser,
  type Scene,
} from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const signal = new AbortController().signal

type Proposed = Scene & { toConnectionId: string; moveId: string; requestId: string }

/** The old login is dead; another one signed in, which sees `visible`. */
async function proposed(accounts: Record<string, string[]>, visible: string[]): Promise<Proposed> {
  const scene = await openScene(db, accounts)
  const { orgId, connectionId, services } = scene
  await condemn(services, connectionId)
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  const [client] = await db.sql<{ id: string }[]>`select id from client where org_id = ${orgId} limit 1`
  const [request] = await db.sql<{ id: string }[]>`
    insert into access_request (org_id, client_id, purpose, connection_id, requested_by, channel_id, status)
    values (${orgId}, ${client?.id ?? ''}, 'reconnect', ${connectionId}, 'UMEMBER', 'C1', 'finished') returning id`
  const requestId = request?.id ?? ''
  const toConnectionId = await connect(services, orgId, 'other', 'other@example.com')
  const sourceIds = visible.map((key) => scene.sources[key] ?? '')
  scene.sent.length = 0
  await db.transaction((tx) =>
    proposeMove(services, tx, {
      orgId,
      requestId,
      fromConnectionId: connectionId,
      toConnectionId,
      sourceIds,
    }),
  )
  const [move] = await db.sql<{ id: string }[]>`select id from move where org_id = ${orgId}`
  return { ...scene, toConnectionId, requestId, moveId: move?.id ?? '' }
}

const decide = (scene: Proposed, as: 'moved' | 'kept' | 'cancelled', role: 'admin' | 'manager' = 'admin') =>
  decideMove(scene.services, presser(scene.orgId, 'UADMIN', role), { moveId: scene.moveId, as })
const look = (scene: Proposed) =>
  heal(
    scene.services,
    { orgId: scene.orgId, connectionId: scene.toConnectionId, requestId: scene.requestId },
    { signal, last: false },
  )
const where = async ({ orgId }: Scene) =>
  db.sql<{ connectionId: string; status: string }[]>`
    select connection_id, status from source where org_id = ${orgId} order by account_id`
const incidentOf = async ({ orgId, connectionId }: Scene) => {
  const [row] = await db.sql<{ id: string }[]>`
    select id from incident where org_id = ${orgId} and connection_id = ${connectionId}`
  return incidents.get(db, orgId, row?.id ?? '')
}

test('another login heals nothing, also when the heal job runs for it', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  expect(jobsNamed(scene.sent, 'move-card')).toHaveLength(1)
  await look(scene)
  expect(await where(scene)).toMatchObject([{ connectionId: scene.connectionId, status: 'disconnected' }])
  expect(await incidentOf(scene)).toMatchObject({ status: 'open' })
})

test('only an admin decides', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  expect(await decide(scene, 'moved', 'manager')).toEqual({ kind: 'forbidden' })
  expect(await where(scene)).toMatchObject([{ connectionId: scene.connectionId }])
})

test('moved: the sources hang under the new login, heal after a look, and the old alert is resolved', async () => {
  const scene = await proposed({ a1: ['Acme'], a2: ['Beta'] }, ['a1/Acme', 'a2/Beta'])
  expect(await decide(scene, 'moved')).toEqual({ kind: 'decided', as: 'moved', sources: 2 })
  const moved = { connectionId: scene.toConnectionId }
  expect(await where(scene)).toMatchObject([
    { ...moved, status: 'disconnected' },
    { ...moved, status: 'disconnected' },
  ])
  expect(await look(scene)).toEqual({ kind: 'settled', healed: 2, notHealed: 0 })
  expect(await incidentOf(scene)).toMatchObject({ status: 'resolved' })
  const runs = await db.sql`select 1 from sync_run where org_id = ${scene.orgId} and kind = 'catch-up'`
  expect(runs).toHaveLength(2)
  expect(jobsNamed(scene.sent, 'end-connection')).toMatchObject([
    { payload: { connectionId: scene.connectionId } },
  ])
})

test('moved in part: what the new login cannot see stays where it was, and the alert stays open for it', async () => {
  const scene = await proposed({ a1: ['Acme'], a2: ['Beta'] }, ['a1/Acme'])
  await decide(scene, 'moved')
  await look(scene)
  expect(await where(scene)).toMatchObject([
    { connectionId: scene.toConnectionId, status: 'connected' },
    { connectionId: scene.connectionId, status: 'disconnected' },
  ])
  expect(await incidentOf(scene)).toMatchObject({
    status: 'open',
    outcome: {
      healed: [scene.sources['a1/Acme']],
      notHealed: [{ sourceId: scene.sources['a2/Beta'], why: 'revoked' }],
    },
  })
  expect(jobsNamed(scene.sent, 'end-connection')).toEqual([])
})

test.each(['kept', 'cancelled'] as const)('%s: nothing moves and the new authorisation ends', async (as) => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  expect(await decide(scene, as)).toMatchObject({ kind: 'decided', as })
  expect(await where(scene)).toMatchObject([{ connectionId: scene.connectionId, status: 'disconnected' }])
  expect(jobsNamed(scene.sent, 'end-connection')).toMatchObject([
    { payload: { connectionId: scene.toConnectionId } },
  ])
  expect(await incidentOf(scene)).toMatchObject({ status: 'open' })
})

test('a new login that feeds sources of its own is kept with them', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  await db.sql`
    insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name)
    select org_id, id, ${scene.toConnectionId}, 'tiny-ads', 'own', 'Own' from client where org_id = ${scene.orgId}`
  await decide(scene, 'kept')
  expect(jobsNamed(scene.sent, 'end-connection')).toEqual([])
})

test('of many who press at once one decides, and the others learn who', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  const outcomes = await Promise.all([
    ...Array.from({ length: 5 }, () => decide(scene, 'moved')),
    ...Array.from({ length: 5 }, () => decide(scene, 'kept')),
  ])
  expect(outcomes.filter(({ kind }) => kind === 'decided')).toHaveLength(1)
  expect(outcomes.filter(({ kind }) => kind === 'decided-before')).toHaveLength(9)
})

test('nothing moves to a login that has died meanwhile', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  await condemn(scene.services, scene.toConnectionId)
  expect(await decide(scene, 'moved')).toEqual({ kind: 'login-ended' })
  expect(await where(scene)).toMatchObject([{ connectionId: scene.connectionId }])
})

test('the old login that comes back after all answers the question by itself', async () => {
  const scene = await proposed({ a1: ['Acme'] }, ['a1/Acme'])
  const { services, orgId, connectionId, toConnectionId } = scene
  await connect(services, orgId, 'owner', 'owner@example.com')
  scene.sent.length = 0
  await heal(services, { orgId, connectionId, requestId: null }, { signal, last: false })
  expect(await incidentOf(scene)).toMatchObject({ status: 'resolved' })
  const [move] = await db.sql`select status, decided_by from move where id = ${scene.moveId}`
  expect(move).toEqual({ status: 'kept', decidedBy: null })
  expect(jobsNamed(scene.sent, 'move-card')).toHaveLength(1)
  expect(jobsNamed(scene.sent, 'end-connection')).toMatchObject([{ key: toConnectionId }])
  expect(await decide(scene, 'moved')).toMatchObject({ kind: 'decided-before', as: 'kept', by: null })
})
