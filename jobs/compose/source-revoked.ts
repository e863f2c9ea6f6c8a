/** To the requester: the owner revoked a data source on their own page. */
import { receiptOfLink } from '../../flows/connect/receipt.ts'
import { sourceRevoked } from '../../templates/slack/owner-ask.ts'
import type { Compose } from './composed.ts'

export const composeSourceRevoked: Compose = async (services, { orgId, linkId, subjectId }) => {
  const found = linkId ? await receiptOfLink(services, orgId, linkId) : null
  const source = found?.sources.find(({ id }) => id === subjectId)
  if (!found || !source) return null
  const connectorName = services.connectors.get(source.connectorId)?.name ?? source.connectorId
  const { clientName } = found.link
  return { slack: sourceRevoked({ connectorName, accountName: source.accountName, clientName }) }
}
