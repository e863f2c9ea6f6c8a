/** What one place may read of an alert: the clients whose alerts go there by name, the others as counts. */
import type { Alert, AlertedSource } from '../../flows/alert.ts'
import type { IncidentSource, IncidentView } from '../../templates/slack/incident.ts'
import { incidentReason, reasonOf } from '../../templates/slack/incident-words.ts'

export function viewFor(alert: Alert, clientIds: ReadonlySet<string>): IncidentView {
  const { incident, sources } = alert
  const mine = alert.clients.filter(({ id }) => clientIds.has(id))
  const seen = sources.filter(({ clientId }) => clientIds.has(clientId))
  const days = seen.map(({ lastGoodDay }) => lastGoodDay).filter((day): day is string => day !== null)
  return {
    incidentId: incident.id,
    kind: incident.kind,
    state: incident.status,
    reason: reasonFor(alert),
    ownerAction: incident.ownerAction,
    providerName: alert.providerName,
    identityLabel: alert.identityLabel,
    since: incident.openedAt,
    lastGoodDay: days.sort()[0] ?? null,
    clients: mine.map(({ id, name }) => ({
      name,
      sources: seen.filter(({ clientId }) => clientId === id).map(named),
    })),
    hidden: { clients: alert.clients.length - mine.length, sources: sources.length - seen.length },
    ackedBy: incident.ackedBy,
    snoozedUntil: incident.snoozedUntil,
    mutedBy: incident.mutedBy,
    muteReason: incident.muteReason,
    resolvedAt: incident.resolvedAt,
    outcome: incident.kind === 'staff' || incident.kind === 'outage' ? null : outcomeFor(alert, seen),
    onCall: alert.onCall,
    held: isHeld(alert),
    endsOn: alert.endsOn,
    days: incident.step,
    outage: outageOf(alert),
  }
}

function outageOf({ outage }: Alert): IncidentView['outage'] {
  return outage && { ...outage, reason: reasonOf(outage.failureClass), lasted: outage.endedWhy === 'lasted' }
}

/** Its own, or that of the outage it waits for. */
export const reasonFor = (alert: Alert) =>
  incidentReason({ ...alert.incident, held: isHeld(alert), takesKey: alert.takesKey })

const isHeld = ({ incident }: Alert) => incident.kind !== 'outage' && incident.outageId !== null

function outcomeFor({ outcome }: Alert, seen: AlertedSource[]): IncidentView['outcome'] {
  if (!outcome) return null
  const byId = new Map(seen.map((source) => [source.id, source]))
  const healed = outcome.healed.flatMap((id) => byId.get(id) ?? [])
  const notHealed = outcome.notHealed.flatMap(({ sourceId, why }) => {
    const source = byId.get(sourceId)
    return source ? [{ ...named(source), why: reasonOf(why) }] : []
  })
  return {
    healed: healed.map(named),
    notHealed,
    hiddenHealed: outcome.healed.length - healed.length,
    hiddenNotHealed: outcome.notHealed.length - notHealed.length,
  }
}

const named = ({ name, connectorName, missing }: AlertedSource): IncidentSource => ({
  name,
  connectorName,
  missing,
})
