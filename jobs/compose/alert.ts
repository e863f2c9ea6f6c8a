/** The alert mail to one admin, while there is still something to be alarmed about. */
import { alertOf, recipientOf } from '../../flows/alert.ts'
import { alertMail } from '../../templates/mail/alert.ts'
import type { Compose } from './composed.ts'
import { reasonFor } from './incident-view.ts'

export const composeAlert: Compose = async (services, { orgId, subjectId, address }) => {
  const alert = subjectId && (await alertOf(services, orgId, subjectId))
  if (!alert || alert.incident.resolvedAt) return null
  const { brand, ...recipient } = await recipientOf(services, orgId, address)
  const { incident, clients, sources } = alert
  const days = sources.map(({ lastGoodDay }) => lastGoodDay).filter((day): day is string => day !== null)
  return {
    mail: alertMail({
      brand,
      recipient,
      providerName: alert.providerName,
      identityLabel: alert.identityLabel,
      reason: reasonFor(alert),
      ownerAction: incident.ownerAction,
      since: incident.openedAt,
      lastGoodDay: days.sort()[0] ?? null,
      clients: clients.map(({ id, name }) => ({
        name,
        sources: sources.filter(({ clientId }) => clientId === id),
      })),
    }),
    toName: recipient.name,
    fromName: brand.orgName,
  }
}
