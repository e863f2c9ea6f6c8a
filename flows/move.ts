/** A reconnect came back under another identity: nothing moves until an admin says so. */
import type { Db } from '../storage/db.ts'
import type { Services } from './services.ts'

export type Proposal = {
  orgId: string
  requestId: string
  /** The connection that should have been healed. */
  fromConnectionId: string
  /** The connection of the identity that came instead; it holds its credential already. */
  toConnectionId: string
  /** Sources of `fromConnectionId` whose account the new identity can see. */
  sourceIds: string[]
}

/** Call in Finish's transaction. One open move per pair of connections. Admins are asked by the `move-card` job. */
export async function proposeMove(
  _services: Services,
  _tx: Db,
  _proposal: Proposal,
): Promise<void> {
  throw new Error('not built yet')
}
