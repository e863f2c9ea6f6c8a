/** Finds what fell between two chairs: open runs nobody works on, and zones whose midnight nobody awaits. */
import * as zones from '../storage/refresh-zones.ts'
import * as runs from '../storage/sync-runs.ts'
import type { Services } from './services.ts'
import { awaitMidnight } from './time-zone.ts'

/**
 * For the tick. An open run without a sign of life for ten real minutes gets its job again; where one is still waiting
 * or running, the queue's exclusive keys make that nothing.
 */
export async function reconcile(services: Services): Promise<void> {
  const { db, queue } = services
  for (const { orgId, timeZone } of await zones.missingOfAllOrgs(db))
    await db.transaction((tx) => awaitMidnight(tx, orgId, timeZone))
  await db.transaction(async (tx) => {
    for (const { id: runId, orgId, sourceId, kind } of await runs.silentOfAllOrgs(tx))
      if (kind === 'backfill') await queue.send('backfill', { orgId, sourceId }, { db: tx, key: sourceId })
      else await queue.send('sync-source', { orgId, sourceId, runId }, { db: tx, key: String(runId) })
  })
}
