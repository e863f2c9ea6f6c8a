/** A provider said no. What that means for the connection, its sources and the people who must know. */
import type { ConnectorError } from '../connectors/connector.ts'
import { record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as failures from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import * as sources from '../storage/sources.ts'
import * as runs from '../storage/sync-runs.ts'
import { enqueueDelivery } from './deliver.ts'
import { adminsOf } from './member.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type Failure = {
  orgId: string
  connectionId: string
  /** The source that was being read; null when the failure is the connection's own. */
  sourceId: string | null
  error: ConnectorError
}

const DETAIL_MAX = 300
const UNPROVEN = { failureClass: null, outcome: null }

/**
 * Records the failure by its class; safe to call from any number of jobs at once: they disconnect once and open one
 * incident. `revoked` must come from `withCredential`, which has confirmed it. A lost account is looked for in the
 * account list before anything is said; passing trouble only delays.
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
    case 'consent_failed':
    case 'rate_limited':
    case 'transient':
    case 'unknown':
      return noteDelay(services.db, failure)
    default:
      return failure.error.kind satisfies never
  }
}

async function connectionDied(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId } = failure
  await services.db.transaction(async (tx) => {
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
  await services.db.transaction(async (tx) => {
    const lost = await sources.disconnect(tx, orgId, loss.ids, { failureClass, detail })
    if (lost.length === 0) return
    await runs.stop(tx, orgId, lost)
    await record(tx, orgId, {
      kind: 'sources.disconnected',
      actor: 'system',
      connectionId,
      data: { failureClass, sources: lost.length, sourceIds: lost },
    })
    await openIncident(services, tx, { ...loss, error: { kind: failureClass, message: detail } })
  })
}

/** Ours to mend: no client and no owner hears of it. */
async function tellStaff(services: Services, failure: Failure): Promise<void> {
  const { orgId, connectionId, sourceId, error } = failure
  await services.db.transaction(async (tx) => {
    if (sourceId) await noteDelay(tx, failure)
    else await failures.delayAll(tx, orgId, connectionId, detailOf(error))
    await openIncident(services, tx, { ...failure, kind: 'staff', ownerAction: null })
  })
}

async function noteDelay(db: Db, { orgId, sourceId, error }: Failure): Promise<void> {
  if (sourceId) await sources.delay(db, orgId, sourceId, detailOf(error))
}

type Opening = {
  orgId: string
  connectionId: string
  kind: incidents.IncidentKind
  error: Pick<ConnectorError, 'kind' | 'message'>
  ownerAction: string | null
}

/** One open incident per connection and kind; a later failure of the same kind only brings its card up to date. */
export async function openIncident(services: Services, tx: Db, opening: Opening): Promise<void> {
  const { orgId, connectionId, kind, error, ownerAction } = opening
  const incidentId = await incidents.open(tx, orgId, {
    connectionId,
    kind,
    failureClass: error.kind,
    detail: detailOf(error),
    ownerAction,
  })
  if (!incidentId) {
    await touchIncident(services, tx, opening)
    return
  }
  await record(tx, orgId, {
    kind: 'incident.opened',
    actor: 'system',
    connectionId,
    data: { incidentId, kind, failureClass: error.kind },
  })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
  if (kind !== 'staff') await mailAdmins(services, tx, orgId, incidentId)
}

/** An incident found verifying is open again: what looked mended has failed. */
async function touchIncident(services: Services, tx: Db, { orgId, connectionId, kind }: Opening) {
  for (const { id, kind: of } of await incidents.openOf(tx, orgId, connectionId)) {
    if (of !== kind) continue
    await incidents.reopen(tx, orgId, id, UNPROVEN, ['verifying'])
    await services.queue.send('incident-card', { orgId, incidentId: id }, { db: tx, key: id })
  }
}

async function mailAdmins(services: Services, tx: Db, orgId: string, incidentId: string): Promise<void> {
  for (const { email, alertMail, slackUserId } of await adminsOf({ db: tx }, orgId)) {
    if (!email || !alertMail) continue
    await enqueueDelivery(services, tx, {
      orgId,
      kind: 'alert',
      channel: 'mail',
      address: email,
      subjectId: incidentId,
      dedupeKey: alertMailKey(incidentId, slackUserId),
    })
  }
}

/** One alert mail per incident and admin, whether subscribed to or the last way to be heard. */
export const alertMailKey = (incidentId: string, slackUserId: string) => `alert:${incidentId}:${slackUserId}`

/** The provider's own words, cut. ConnectorError keeps secrets out of its message. */
function detailOf({ message }: { message: string }): string {
  return message.replace(/\s+/g, ' ').slice(0, DETAIL_MAX)
}
