/** The owner's receipt, after Finish. */
import { type LinkView, receiptUrl } from '../../flows/connect/look.ts'
import { receiptOfLink } from '../../flows/connect/receipt.ts'
import { receiptMail } from '../../templates/mail/receipt.ts'
import type { Compose } from './composed.ts'

/** Null when everything was revoked before the mail went out. */
export const composeReceipt: Compose = async (services, { orgId, linkId }) => {
  const found = linkId ? await receiptOfLink(services, orgId, linkId) : null
  const sources = found?.sources.filter(({ status }) => status !== 'removed') ?? []
  if (!found || sources.length === 0) return null
  const { link } = found
  const providers = services.connectors.providers()
  const used = providers.filter(({ id }) => sources.some(({ provider }) => provider === id))
  const mail = receiptMail({
    brand: brandOf(link),
    purpose: link.purpose,
    ownerName: link.ownerName,
    requesterName: link.requesterName ?? link.orgName,
    clientName: link.clientName,
    sources: sources.map(({ connectorId, accountName, identityLabel }) => ({
      connectorName: services.connectors.get(connectorId)?.name ?? connectorId,
      accountName,
      identityLabel,
    })),
    providers: used.map(({ name, permissionsUrl }) => ({ name, permissionsUrl })),
    url: receiptUrl(services, link),
  })
  const replyTo = link.requesterEmail ?? link.orgSupportEmail
  return { mail, toName: link.ownerName, fromName: link.orgName, replyTo }
}

/** How the org of a link looks in mail. */
export function brandOf({ orgName, orgLogoUrl, orgColor, orgWebsite, orgSupportEmail }: LinkView) {
  const look = { logoUrl: orgLogoUrl, color: orgColor }
  return { orgName, ...look, website: orgWebsite, supportEmail: orgSupportEmail }
}
