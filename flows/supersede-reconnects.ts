/** A connection works again: links that still ask somebody to reconnect it are not needed any more. */
import * as requests from '../storage/access-requests.ts'
import { record } from '../storage/audit.ts'
import * as links from '../storage/auth-links.ts'
import type { Db } from '../storage/db.ts'
import * as reconnects from '../storage/reconnects.ts'
import * as sources from '../storage/sources.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

/** Nothing happens while a source is down. Only what nobody has begun ends: whoever is signing in at this moment may finish. No reminder follows. */
export async function supersedeReconnects(
  services: Services,
  tx: Db,
  { orgId, connectionId }: { orgId: string; connectionId: string },
): Promise<void> {
  const all = await sources.ofConnection(tx, orgId, connectionId)
  if (all.some(({ status }) => status === 'disconnected')) return
  for (const requestId of await reconnects.unbegunOf(tx, orgId, connectionId)) {
    if (!(await requests.move(tx, orgId, requestId, ['queued', 'sent'], 'superseded'))) continue
    const linkId = await links.end(tx, orgId, requestId, 'superseded')
    await record(tx, orgId, {
      ...{ kind: 'request.superseded', actor: 'system', requestId, linkId, connectionId },
      data: { reconnected: true },
    })
    await touchCard(services, tx, orgId, requestId)
  }
}
