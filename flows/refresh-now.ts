/** "Refresh now": reads what tonight's refresh would, at once. */
import * as audit from '../storage/audit.ts'
import * as sources from '../storage/sources.ts'
import { planManual } from './backfill.ts'
import type { Services } from './services.ts'

export type Refreshed =
  | { kind: 'started'; accountName: string }
  /** Nothing can be read: it is disconnected, or no day is over yet. */
  | { kind: 'not-now'; accountName: string; disconnected: boolean }
  | { kind: 'not-found' }

/** Pressed twice, it reads once: while a manual run is open no second one is made. */
export async function refreshNow(
  services: Services,
  { orgId, sourceId, by }: { orgId: string; sourceId: string; by: string },
): Promise<Refreshed> {
  return services.db.transaction(async (tx) => {
    const source = await sources.byId(tx, orgId, sourceId)
    if (!source || source.status === 'removed') return { kind: 'not-found' }
    const { accountName, clientId, connectionId } = source
    if (!(await planManual(services, tx, { orgId, sourceId })))
      return { kind: 'not-now', accountName, disconnected: source.status === 'disconnected' }
    await audit.record(tx, orgId, {
      ...{ kind: 'source.refreshed', actor: `slack:${by}`, clientId, connectionId, sourceId },
    })
    return { kind: 'started', accountName }
  })
}
