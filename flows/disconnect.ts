/** A provider said no. What that means for the connection, its sources and the people who must know. */
import { ConnectorError } from '../connectors/connector.ts'
import { record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as failures from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import * as sources from '../storage/sources.ts'
import * as runs from '../storage/sync-runs.ts'
import { heldBack, noteDoubt, noteRefused } from './breaker.ts'
import { detailOf, openIncident, UNPROVEN } from './open-incident.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type Failure = {
  orgId: string
  connectionId: string
  /** The source that was being read; null when the failure is the connection's own. */
  sourceId: string | null
  error: ConnectorError
}

/**
 * Records the failure by its class; safe to call from any number of jobs at once: they disconnect once and open one
 * incident. `revoked` must come from `withCredential`, which has confirmed it. A lost account is looked for in the
 * account list before anything is said; passing trouble only delays. What many connections of a provider fail with
 * at once is held back instead.
 */
export async function noteFailure(services: Services, failure: Failure): Promise<void> {
  switch (failure.error.kind) {
    case 'revoked':
      return connectionDied(services, failure)
    case 'account_lost':
      return doubtAccounts(services, failure)
    case 'scope_missing':
      return loseScope(services, failure)
    case 'app_config':
    case 'version_sunset':
      return tellStaff(services, failure)
    case 'transient':
      return isFirstRefusal(failure.error) ? suspect(services, failure) : noteDelay(services.db, failure)
    case 'consent_failed':
    case 'rate_limited':
    case 'unknown':
      return noteDelay(services.db, failure)
    default:
      return failure.error.kind satisfies never
  }
}

/** `withCredential` says a first refusal as passing trouble, with the refusal as its cause. */
const isFirstRefusal = ({ cause }: ConnectorError) =>
  cause instanceof ConnectorError && cause.kind === 'revoked'

/** Not believed yet, and a sign all the same: many of them at once are the provider's trouble. */
async function suspect(services: Services, failure: Failure): Promise<void> {
  await services.db.transaction(async (tx) => {
    await heldBack(services, tx, failure, 'revoked')
    await noteDelay(tx, failure)
  })
}

async function connectionDied(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId } = failure
  await services.db.transaction(async (tx) => {
    if (await heldBack(services, tx, failure, 'revoked')) return
    const fallen = await failures.fall(tx, orgId, connectionId, detailOf(failure.error))
    if (!fallen) return
    await runs.stopUnder(tx, orgId, connectionId)
    const connection = await connections.byId(tx, orgId, connectionId)
    const requestId = connection?.requestId ?? null
    const { kind, ownerAction } = failure.error
    await record(tx, orgId, {
      kind: 'connection.disconnected',
      actor: 'system',
      connectionId,
      requestId,
      data: { failureClass: kind, sources: fallen.sources },
    })
    await noteRefused(services, tx, failure, kind)
    await openIncident(services, tx, { ...failure, kind: 'connection', ownerAction })
    await endLook(services, tx, orgId, connectionId)
    if (requestId) await touchCard(services, tx, orgId, requestId)
  })
}

/** Nothing can be proven with a dead connection: whatever was being verified is open again. */
async function endLook(services: Services, tx: Db, orgId: string, connectionId: string): Promise<void> {
  for (const { id: incidentId } of await incidents.openOf(tx, orgId, connectionId))
    if (await incidents.reopen(tx, orgId, incidentId, UNPROVEN, ['verifying']))
      await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}

/** A refused account may be a passing fault of the report: the job asks the account list first. */
async function doubtAccounts(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId } = failure
  await services.db.transaction(async (tx) => {
    await noteDelay(tx, failure)
    await noteDoubt(tx, failure, 'account_lost')
    await services.queue.send('check-accounts', { orgId, connectionId }, { db: tx, key: connectionId })
  })
}

/** A permission is granted per connector, so every source of that connector under the connection lacks it. */
async function loseScope(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId, sourceId } = failure
  const all = await sources.ofConnection(services.db, orgId, connectionId)
  const read = all.find(({ id }) => id === sourceId)
  const without = all.filter(({ connectorId }) => !read || connectorId === read.connectorId)
  await loseSources(services, {
    orgId,
    connectionId,
    kind: 'scope',
    failureClass: 'scope_missing',
    ids: without.map(({ id }) => id),
    detail: detailOf(failure.error),
    ownerAction: failure.error.ownerAction,
  })
}

type Loss = {
  orgId: string
  connectionId: string
  kind: 'accounts' | 'scope'
  failureClass: 'account_lost' | 'scope_missing'
  ids: string[]
  detail: string
  ownerAction: string | null
}

/** Disconnects these sources alone; the connection lives on. Says nothing when all of them were down already. */
export async function loseSources(services: Services, loss: Loss): Promise<void> {
  const { orgId, connectionId, failureClass, detail } = loss
  const all = await sources.ofConnection(services.db, orgId, connectionId)
  if (!all.some(({ id, status }) => status === 'connected' && loss.ids.includes(id))) return
  await services.db.transaction(async (tx) => {
    if (await heldBack(services, tx, loss, failureClass)) return delayThese(tx, loss)
    const lost = await sources.disconnect(tx, orgId, loss.ids, { failureClass, detail })
    if (lost.length === 0) return
    await runs.stop(tx, orgId, lost)
    await record(tx, orgId, {
      kind: 'sources.disconnected',
      actor: 'system',
      connectionId,
      data: { failureClass, sources: lost.length, sourceIds: lost },
    })
    await noteRefused(services, tx, loss, failureClass)
    await openIncident(services, tx, { ...loss, error: { kind: failureClass, message: detail } })
  })
}

async function delayThese(tx: Db, { orgId, ids, detail }: Loss): Promise<void> {
  for (const id of ids) await sources.delay(tx, orgId, id, detail)
}

/** Ours to mend: no client and no owner hears of it. */
async function tellStaff(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId, sourceId, error } = failure
  await services.db.transaction(async (tx) => {
    const held = await heldBack(services, tx, failure, error.kind)
    if (sourceId) await noteDelay(tx, failure)
    else await failures.delayAll(tx, orgId, connectionId, detailOf(error))
    if (held) return
    await noteRefused(services, tx, failure, error.kind)
    await openIncident(services, tx, { ...failure, kind: 'staff', ownerAction: null })
  })
}

async function noteDelay(db: Db, { orgId, sourceId, error }: Failure): Promise<void> {
  if (sourceId) await sources.delay(db, orgId, sourceId, detailOf(error))
}
