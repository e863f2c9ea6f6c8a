/** Reminds an owner who signed in that Finish is missing. */
import { openLink } from '../../flows/connect/look.ts'
import { oneClickLeftMail } from '../../templates/mail/one-click-left.ts'
import type { Compose } from './composed.ts'
import { brandOf } from './receipt.ts'

export const composeOneClickLeft: Compose = async (services, { orgId, linkId }) => {
  const open = linkId ? await openLink(services, orgId, linkId) : null
  if (!open) return null
  const { link, url } = open
  const { ownerName, clientName, expiresAt } = link
  const timeZone = link.ownerTimeZone ?? link.orgTimeZone
  const brand = brandOf(link)
  const mail = oneClickLeftMail({ brand, ownerName, clientName, expiresAt, timeZone, url })
  const replyTo = link.requesterEmail ?? link.orgSupportEmail
  return { mail, toName: ownerName, fromName: link.orgName, replyTo }
}
