/** Sends one delivery by mail or DM. Its id is the Message-ID, so an attempt repeated after a crash is the same mail. */
import { beginDelivery, type Delivery, dropDelivery, noteRefused, noteSent } from '../flows/deliver.ts'
import type { Services } from '../flows/services.ts'
import { composeAccessRequest, composeNudgeExpiry, composeNudgeUnopened } from './compose/access-request.ts'
import { composeAlert } from './compose/alert.ts'
import type { Compose, Composed } from './compose/composed.ts'
import { composeOneClickLeft } from './compose/one-click-left.ts'
import { composeOwnerAsk } from './compose/owner-ask.ts'
import { composeReceipt } from './compose/receipt.ts'
import { composeSourceRevoked } from './compose/source-revoked.ts'
import { composeLinkExpired, composeMailRefused, composeQueueSent } from './compose/told-requester.ts'
import type { Job, JobContext, Voices } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    deliver: { orgId: string; deliveryId: string }
  }
}

/** By the delivery's kind. Adding a message: one composer and one line here. */
const composers: Record<string, Compose> = {
  alert: composeAlert,
  'access-request': composeAccessRequest,
  'nudge-unopened': composeNudgeUnopened,
  'nudge-expiry': composeNudgeExpiry,
  'mail-refused': composeMailRefused,
  'link-expired': composeLinkExpired,
  'queue-sent': composeQueueSent,
  'one-click-left': composeOneClickLeft,
  'owner-ask': composeOwnerAsk,
  receipt: composeReceipt,
  'source-revoked': composeSourceRevoked,
}

type Settled = { kind: 'sent' } | { kind: 'refused'; code: number; why: string }

/** Somebody waits: a short outage costs seconds. Later tries cover greylisting: 15, 30, 60 … s, two hours in all. */
export const deliver: Job<'deliver'> = {
  name: 'deliver',
  policy: 'exclusive',
  retry: { limit: 10, delaySeconds: 15, delayMaxSeconds: 1800 },
  expireSeconds: 120,
  concurrency: 2,
  batch: 5,
  prompt: true,
  async run(services, { orgId, deliveryId }, context) {
    const delivery = await beginDelivery(services, orgId, deliveryId)
    if (!delivery) return
    const compose = composers[delivery.kind]
    if (!compose) throw new Error(`nobody composes "${delivery.kind}"`)
    const message = await compose(services, delivery)
    if (!message) return dropDelivery(services, delivery)
    const outcome = await attempt(services, delivery, message, context)
    if (outcome.kind === 'sent') await noteSent(services, delivery)
    else await noteRefused(services, delivery, outcome)
  },
}

/** After the last attempt a passing failure counts as refused, so that the requester hears of it. */
async function attempt(
  services: Services & Voices,
  delivery: Delivery,
  message: Composed,
  context: JobContext,
): Promise<Settled> {
  try {
    return delivery.channel === 'mail'
      ? await byMail(services, delivery, message)
      : await byDm(services, delivery, message)
  } catch (error) {
    if (!context.last) throw error
    return { kind: 'refused', code: 0, why: 'no answer after many attempts' }
  }
}

async function byMail(
  { mail: voice }: Voices,
  { id, kind, address }: Delivery,
  { mail, toName = null, fromName = '', replyTo = null }: Composed,
): Promise<Settled> {
  if (!mail) throw new Error(`"${kind}" has no mail`)
  return voice.send({ name: toName, address }, mail, { id, fromName, replyTo })
}

async function byDm(
  { slack: voices }: Voices,
  { orgId, kind, address }: Delivery,
  { slack }: Composed,
): Promise<Settled> {
  if (!slack) throw new Error(`"${kind}" has no Slack message`)
  const voice = await voices(orgId)
  if (!voice) return { kind: 'refused', code: 0, why: 'the workspace is no longer connected' }
  const posted = await voice.post(address, slack)
  return posted.kind === 'posted' ? { kind: 'sent' } : { kind: 'refused', code: 0, why: posted.why }
}
