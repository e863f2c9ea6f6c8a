/** What a composer makes of a delivery: one message, or null when there is nothing to say any more. */
import type { Delivery } from '../../flows/deliver.ts'
import type { Services } from '../../flows/services.ts'
import type { Mail } from '../../templates/mail/layout.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'

export type Composed = {
  /** For deliveries by mail. */
  mail?: Mail
  /** For deliveries by DM. */
  slack?: SlackMessage
  toName?: string | null
  /** The org: shown as the sender. */
  fromName?: string
  replyTo?: string | null
}

export type Compose = (services: Services, delivery: Delivery) => Promise<Composed | null>
