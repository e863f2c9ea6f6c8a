/** A move that nobody has to decide any more: the old login came back before an admin answered. */
import type { Db } from '../storage/db.ts'
import * as moves from '../storage/moves.ts'
import type { Services } from './services.ts'

/**
 * Call when the connection's incident is resolved. The question is answered as "kept", by nobody; the authorisation
 * that came instead ends by its own job unless something else needs it.
 */
export async function closeMovesFrom(
  services: Services,
  tx: Db,
  orgId: string,
  connectionId: string,
): Promise<void> {
  for (const { id: moveId, toConnectionId } of await moves.closeHealed(tx, orgId, connectionId)) {
    await services.queue.send('move-card', { orgId, moveId }, { db: tx, key: moveId })
    if (await moves.isUnused(tx, orgId, toConnectionId))
      await services.queue.send(
        'end-connection',
        { orgId, connectionId: toConnectionId },
        { db: tx, key: toConnectionId },
      )
  }
}
