/** DMs to the requester about a request: its mail bounced, its link ended, its turn in the queue came. */
import type { Delivery } from '../../flows/deliver.ts'
import { type RequestCardView, requestCard } from '../../flows/request-card.ts'
import type { Services } from '../../flows/services.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { linkExpired, mailRefused, queueSent } from '../../templates/slack/request-events.ts'
import type { Compose } from './composed.ts'

export const composeMailRefused: Compose = (services, delivery) =>
  about(services, delivery, (card) => (card.mailRefused ? mailRefused(card) : null))

export const composeLinkExpired: Compose = (services, delivery) =>
  about(services, delivery, (card) => (card.status === 'expired' ? linkExpired(card) : null))

export const composeQueueSent: Compose = (services, delivery) =>
  about(services, delivery, (card) => (card.link?.id === delivery.linkId ? queueSent(card) : null))

async function about(
  services: Services,
  { orgId, subjectId }: Delivery,
  write: (card: RequestCardView) => SlackMessage | null,
) {
  const card = subjectId && (await requestCard(services, orgId, subjectId))
  const slack = card ? write(card) : null
  return slack && { slack }
}
