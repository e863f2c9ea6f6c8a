/** A reconnect came back under another identity: nothing moves until an admin says so. */

import * as requests from '../storage/access-requests.ts'
import * as alerts from '../storage/alerts.ts'
import { type AuditEvent, record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as failures from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import * as moves from '../storage/moves.ts'
import * as orgs from '../storage/orgs.ts'
import { afterFinish } from './heal.ts'
import { adminsOf } from './member.ts'
import { may } from './permission.ts'
import type { Presser } from './reconnect.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type Proposal = {
  orgId: string
  requestId: string
  /** The connection that should have been healed. */
  fromConnectionId: string
  /** The connection of the identity that came instead; it holds its credential already. */
  toConnectionId: string
  /** Sources of `fromConnectionId` whose account the new identity can see. */
  sourceIds: string[]
}

/**
 * Call in Finish's transaction. One open move per pair of connections; admins are asked by the `move-card` job. What
 * hung under the new identity before is its own business and heals as after any Finish.
 */
export async function proposeMove(services: Services, tx: Db, proposal: Proposal): Promise<void> {
  const { orgId, requestId, fromConnectionId, toConnectionId, sourceIds } = proposal
  const moveId = await moves.propose(tx, orgId, proposal)
  await record(tx, orgId, {
    kind: 'move.proposed',
    actor: 'system',
    requestId,
    connectionId: fromConnectionId,
    data: { moveId, toConnectionId, sources: sourceIds.length },
  })
  await tellIncidents(
    services,
    tx,
    { orgId, connectionId: fromConnectionId },
    'incident.other-login',
    'system',
  )
  await services.queue.send('move-card', { orgId, moveId }, { db: tx, key: moveId })
  await afterFinish(services, tx, { orgId, connectionId: toConnectionId, requestId })
  await touchCard(services, tx, orgId, requestId)
}

export type Choice = 'moved' | 'kept' | 'cancelled'

export type Decided =
  | { kind: 'decided'; as: Choice; sources: number }
  /** Somebody was first. */
  | { kind: 'decided-before'; as: Choice; by: string | null; at: Date | null }
  /** The new authorisation has ended meanwhile: nothing can move to it. */
  | { kind: 'login-ended' }
  | { kind: 'gone' }
  | { kind: 'forbidden' }

/**
 * Exactly one admin decides. Moved: what is down hangs under the new connection and heals after a look, like any
 * reconnect. Otherwise: the new authorisation ends, unless something else needs it, and nothing else changes.
 */
export async function decideMove(
  services: Services,
  { orgId, userId, member }: Presser,
  { moveId, as }: { moveId: string; as: Choice },
): Promise<Decided> {
  if (!may(member, 'settings')) return { kind: 'forbidden' }
  return services.db.transaction(async (tx) => {
    const asked = await moves.get(tx, orgId, moveId)
    if (!asked) return { kind: 'gone' }
    if (
      as === 'moved' &&
      asked.status === 'open' &&
      !(await failures.lockAlive(tx, orgId, asked.toConnectionId))
    )
      return { kind: 'login-ended' }
    const move = await moves.decide(tx, orgId, moveId, { as, by: userId })
    if (!move) return decidedBefore(tx, orgId, moveId)
    const actor = `slack:${userId}`
    const moved = as === 'moved' ? await moves.repoint(tx, orgId, move) : []
    await record(tx, orgId, {
      kind: 'move.decided',
      actor,
      requestId: move.requestId,
      connectionId: move.fromConnectionId,
      data: { moveId, as, toConnectionId: move.toConnectionId, sources: moved.length, sourceIds: moved },
    })
    if (moved.length > 0) await carryOut(services, tx, move, actor)
    else await letGo(services, tx, move, actor)
    await services.queue.send('move-card', { orgId, moveId }, { db: tx, key: moveId })
    await touchCard(services, tx, orgId, move.requestId)
    return { kind: 'decided', as, sources: moved.length }
  })
}

async function decidedBefore(tx: Db, orgId: string, moveId: string): Promise<Decided> {
  const move = await moves.get(tx, orgId, moveId)
  if (!move || move.status === 'open') return { kind: 'gone' }
  return { kind: 'decided-before', as: move.status, by: move.decidedBy, at: move.decidedAt }
}

async function carryOut(services: Services, tx: Db, move: moves.Move, actor: string): Promise<void> {
  const { orgId, fromConnectionId, toConnectionId, requestId } = move
  await tellIncidents(services, tx, { orgId, connectionId: fromConnectionId }, 'incident.moved', actor)
  await afterFinish(services, tx, { orgId, connectionId: toConnectionId, requestId })
}

/** The incident is open as before; a connection that nothing needs is withdrawn and destroyed by its own job. */
async function letGo(services: Services, tx: Db, move: moves.Move, actor: string): Promise<void> {
  const { orgId, fromConnectionId, toConnectionId } = move
  for (const { id, status } of await incidents.openOf(tx, orgId, fromConnectionId))
    if (status === 'reconnecting')
      await incidents.reopen(tx, orgId, id, { failureClass: null, outcome: null })
  await tellIncidents(
    services,
    tx,
    { orgId, connectionId: fromConnectionId },
    'incident.move-declined',
    actor,
  )
  if (await moves.isUnused(tx, orgId, toConnectionId))
    await services.queue.send(
      'end-connection',
      { orgId, connectionId: toConnectionId },
      { db: tx, key: toConnectionId },
    )
}

async function tellIncidents(
  services: Services,
  tx: Db,
  { orgId, connectionId }: { orgId: string; connectionId: string },
  kind: string,
  actor: AuditEvent['actor'],
): Promise<void> {
  for (const { id: incidentId } of await incidents.openOf(tx, orgId, connectionId)) {
    await record(tx, orgId, { kind, actor, connectionId, data: { incidentId } })
    await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
  }
}

export type MoveView = {
  moveId: string
  status: moves.Move['status']
  decidedBy: string | null
  decidedAt: Date | null
  providerName: string
  fromLabel: string
  toLabel: string
  /** Whose account the new login sees, and whose it does not. */
  visible: { client: string; name: string; connectorName: string }[]
  unseen: { client: string; name: string; connectorName: string }[]
  /** Where it is asked, best first: every admin in person, the alert channel, the request's own channel. */
  route: string[][]
}

/** For the admins' card; null when there is no such move in this org. */
export async function moveView(services: Services, orgId: string, moveId: string): Promise<MoveView | null> {
  const { db } = services
  const move = await moves.get(db, orgId, moveId)
  const from = move && (await connections.byId(db, orgId, move.fromConnectionId))
  const to = move && (await connections.byId(db, orgId, move.toConnectionId))
  if (!move || !from || !to) return null
  const rows = await alerts.sourcesUnder(db, orgId, move.fromConnectionId, move.sourceIds)
  const concerned = rows.filter(({ id, status }) => status === 'disconnected' || move.sourceIds.includes(id))
  const named = (seen: boolean) =>
    concerned
      .filter(({ id }) => move.sourceIds.includes(id) === seen)
      .map((row) => ({
        client: row.clientName,
        name: row.accountName,
        connectorName: services.connectors.get(row.connectorId)?.name ?? row.connectorId,
      }))
  const provider = services.connectors.providers().find(({ id }) => id === from.provider)
  const admins = await adminsOf(services, orgId)
  const { alertChannelId } = await orgs.get(db, orgId)
  const request = await requests.get(db, orgId, move.requestId)
  return {
    moveId,
    status: move.status,
    decidedBy: move.decidedBy,
    decidedAt: move.decidedAt,
    providerName: provider?.name ?? from.provider,
    fromLabel: from.identityLabel,
    toLabel: to.identityLabel,
    visible: named(true),
    unseen: named(false),
    route: [
      admins.map(({ slackUserId }) => slackUserId),
      alertChannelId ? [alertChannelId] : [],
      request ? [request.channelId] : [],
    ],
  }
}
