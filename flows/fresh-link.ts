/** A new link for a request whose link expired or was cancelled: same owner, same data sources. It counts. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as orgs from '../storage/quota.ts'
import * as queue from '../storage/request-queue.ts'
import { actorOf, issueLink, judgedAnew, linkUrl } from './issue-link.ts'
import { LINK_PLANS, slotFor } from './quota.ts'
import { placeInQueue, touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type FreshOutcome =
  | {
      kind: 'issued'
      requestId: string
      linkId: string
      /** Secret: for the presser in Slack only, never shown to whoever opened the old link. */
      url: string
      expiresAt: Date
    }
  | { kind: 'queued'; requestId: string; position: number; expectedAt: Date }
  | { kind: 'quota-reached'; nextSlot: Date }
  | { kind: 'plan'; plan: string }
  /** A link is on its way already, or the request ended otherwise. */
  | { kind: 'stale'; status: requests.RequestStatus | 'unknown' }

const ENDED = ['expired', 'cancelled'] as const

/**
 * `by` is a Slack user id, or 'owner' from the expired page: the link only ever goes to the addresses the request has.
 * Pressed twice it makes one link.
 */
export async function freshLink(
  services: Services,
  wanted: { orgId: string; requestId: string; by: string; ifFull?: 'refuse' | 'queue' },
): Promise<FreshOutcome> {
  return judgedAnew(services, (tx) => decide(services, tx, wanted))
}

async function decide(
  services: Services,
  tx: Db,
  { orgId, requestId, by, ifFull = 'refuse' }: Parameters<typeof freshLink>[1],
): Promise<FreshOutcome> {
  await requests.lockSubmission(tx, orgId, `fresh:${requestId}`)
  const [request, org] = [await requests.get(tx, orgId, requestId), await orgs.get(tx, orgId)]
  if (!request || !org) return { kind: 'stale', status: 'unknown' }
  if (!ENDED.some((status) => status === request.status)) return { kind: 'stale', status: request.status }
  if (!request.forSelf && !LINK_PLANS.includes(org.plan)) return { kind: 'plan', plan: org.plan }

  const waiting = await queue.waiting(tx, orgId)
  const full = !request.forSelf && !(await orgs.hasSlot(tx, orgId, waiting))
  if (full && ifFull === 'refuse') {
    const now = (await orgs.get(tx, orgId)) ?? org
    return { kind: 'quota-reached', nextSlot: slotFor(now.recentLinks, now.now, waiting + 1) }
  }
  const moved = await requests.move(tx, orgId, requestId, ENDED, full ? 'queued' : 'sent')
  if (!moved) throw new Error(`request ${requestId} changed under its lock`)
  await requests.forgetEnding(tx, orgId, requestId)
  await audit.record(tx, orgId, {
    ...{ kind: 'request.renewed', actor: actorOf(by), clientId: request.clientId, requestId },
  })
  if (full) return waitInLine(services, tx, orgId, requestId)
  const reserved = request.forSelf ? null : waiting
  const link = await issueLink(services, tx, { orgId, requestId, by, reserved })
  const { linkId, keyId, expiresAt } = link
  return { kind: 'issued', requestId, linkId, url: linkUrl(services, { id: linkId, keyId }), expiresAt }
}

async function waitInLine(
  services: Services,
  tx: Db,
  orgId: string,
  requestId: string,
): Promise<FreshOutcome> {
  const place = await placeInQueue(tx, orgId, requestId)
  if (!place) throw new Error(`request ${requestId} was queued and is not in the queue`)
  await touchCard(services, tx, orgId, requestId)
  return { kind: 'queued', requestId, ...place }
}
