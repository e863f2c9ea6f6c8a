/** Finds what fell between two chairs: work, messages and permissions whose job is gone, zones nobody awaits. */
import type { Db } from '../storage/db.ts'
import * as deliveries from '../storage/deliveries.ts'
import * as held from '../storage/held-credentials.ts'
import * as zones from '../storage/refresh-zones.ts'
import * as runs from '../storage/sync-runs.ts'
import { refreshKey } from './refresh.ts'
import type { Queue, Services } from './services.ts'
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
    for (const run of await runs.silentOfAllOrgs(tx)) await sendAgain(queue, tx, run)
    for (const waiting of await deliveries.waitingOfAllOrgs(tx))
      await queue.send('deliver', waiting, { db: tx, key: waiting.deliveryId })
    for (const stray of await held.strayOfAllOrgs(tx)) await queue.send('destroy-held', stray, { db: tx })
  })
}

/** Under the very key it was first sent with: a job that waits out a provider's rate limit must not be overtaken. */
async function sendAgain(queue: Queue, tx: Db, run: runs.SilentRun): Promise<void> {
  const { id: runId, orgId, sourceId, connectionId, timeZone, key: day } = run
  switch (run.kind) {
    case 'backfill':
      return queue.send('backfill', { orgId, sourceId }, { db: tx, key: sourceId })
    case 'daily':
      return queue.send(
        'daily-refresh',
        { orgId, connectionId, timeZone, day },
        { db: tx, key: refreshKey(connectionId, timeZone, day) },
      )
    case 'catch-up':
    case 'manual':
      return queue.send('sync-source', { orgId, sourceId, runId }, { db: tx, key: String(runId) })
    default:
      run.kind satisfies never
  }
}
