/** Credentials of a link that ended unfinished are destroyed, and withdrawn at the provider where nothing shares them. */
import { record } from '../../storage/audit.ts'
import * as held from '../../storage/held-credentials.ts'
import * as sessions from '../../storage/link-sessions.ts'
import * as links from '../../storage/link-views.ts'
import type { Services } from '../services.ts'
import { type Withdrawal, withdraw } from './held-secret.ts'

/** Runs at least once. Leaves a link alone that can still be finished. */
export async function destroyHeld(
  services: Services,
  { orgId, linkId }: { orgId: string; linkId: string },
  signal: AbortSignal,
): Promise<Withdrawal[]> {
  const link = await links.find(services.db, orgId, linkId)
  if (!link || (link.status === 'issued' && !link.graceOver)) return []
  const gone = await services.db.transaction(async (tx) => {
    const all = await held.ofLink(tx, orgId, linkId)
    const destroyed = await held.destroy(
      tx,
      orgId,
      all.map(({ id }) => id),
    )
    await sessions.closeAll(tx, orgId, linkId, link.status === 'expired' ? 'expired' : 'ended')
    for (const { provider } of destroyed)
      await record(tx, orgId, {
        kind: 'consent.destroyed',
        actor: 'system',
        clientId: link.clientId,
        requestId: link.requestId,
        linkId,
        data: { provider },
      })
    return destroyed
  })
  const outcomes: Withdrawal[] = []
  for (const credential of gone) outcomes.push(await withdraw(services, credential, signal))
  return outcomes
}
