/** Messages on their way to one address: asked for in a transaction, settled when the receiving side has answered. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import * as links from '../storage/auth-links.ts'
import type { Db } from '../storage/db.ts'
import * as deliveries from '../storage/deliveries.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

export type { Delivery } from '../storage/deliveries.ts'

export type WantedDelivery = {
  orgId: string
  kind: string
  channel: deliveries.Channel
  /** An e-mail address or a Slack user id. */
  address: string
  linkId?: string | null
  subjectId?: string | null
  /** The same message is never asked for twice; channel and address are added to it. */
  dedupeKey: string
}

/** Sends nothing yet: the job exists when the transaction commits. */
export async function enqueueDelivery(services: Services, tx: Db, wanted: WantedDelivery): Promise<void> {
  const { orgId, channel, address } = wanted
  const deliveryId = await deliveries.insert(tx, orgId, {
    ...wanted,
    linkId: wanted.linkId ?? null,
    subjectId: wanted.subjectId ?? null,
    dedupeKey: `${wanted.dedupeKey}:${channel}:${address.toLowerCase()}`,
  })
  if (deliveryId) await services.queue.send('deliver', { orgId, deliveryId }, { db: tx, key: deliveryId })
}

/** Null when it was settled already. */
export async function beginDelivery(services: Services, orgId: string, deliveryId: string) {
  return (await deliveries.begin(services.db, orgId, deliveryId)) ?? null
}

/** Nothing to say any more: the link ended, the incident healed. */
export async function dropDelivery(services: Services, delivery: deliveries.Delivery): Promise<void> {
  await deliveries.settle(services.db, delivery.orgId, delivery.id, 'dropped', null)
}

export async function noteSent(services: Services, delivery: deliveries.Delivery): Promise<void> {
  await services.db.transaction(async (tx) => {
    if (!(await deliveries.settle(tx, delivery.orgId, delivery.id, 'sent', null))) return
    await recordForRequest(services, tx, delivery, { kind: 'delivery.sent', data: {} })
  })
}

/** The receiving side refused for good: the requester is told, in the thread and in person. */
export async function noteRefused(
  services: Services,
  delivery: deliveries.Delivery,
  { code, why }: { code: number; why: string },
): Promise<void> {
  const { orgId, id, channel, linkId } = delivery
  const said = withoutAddresses(why)
  await services.db.transaction(async (tx) => {
    if (!(await deliveries.settle(tx, orgId, id, 'refused', `${code} ${said}`.trim()))) return
    const request = await recordForRequest(services, tx, delivery, {
      kind: 'delivery.refused',
      data: { code, why: said },
    })
    if (!request || channel !== 'mail' || !CARRY_THE_LINK.has(delivery.kind)) return
    await enqueueDelivery(services, tx, {
      ...{ orgId, kind: 'mail-refused', channel: 'dm', address: request.requestedBy },
      ...{ linkId, subjectId: request.id, dedupeKey: `mail-refused:${id}` },
    })
  })
}

const CARRY_THE_LINK = new Set(['access-request', 'nudge-unopened', 'nudge-expiry'])

/** Messages to the owner that carry a link belong in the request's thread; others are nobody's history. */
async function recordForRequest(
  services: Services,
  tx: Db,
  delivery: deliveries.Delivery,
  { kind, data }: { kind: string; data: object },
) {
  const { orgId, linkId, channel } = delivery
  const link = linkId ? await links.get(tx, orgId, linkId) : undefined
  const request = link && (await requests.get(tx, orgId, link.requestId))
  if (!request || !isToOwner(delivery, request)) return null
  await audit.record(tx, orgId, {
    ...{ kind, actor: 'system', clientId: request.clientId, requestId: request.id, linkId },
    data: { channel, message: delivery.kind, ...data },
  })
  await touchCard(services, tx, orgId, request.id)
  return request
}

const isToOwner = (
  { address }: deliveries.Delivery,
  { ownerEmail, ownerSlackUserId }: requests.AccessRequest,
) => address === ownerEmail || address === ownerSlackUserId

/** Mail servers repeat the address in their refusal. */
const withoutAddresses = (text: string) => text.replace(/<?[^\s<>"']+@[^\s<>"']+>?/g, '…').slice(0, 200)
