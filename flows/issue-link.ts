/** Makes a request's auth link, inside the caller's transaction: supersedes its older twins and sends it. */
import { randomUUID } from 'node:crypto'
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import * as links from '../storage/auth-links.ts'
import type { Db } from '../storage/db.ts'
import { enqueueDelivery } from './deliver.ts'
import { hashToken, linkToken, receiptToken } from './link-token.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type IssuedLink = { linkId: string; keyId: string; expiresAt: Date }

/** Another process took the slot that was free a moment ago: the transaction must be undone and judged anew. */
class SlotTaken extends Error {}

/** Judges again what lost its slot on the way: the second time it sees the quota as the winner left it. */
export async function judgedAnew<T>({ db }: Services, decide: (tx: Db) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await db.transaction(decide)
    } catch (error) {
      if (!(error instanceof SlotTaken)) throw error
    }
  }
}

type Wanted = {
  orgId: string
  requestId: string
  by: string
  /** Slots left to requests already queued; null: a link outside the quota. */
  reserved: number | null
}

/**
 * The request is 'sent' already. Where the link counts, look for a free slot first and call this inside `judgedAnew`:
 * it throws when another process was faster.
 */
export async function issueLink(
  services: Services,
  tx: Db,
  { orgId, requestId, by, reserved }: Wanted,
): Promise<IssuedLink> {
  const request = await requests.get(tx, orgId, requestId)
  if (!request) throw new Error(`no access request ${requestId}`)
  const made = { id: randomUUID(), keyId: services.tokens.newestKeyId }
  const link = {
    ...{ ...made, requestId, issuedBy: by },
    tokenHash: hashToken(linkToken(services.tokens, made)),
    receiptHash: hashToken(receiptToken(services.tokens, made)),
  }
  const counts = reserved !== null
  const expiresAt = counts
    ? await links.insertCounted(tx, orgId, link, reserved)
    : await links.insert(tx, orgId, link)
  if (!expiresAt) throw new SlotTaken()
  await supersedeTwins(services, tx, orgId, requestId, by)
  const { clientId, forSelf } = request
  await audit.record(tx, orgId, {
    ...{ kind: 'link.issued', actor: actorOf(by), clientId, requestId, linkId: made.id },
    data: { expiresAt: expiresAt.toISOString(), counts },
  })
  if (!forSelf)
    await deliverLink(services, tx, { kind: 'access-request', request, linkId: made.id, round: 'first' })
  await touchCard(services, tx, orgId, requestId)
  return { linkId: made.id, keyId: made.keyId, expiresAt }
}

/** The secret URL. Only for the person who pressed, and for messages on their way out; never stored or logged. */
export function linkUrl(services: Services, link: { id: string; keyId: string }): string {
  return new URL(`/l/${linkToken(services.tokens, link)}`, services.publicUrl).href
}

/** One message per address the owner has; `round` tells this sending from others of the same link. */
export async function deliverLink(
  services: Services,
  tx: Db,
  {
    kind,
    request,
    linkId,
    round,
  }: {
    kind: 'access-request' | 'nudge-unopened' | 'nudge-expiry'
    request: { id: string; orgId: string; ownerEmail: string | null; ownerSlackUserId: string | null }
    linkId: string
    round: string
  },
): Promise<void> {
  const { orgId, ownerEmail, ownerSlackUserId } = request
  const about = { orgId, kind, linkId, subjectId: request.id, dedupeKey: `${kind}:${linkId}:${round}` }
  if (ownerEmail) await enqueueDelivery(services, tx, { ...about, channel: 'mail', address: ownerEmail })
  if (ownerSlackUserId)
    await enqueueDelivery(services, tx, { ...about, channel: 'dm', address: ownerSlackUserId })
}

/** An issuer is a Slack user id or 'owner'. */
export const actorOf = (by: string) => (by === 'owner' || by === 'system' ? by : `slack:${by}`)

async function supersedeTwins(services: Services, tx: Db, orgId: string, requestId: string, by: string) {
  for (const { id } of await requests.olderTwins(tx, orgId, requestId)) {
    const linkId = await links.end(tx, orgId, id, 'superseded')
    const open = ['queued', 'sent', 'started', 'partial'] as const
    if (!(await requests.move(tx, orgId, id, open, 'superseded'))) continue
    await audit.record(tx, orgId, {
      ...{ kind: 'request.superseded', actor: actorOf(by), requestId: id, linkId },
      data: { newer: requestId },
    })
    if (linkId) await services.queue.send('destroy-held', { orgId, linkId }, { db: tx })
    await touchCard(services, tx, orgId, id)
  }
}
