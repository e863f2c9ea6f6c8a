/** Links whose time has passed end; the requester is told, and what was signed in but never finished is destroyed. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as deadlines from '../storage/link-deadlines.ts'
import { enqueueDelivery } from './deliver.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

/** An owner who signed in before expiry may still press Finish this long after. */
const FINISH_GRACE_MINUTES = 15

const BATCH = 50

/** One step of the tick; several nodes may take it at once. Returns how many links expired. */
export async function expireLinks(services: Services): Promise<number> {
  let all = 0
  for (;;) {
    const batch = await services.db.transaction(async (tx) => {
      const expired = await deadlines.expireDueOfAllOrgs(tx, FINISH_GRACE_MINUTES, BATCH)
      for (const link of expired) await end(services, tx, link)
      return expired.length
    })
    all += batch
    if (batch < BATCH) return all
  }
}

async function end(services: Services, tx: Db, link: deadlines.Expired): Promise<void> {
  const { orgId, requestId, clientId, id: linkId, held } = link
  const open = ['sent', 'started', 'partial'] as const
  if (held) await services.queue.send('destroy-held', { orgId, linkId }, { db: tx })
  // A declined request stays declined, and its card loses its buttons.
  if (!(await requests.move(tx, orgId, requestId, open, 'expired')))
    return touchCard(services, tx, orgId, requestId)
  if (held) await requests.markUnfinished(tx, orgId, requestId)
  await audit.record(tx, orgId, {
    ...{ kind: 'request.expired', actor: 'system', clientId, requestId, linkId },
    data: { unfinished: held },
  })
  const request = await requests.get(tx, orgId, requestId)
  if (request)
    await enqueueDelivery(services, tx, {
      ...{ orgId, kind: 'link-expired', channel: 'dm', address: request.requestedBy },
      ...{ linkId, subjectId: requestId, dedupeKey: `link-expired:${linkId}` },
    })
  await touchCard(services, tx, orgId, requestId)
}
