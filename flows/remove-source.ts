/** A data source is removed for good: nothing is read any more. Its connection goes with the last source under it. */
import * as audit from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as incidents from '../storage/incidents.ts'
import * as removals from '../storage/removals.ts'
import * as sources from '../storage/sources.ts'
import * as runs from '../storage/sync-runs.ts'
import type { Services } from './services.ts'

/** `by` as in the audit: `slack:<user id>` or `owner:<masked address>`. */
type Removal = { orgId: string; sourceId: string; by: string }

export type Removed =
  /** `last`: the credential is destroyed next, and withdrawn at the provider if nothing else needs it. */
  | { kind: 'removed'; connectorId: string; accountName: string; clientName: string; last: boolean }
  | { kind: 'removed-before' }
  | { kind: 'not-found' }

/** What a person should see before saying yes. */
export async function beforeRemoval(
  { db }: Services,
  { orgId, sourceId }: { orgId: string; sourceId: string },
): Promise<removals.Removable | null> {
  const found = await removals.find(db, orgId, sourceId)
  return found && found.status !== 'removed' ? found : null
}

/** Data that were read stay. A worker in the middle of a run is fenced out at its next page. */
export async function removeSource(services: Services, { orgId, sourceId, by }: Removal): Promise<Removed> {
  return services.db.transaction(async (tx) => {
    await removals.lockConnectionOf(tx, orgId, sourceId)
    const removed = await sources.remove(tx, orgId, sourceId, by)
    const found = await removals.find(tx, orgId, sourceId)
    if (!found) return { kind: 'not-found' }
    if (!removed) return { kind: 'removed-before' }
    const { connectionId, clientId, connectorId, accountName, clientName, last } = found
    await runs.stop(tx, orgId, [sourceId])
    await audit.record(tx, orgId, {
      ...{ kind: 'source.removed', actor: by, clientId, connectionId, sourceId },
      data: { source: accountName, connector: connectorId },
    })
    await tellIncidents(services, tx, orgId, connectionId)
    if (last)
      await services.queue.send('end-connection', { orgId, connectionId }, { db: tx, key: connectionId })
    return { kind: 'removed', connectorId, accountName, clientName, last }
  })
}

/** Cards list what is down; one about nothing any more ends. */
async function tellIncidents(services: Services, tx: Db, orgId: string, connectionId: string): Promise<void> {
  const open = await incidents.openOf(tx, orgId, connectionId)
  await removals.archiveEmptied(tx, orgId, connectionId)
  for (const { id: incidentId } of open)
    await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}
