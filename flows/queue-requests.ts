/** Requests over the quota wait in line and are sent by themselves, in order, as slots free. */
import * as requests from '../storage/access-requests.ts'
import type { Db } from '../storage/db.ts'
import * as orgs from '../storage/quota.ts'
import * as queue from '../storage/request-queue.ts'
import { enqueueDelivery } from './deliver.ts'
import { issueLink } from './issue-link.ts'
import { LINK_PLANS } from './quota.ts'
import type { Services } from './services.ts'

/** One step of the tick; several nodes may take it at once. Returns how many were sent. */
export async function sendQueued(services: Services): Promise<number> {
  let sent = 0
  const failures: unknown[] = []
  for (const orgId of await queue.orgsWaitingOfAllOrgs(services.db, LINK_PLANS))
    try {
      while (await services.db.transaction((tx) => sendNext(services, tx, orgId))) sent++
    } catch (error) {
      failures.push(error) // one org's trouble keeps no other waiting
    }
  if (failures.length > 0) throw failures[0]
  return sent
}

/** The org's lock is taken first, so that two nodes cannot send the second in line before the first. */
async function sendNext(services: Services, tx: Db, orgId: string): Promise<boolean> {
  await orgs.lockOrg(tx, orgId)
  const requestId = await queue.lockNext(tx, orgId)
  const request = requestId && (await requests.get(tx, orgId, requestId))
  if (!request) return false
  if (!(await orgs.hasSlot(tx, orgId, 0))) return false
  await requests.move(tx, orgId, request.id, ['queued'], 'sent')
  const { linkId } = await issueLink(services, tx, {
    ...{ orgId, requestId: request.id, by: request.requestedBy, reserved: 0 },
  })
  await enqueueDelivery(services, tx, {
    ...{ orgId, kind: 'queue-sent', channel: 'dm', address: request.requestedBy },
    ...{ linkId, subjectId: request.id, dedupeKey: `queue-sent:${linkId}` },
  })
  return true
}
