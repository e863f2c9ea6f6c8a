/** A member asks a source owner for access: one auth link, its audit events and its messages, or none of them. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import * as clients from '../storage/clients.ts'
import type { Db } from '../storage/db.ts'
import * as orgs from '../storage/quota.ts'
import * as queue from '../storage/request-queue.ts'
import { actorOf, issueLink, judgedAnew, linkUrl } from './issue-link.ts'
import { judge, LINK_PLANS, slotFor } from './quota.ts'
import { placeInQueue, touchCard } from './request-card.ts'
import type { Services } from './services.ts'
import { judgeWish, type Wish, type WishRefused } from './wish.ts'

export type { Wish } from './wish.ts'

export type RequestOutcome =
  | {
      kind: 'issued'
      requestId: string
      linkId: string
      /** Secret: only for the presser, never logged. */
      url: string
      expiresAt: Date
      quotaLeft: number
    }
  | { kind: 'queued'; requestId: string; position: number; expectedAt: Date }
  | { kind: 'quota-reached'; nextSlot: Date }
  | { kind: 'plan'; plan: string }
  | { kind: 'repeated'; requestId: string }
  | WishRefused

/** Any number of processes may ask at once: exactly ten links per rolling hour come of it. */
export async function requestAccess(services: Services, given: Wish): Promise<RequestOutcome> {
  const wish = { ...given, owner: { ...given.owner, email: given.owner.email?.trim() || null } }
  const refused = judgeWish(services.connectors, wish)
  if (refused) return refused
  return judgedAnew(services, (tx) => decide(services, tx, wish))
}

async function decide(services: Services, tx: Db, wish: Wish): Promise<RequestOutcome> {
  const { orgId, submissionKey, client } = wish
  await requests.lockSubmission(tx, orgId, submissionKey)
  const earlier = await requests.findBySubmission(tx, orgId, submissionKey)
  if (earlier) return { kind: 'repeated', requestId: earlier }
  const org = await orgs.get(tx, orgId)
  if (!org) throw new Error(`no org ${orgId}`)
  if ('id' in client && !(await clients.get(tx, orgId, client.id)))
    return { kind: 'refused', field: 'client', why: 'unknown' }
  if (wish.forSelf) return issueNow(services, tx, wish, null)
  if (!LINK_PLANS.includes(org.plan)) return { kind: 'plan', plan: org.plan }

  const waiting = await queue.waiting(tx, orgId)
  if (await orgs.hasSlot(tx, orgId, waiting)) return issueNow(services, tx, wish, waiting)
  if (wish.ifFull === 'queue') return putInQueue(services, tx, wish)
  const full = (await orgs.get(tx, orgId)) ?? org
  return { kind: 'quota-reached', nextSlot: slotFor(full.recentLinks, full.now, waiting + 1) }
}

/** `reserved` slots are for requests already queued; null: outside the quota. */
async function issueNow(
  services: Services,
  tx: Db,
  wish: Wish,
  reserved: number | null,
): Promise<RequestOutcome> {
  const { orgId, requestedBy } = wish
  const requestId = await createRequest(tx, wish, 'sent')
  const { linkId, keyId, expiresAt } = await issueLink(services, tx, {
    ...{ orgId, requestId, by: requestedBy, reserved },
  })
  const org = await orgs.get(tx, orgId)
  const quotaLeft = org ? judge(org.recentLinks, org.now).left : 0
  const url = linkUrl(services, { id: linkId, keyId })
  return { kind: 'issued', requestId, linkId, url, expiresAt, quotaLeft }
}

async function putInQueue(services: Services, tx: Db, wish: Wish): Promise<RequestOutcome> {
  const requestId = await createRequest(tx, wish, 'queued')
  const place = await placeInQueue(tx, wish.orgId, requestId)
  if (!place) throw new Error(`request ${requestId} was queued and is not in the queue`)
  await audit.record(tx, wish.orgId, {
    ...{ kind: 'request.queued', actor: actorOf(wish.requestedBy), requestId },
    data: { position: place.position },
  })
  await touchCard(services, tx, wish.orgId, requestId)
  return { kind: 'queued', requestId, ...place }
}

/** A new client takes the channel it was first asked for in as its own, unless that is a DM. */
async function createRequest(tx: Db, wish: Wish, status: 'sent' | 'queued'): Promise<string> {
  const { orgId, owner, items, requestedBy, channelId } = wish
  const client =
    'id' in wish.client
      ? await clients.get(tx, orgId, wish.client.id)
      : await clients.findOrCreate(tx, orgId, {
          ...{ name: wish.client.name.trim(), createdBy: requestedBy },
          channelId: /^[CG]/.test(channelId) ? channelId : null,
        })
  if (!client) throw new Error('the client went away')
  const requestId = await requests.insert(tx, orgId, {
    ...{ clientId: client.id, channelId: client.channelId ?? channelId, requestedBy, status, items },
    ...{ purpose: wish.purpose, forSelf: wish.forSelf, connectionId: wish.connectionId, note: wish.note },
    ...{ ownerEmail: owner.email, ownerSlackUserId: owner.slackUserId, ownerName: owner.name },
    ...{ ownerTimeZone: owner.timeZone, submissionKey: wish.submissionKey },
  })
  await audit.record(tx, orgId, {
    ...{ kind: 'request.created', actor: actorOf(requestedBy), clientId: client.id, requestId },
    data: { purpose: wish.purpose, sources: items.map(({ connectorId }) => connectorId) },
  })
  return requestId
}
