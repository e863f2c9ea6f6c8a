/** The auth link on its way to the source owner, by mail or DM, first or as a reminder. */
import { type OwnerMessage, ownerMessage } from '../../flows/owner-message.ts'
import { accessRequestMail, type LetterKind } from '../../templates/mail/access-request.ts'
import { accessRequestDm } from '../../templates/slack/access-request.ts'
import type { Compose, Composed } from './composed.ts'

const as =
  (kind: LetterKind): Compose =>
  async (services, { orgId, linkId, channel }) => {
    const letter = await ownerMessage(services, orgId, linkId)
    return letter && write(kind, channel, letter)
  }

export const composeAccessRequest = as('access-request')
export const composeNudgeUnopened = as('nudge-unopened')
export const composeNudgeExpiry = as('nudge-expiry')

function write(kind: LetterKind, channel: 'mail' | 'dm', letter: OwnerMessage): Composed {
  if (channel === 'dm') return { slack: accessRequestDm(kind, letter) }
  return {
    mail: accessRequestMail(kind, letter),
    toName: letter.ownerName,
    fromName: letter.brand.orgName,
    replyTo: letter.requester.email,
  }
}
