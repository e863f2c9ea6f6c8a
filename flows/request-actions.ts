/** What a requester may do about a link on its way: resend it, withdraw it, correct its address, copy it. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import * as links from '../storage/auth-links.ts'
import type { Db } from '../storage/db.ts'
import * as deliveries from '../storage/deliveries.ts'
import { actorOf, deliverLink, linkUrl } from './issue-link.ts'
import { maskEmail } from './mask.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'
import { isOneAddress } from './wish.ts'

/** `by` is a Slack user id. */
type Pressed = { orgId: string; requestId: string; by: string }

/** The request is no longer what the button showed. */
export type Stale = { kind: 'stale'; status: requests.RequestStatus | 'unknown' }

const WAITING = ['sent', 'started', 'partial', 'declined'] as const

/** Sends the same link again, at most three times; never counts. `before`: resends the presser's card showed. */
export async function resendLink(
  services: Services,
  { orgId, requestId, by, before }: Pressed & { before: number },
): Promise<{ kind: 'resent'; left: number } | Stale> {
  return services.db.transaction(async (tx) => {
    const found = await find(tx, orgId, requestId)
    if (!found?.link) return stale(found?.request)
    const { request, link } = found
    if (request.forSelf || !(await links.countResend(tx, orgId, link.id, before))) return stale(request)
    await audit.record(tx, orgId, {
      ...{ kind: 'link.resent', actor: actorOf(by), clientId: request.clientId, requestId, linkId: link.id },
      data: { times: before + 1 },
    })
    await deliverLink(services, tx, {
      ...{ kind: 'access-request', request, linkId: link.id, round: `resend-${before + 1}` },
    })
    await touchCard(services, tx, orgId, requestId)
    return { kind: 'resent', left: 2 - before }
  })
}

/** Withdraws the link for good, or loses to a Finish at the same moment. A cancelled link still counts. */
export async function cancelRequest(
  services: Services,
  { orgId, requestId, by }: Pressed,
): Promise<{ kind: 'cancelled' } | Stale> {
  return services.db.transaction(async (tx) => {
    const found = await find(tx, orgId, requestId)
    if (!found) return stale(undefined)
    const linkId = await links.end(tx, orgId, requestId, 'cancelled')
    const from = linkId ? WAITING : (['queued'] as const)
    if (!(await requests.move(tx, orgId, requestId, from, 'cancelled'))) return stale(found.request)
    await audit.record(tx, orgId, {
      ...{
        kind: 'request.cancelled',
        actor: actorOf(by),
        clientId: found.request.clientId,
        requestId,
        linkId,
      },
    })
    if (linkId) await services.queue.send('destroy-held', { orgId, linkId }, { db: tx })
    await touchCard(services, tx, orgId, requestId)
    return { kind: 'cancelled' }
  })
}

/** After a bounce only: the same link goes to the corrected address. */
export async function correctAddress(
  services: Services,
  { orgId, requestId, by, email }: Pressed & { email: string },
): Promise<{ kind: 'sent-again' } | { kind: 'not-one-address' } | { kind: 'same-address' } | Stale> {
  const address = email.trim()
  if (!isOneAddress(address)) return { kind: 'not-one-address' }
  return services.db.transaction(async (tx) => {
    const found = await find(tx, orgId, requestId)
    if (!found?.link?.live) return stale(found?.request)
    const { request, link } = found
    const mail = await deliveries.lastMailOfLink(tx, orgId, link.id)
    if (mail?.status !== 'refused') return stale(request)
    if (mail.address.toLowerCase() === address.toLowerCase()) return { kind: 'same-address' }
    await requests.correctOwner(tx, orgId, requestId, address)
    await audit.record(tx, orgId, {
      ...{
        kind: 'owner.corrected',
        actor: actorOf(by),
        clientId: request.clientId,
        requestId,
        linkId: link.id,
      },
      data: { to: maskEmail(address) },
    })
    const corrected = { ...request, ownerEmail: address, ownerSlackUserId: null }
    await deliverLink(services, tx, {
      ...{ kind: 'access-request', request: corrected, linkId: link.id, round: 'corrected' },
    })
    await touchCard(services, tx, orgId, requestId)
    return { kind: 'sent-again' }
  })
}

/** The URL, once per link and only for who issued it. */
export async function copyLink(
  services: Services,
  { orgId, linkId, by }: { orgId: string; linkId: string; by: string },
): Promise<{ kind: 'copied'; url: string; expiresAt: Date } | { kind: 'not-again' }> {
  return services.db.transaction(async (tx) => {
    const link = await links.get(tx, orgId, linkId)
    if (!link || !(await links.markCopied(tx, orgId, linkId, by))) return { kind: 'not-again' }
    const { requestId } = link
    await audit.record(tx, orgId, { kind: 'link.copied', actor: actorOf(by), requestId, linkId })
    await touchCard(services, tx, orgId, requestId)
    return { kind: 'copied', url: linkUrl(services, link), expiresAt: link.expiresAt }
  })
}

async function find(tx: Db, orgId: string, requestId: string) {
  const request = await requests.get(tx, orgId, requestId)
  return request && { request, link: await links.latestOf(tx, orgId, requestId) }
}

const stale = (request: requests.AccessRequest | undefined): Stale => ({
  kind: 'stale',
  status: request?.status ?? 'unknown',
})
