/** What Finish leaves over: accounts that hang under another login already, logins nothing hangs under, other browsers. */
import type { Db } from '../../storage/db.ts'
import * as held from '../../storage/held-credentials.ts'
import * as moves from '../../storage/moves.ts'
import { proposeMove } from '../move.ts'
import type { Services } from '../services.ts'

type Made = { orgId: string; requestId: string; connectionId: string }

/**
 * A source that is down under another login may go on under this one, if an admin says so; one that works stays where
 * it is. A connection that nothing came to hang under, and no move waits for, ends.
 */
export async function settleElsewhere(
  services: Services,
  tx: Db,
  { orgId, requestId, connectionId }: Made,
  elsewhere: { id: string; connectionId: string }[],
): Promise<void> {
  for (const [fromConnectionId, down] of Map.groupBy(elsewhere, (source) => source.connectionId)) {
    const sourceIds = down.map(({ id }) => id)
    const proposal = { orgId, requestId, fromConnectionId, toConnectionId: connectionId, sourceIds }
    await proposeMove(services, tx, proposal)
  }
  if (await moves.isUnused(tx, orgId, connectionId))
    await services.queue.send('end-connection', { orgId, connectionId }, { db: tx, key: connectionId })
}

/** Whoever signed in with the same link in another browser can no longer finish: that permission is given back. */
export async function dropOthers(
  services: Services,
  tx: Db,
  { orgId, linkId }: { orgId: string; linkId: string },
): Promise<void> {
  if ((await held.ofLink(tx, orgId, linkId)).length === 0) return
  await services.queue.send('destroy-held', { orgId, linkId }, { db: tx })
}
