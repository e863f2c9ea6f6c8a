/** A connection is authorised again: nothing counts as healed before the provider has answered for it. */
import type { Db } from '../storage/db.ts'
import type { Services } from './services.ts'

/** Call in Finish's transaction when the connection existed before. The `heal` job does the looking and healing. */
export async function afterFinish(
  services: Services,
  tx: Db,
  { orgId, connectionId, requestId }: { orgId: string; connectionId: string; requestId: string | null },
): Promise<void> {
  await services.queue.send('heal', { orgId, connectionId, requestId }, { db: tx, key: connectionId })
}
