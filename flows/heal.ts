/** A connection is authorised again: nothing counts as healed before the provider has answered for it. */
import { ConnectorError } from '../connectors/connector.ts'
import * as requests from '../storage/access-requests.ts'
import { record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as failures from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import * as moves from '../storage/moves.ts'
import * as sources from '../storage/sources.ts'
import { planCatchUp } from './backfill.ts'
import { noteFailure } from './disconnect.ts'
import { refusals, visibleAccounts } from './live-probe.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'
import { type Settlement, settleIncident } from './settle-incident.ts'
import { supersedeReconnects } from './supersede-reconnects.ts'

export type Healing = { orgId: string; connectionId: string; requestId: string | null }

/** Call in Finish's transaction when the connection existed before. The `heal` job does the looking and healing. */
export async function afterFinish(services: Services, tx: Db, healing: Healing): Promise<void> {
  await services.queue.send('heal', healing, { db: tx, key: healing.connectionId })
}

export type Healed =
  /** Nothing was down, or the connection has fallen again meanwhile. */
  | { kind: 'nothing' }
  | { kind: 'settled'; healed: number; notHealed: number }
  /** Some sources could not be asked; the others are healed already. */
  | { kind: 'again'; unasked: number }

/**
 * Asks the provider for the account list and for a page of data per account, then heals exactly the sources that
 * answered, of every client, and plans the days they missed. `last`: what cannot be asked now stays down and is said so.
 */
export async function heal(
  services: Services,
  healing: Healing,
  { signal, last }: { signal: AbortSignal; last: boolean },
): Promise<Healed> {
  const { orgId, connectionId } = healing
  const connection = await connections.byId(services.db, orgId, connectionId)
  const all = await sources.ofConnection(services.db, orgId, connectionId)
  const down = all.filter(({ status }) => status === 'disconnected')
  const concerned = [connectionId, ...(await moves.unsettledInto(services.db, orgId, connectionId))]
  if (connection?.status !== 'connected') return { kind: 'nothing' }
  if (!(await announce(services, healing, concerned))) return { kind: 'nothing' }
  try {
    const verdicts = await judge(services, healing, down, signal)
    return await services.db.transaction((tx) =>
      settle(services, tx, { healing, concerned, down, verdicts, last }),
    )
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'revoked') throw error
    await noteFailure(services, { orgId, connectionId, sourceId: null, error })
    return { kind: 'nothing' }
  }
}

/** False: it has fallen again, and its incident stays open. */
async function announce(services: Services, healing: Healing, connectionIds: string[]): Promise<boolean> {
  const { orgId } = healing
  return services.db.transaction(async (tx) => {
    if (!(await failures.lockConnected(tx, orgId, healing.connectionId))) return false
    for (const connectionId of connectionIds)
      for (const incidentId of await incidents.markVerifying(tx, orgId, connectionId)) {
        const data = { incidentId }
        await record(tx, orgId, { kind: 'incident.verifying', actor: 'system', connectionId, data })
        await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
      }
    return true
  })
}

/** 'unasked': the provider could not answer. */
type Verdict = 'alive' | 'account_lost' | 'scope_missing' | 'unasked'
/** By source id. */
type Verdicts = Map<string, Verdict>

/** Throws ConnectorError `revoked` when the new authorisation is dead as well. */
async function judge(
  services: Services,
  { orgId, connectionId }: Healing,
  down: sources.Source[],
  signal: AbortSignal,
): Promise<Verdicts> {
  const verdicts: Verdicts = new Map()
  for (const connectorId of new Set(down.map((source) => source.connectorId))) {
    const own = down.filter((source) => source.connectorId === connectorId)
    const connector = services.connectors.get(connectorId)
    const connected = { orgId, connectionId }
    const listed = connector
      ? await visibleAccounts(services, connected, connector, signal).catch(verdictOf)
      : ('unasked' as const)
    const seen = typeof listed === 'string' ? [] : own.filter(({ accountId }) => listed.has(accountId))
    const refused = connector ? await refusals(services, connected, connector, seen, signal) : new Map()
    const unlisted = typeof listed === 'string' ? listed : 'account_lost'
    for (const { id } of own) {
      const error = refused.get(id)
      verdicts.set(id, error === undefined ? unlisted : error === null ? 'alive' : verdictOf(error))
    }
  }
  return verdicts
}

function verdictOf(error: unknown): 'account_lost' | 'scope_missing' | 'unasked' {
  if (!(error instanceof ConnectorError) || error.kind === 'revoked') throw error
  return error.kind === 'account_lost' || error.kind === 'scope_missing' ? error.kind : 'unasked'
}

type Settling = {
  healing: Healing
  concerned: string[]
  down: sources.Source[]
  verdicts: Verdicts
  last: boolean
}

async function settle(services: Services, tx: Db, settling: Settling): Promise<Healed> {
  const { healing, concerned, verdicts, last } = settling
  const { orgId, connectionId, requestId } = healing
  if (!(await failures.lockAlive(tx, orgId, connectionId))) return { kind: 'nothing' }
  const down = await stillDownOf(tx, settling)
  const alive = down.filter(({ id }) => verdicts.get(id) === 'alive').map(({ id }) => id)
  const healed = await failures.rise(tx, orgId, connectionId, alive)
  const stillDown = down.flatMap(({ id }) => {
    const why = verdicts.get(id)
    return why === 'account_lost' || why === 'scope_missing'
      ? [{ sourceId: id, failureClass: why, detail: WHY[why] }]
      : []
  })
  await failures.keepDown(tx, orgId, stillDown)
  for (const sourceId of healed) await planCatchUp(services, tx, { orgId, sourceId })

  const unasked = down.filter(({ id }) => verdicts.get(id) === 'unasked').map(({ id }) => id)
  const by = await authoriser(tx, orgId, requestId)
  const settlement: Settlement = { orgId, by, down, healed, stillDown, unasked, last }
  for (const id of concerned)
    for (const incident of await incidents.openOf(tx, orgId, id))
      await settleIncident(services, tx, incident, settlement)
  await endEmptied(services, tx, orgId, concerned.slice(1))
  const notHealed = stillDown.length + unasked.length
  if (unasked.length > 0 && !last) {
    if (healed.length > 0) await note(services, tx, healing, { healed: healed.length, notHealed })
    return { kind: 'again', unasked: unasked.length }
  }
  for (const id of concerned) await supersedeReconnects(services, tx, { orgId, connectionId: id })
  if (down.length > 0) await note(services, tx, healing, { healed: healed.length, notHealed })
  return { kind: 'settled', healed: healed.length, notHealed }
}

/** Without what was removed, moved or healed while the provider was asked. */
async function stillDownOf(tx: Db, { healing, down }: Settling): Promise<sources.Source[]> {
  const now = await sources.ofConnection(tx, healing.orgId, healing.connectionId)
  return down.filter(({ id }) => now.some((one) => one.id === id && one.status === 'disconnected'))
}

/** What everything has moved away from, and nobody is alarmed about any more. */
async function endEmptied(services: Services, tx: Db, orgId: string, connectionIds: string[]): Promise<void> {
  for (const connectionId of connectionIds) {
    const alarming = await incidents.openOf(tx, orgId, connectionId)
    if (alarming.some(({ kind }) => kind !== 'expiring' && kind !== 'degraded')) continue
    if (await moves.isUnused(tx, orgId, connectionId))
      await services.queue.send('end-connection', { orgId, connectionId }, { db: tx, key: connectionId })
  }
}

async function authoriser(tx: Db, orgId: string, requestId: string | null): Promise<string> {
  const request = requestId ? await requests.get(tx, orgId, requestId) : undefined
  if (!request) return 'system'
  return request.forSelf ? `slack:${request.requestedBy}` : 'owner'
}

const WHY = {
  account_lost: 'not in the list of accounts this login can see',
  scope_missing: 'a permission was not granted',
}

async function note(
  services: Services,
  tx: Db,
  healing: Healing,
  data: { healed: number; notHealed: number },
) {
  const { orgId, connectionId, requestId } = healing
  await record(tx, orgId, { kind: 'connection.healed', actor: 'system', connectionId, requestId, data })
  if (requestId) await touchCard(services, tx, orgId, requestId)
}
