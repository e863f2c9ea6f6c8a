/** What an incident's cards say and where they belong. Pure reading: the `incident-card` job speaks. */
import * as alerts from '../storage/alerts.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as incidents from '../storage/incidents.ts'
import * as orgs from '../storage/orgs.ts'
import * as outages from '../storage/outages.ts'
import { knownZone, localDate } from './calendar.ts'
import { enqueueDelivery } from './deliver.ts'
import { adminsOf, memberOf } from './member.ts'
import { alertMailKey } from './open-incident.ts'
import { brandOf } from './owner-message.ts'
import type { Services } from './services.ts'

export type AlertedSource = {
  id: string
  name: string
  connectorName: string
  lastGoodDay: string | null
  /** Metrics it used to have, by the connector's names. */
  missing: string[]
  clientId: string
}

type AlertedClient = {
  id: string
  name: string
  /** Where its alert belongs, best first; a step with several places is said in all of them. */
  route: string[][]
}

export type Alert = {
  incident: incidents.Incident
  providerName: string
  /** Its credential is a key, which is entered, not authorised. */
  takesKey: boolean
  identityLabel: string
  onCall: string | null
  clients: AlertedClient[]
  /** Where it belongs when no client is concerned. */
  fallback: string[][]
  sources: AlertedSource[]
  outcome: incidents.Outcome | null
  /** Of a countdown: the day of the end, in the org's zone. */
  endsOn: string | null
  /** Of an outage: this org's connections in figures. */
  outage: outages.Figures | null
  events: incidents.IncidentEvent[]
}

/** Null when the incident or its connection is gone. */
export async function alertOf(services: Services, orgId: string, incidentId: string): Promise<Alert | null> {
  const { db } = services
  const incident = await incidents.get(db, orgId, incidentId)
  const about = incident && (await subjectOf(db, incident))
  if (!incident || !about) return null
  const org = await orgs.get(db, orgId)
  const { rows } = about
  const fallback = await commonRoute(services, incident, org.alertChannelId)
  const provider = services.connectors.providers().find(({ id }) => id === about.provider)
  return {
    incident,
    providerName: provider?.name ?? about.provider,
    takesKey: provider?.auth === 'key',
    identityLabel: about.identityLabel,
    onCall: org.onCallMention,
    clients: routed(rows, fallback, isStaffs(incident.kind)),
    fallback,
    sources: rows.map((row) => ({
      id: row.id,
      name: row.accountName,
      connectorName: services.connectors.get(row.connectorId)?.name ?? row.connectorId,
      lastGoodDay: row.lastGoodDay,
      missing: row.missingMetrics,
      clientId: row.clientId,
    })),
    outcome: incident.outcome,
    endsOn: incident.endsAt && localDate(incident.endsAt, knownZone(org.timeZone)),
    outage: about.outage,
    events: await incidents.eventsOf(db, orgId, incident),
  }
}

type About = {
  provider: string
  identityLabel: string
  rows: alerts.AlertSource[]
  outage: outages.Figures | null
}

/** One connection, or all of the org's that an outage holds. */
async function subjectOf(db: Db, incident: incidents.Incident): Promise<About | null> {
  const { orgId, connectionId, outageId } = incident
  if (connectionId) {
    const connection = await connections.byId(db, orgId, connectionId)
    const rows = connection && (await affected(db, { ...incident, connectionId }))
    return (
      rows && { provider: connection.provider, identityLabel: connection.identityLabel, rows, outage: null }
    )
  }
  const outage = outageId && (await outages.figuresOf(db, orgId, outageId))
  if (!outage) return null
  const rows = await outages.sourcesUnder(db, orgId, outageId)
  return { provider: outage.provider, identityLabel: '', rows, outage }
}

/** No client and no owner can mend it. */
const isStaffs = (kind: incidents.IncidentKind) => kind === 'staff' || kind === 'outage'

/** While it is open: what is down for this reason. Afterwards: what the look decided about. */
async function affected(db: Db, incident: incidents.OwnIncident): Promise<alerts.AlertSource[]> {
  const decided = incident.outcome
    ? [...incident.outcome.healed, ...incident.outcome.notHealed.map(({ sourceId }) => sourceId)]
    : []
  const under = await alerts.sourcesUnder(db, incident.orgId, incident.connectionId, decided)
  if (decided.length > 0) return under.filter(({ id }) => decided.includes(id))
  return under.filter((source) => isAffected(source, incident.kind))
}

function isAffected(source: alerts.AlertSource, kind: incidents.IncidentKind): boolean {
  if (kind === 'expiring') return source.status !== 'removed'
  if (kind === 'degraded') return source.status === 'connected' && source.missingMetrics.length > 0
  if (kind === 'staff') return source.status === 'connected'
  if (source.status !== 'disconnected') return false
  if (kind === 'accounts') return source.failureClass === 'account_lost'
  return kind === 'scope' ? source.failureClass === 'scope_missing' : true
}

/** Org's alert channel, the member who made the connection, all admins. Staff's own skips the member. */
async function commonRoute(
  services: Services,
  { orgId, connectionId, kind }: incidents.Incident,
  alertChannelId: string | null,
): Promise<string[][]> {
  const admins = (await adminsOf(services, orgId)).map(({ slackUserId }) => slackUserId)
  const made = isStaffs(kind) || !connectionId ? null : await alerts.makerOf(services.db, orgId, connectionId)
  const maker = made && (await memberOf(services, orgId, made))
  return [
    alertChannelId ? [alertChannelId] : [],
    maker && !maker.deactivatedAt ? [maker.slackUserId] : [],
    admins,
  ].filter(({ length }) => length > 0)
}

/** Each client's own channel comes first, except for what is staff's own to mend. */
function routed(rows: alerts.AlertSource[], fallback: string[][], staff: boolean): AlertedClient[] {
  const clients = new Map(rows.map((row) => [row.clientId, row]))
  return [...clients.values()].map(({ clientId, clientName, clientChannelId }) => ({
    id: clientId,
    name: clientName,
    route: clientChannelId && !staff ? [[clientChannelId], ...fallback] : fallback,
  }))
}

/** Nobody can be reached in Slack: every admin with an address is told by mail, subscribed or not. */
export async function mailAllAdmins(
  services: Services,
  { orgId, incidentId }: { orgId: string; incidentId: string },
): Promise<void> {
  await services.db.transaction(async (tx) => {
    for (const { email, slackUserId } of await adminsOf({ db: tx }, orgId))
      if (email)
        await enqueueDelivery(services, tx, {
          orgId,
          kind: 'alert',
          channel: 'mail',
          address: email,
          subjectId: incidentId,
          dedupeKey: alertMailKey(incidentId, slackUserId),
        })
  })
}

export type Standing = alerts.AlertPost

export function standing({ db }: Services, orgId: string, incidentId: string): Promise<Standing[]> {
  return alerts.postsOf(db, orgId, incidentId)
}

export const cardKey = (incidentId: string, place: string) => `incident:${incidentId}:${place}`
export const eventKey = (incidentId: string, place: string, eventId: number) =>
  `${cardKey(incidentId, place)}:event:${eventId}`

/** The admin behind an address; an address nobody has any more still gets its times in the org's zone. */
export async function recipientOf(services: Services, orgId: string, address: string) {
  const org = await orgs.get(services.db, orgId)
  const admins = await adminsOf(services, orgId)
  const admin = admins.find(({ email }) => email?.toLowerCase() === address.toLowerCase())
  return {
    brand: brandOf(org),
    name: admin?.displayName ?? address,
    timeZone: admin?.timeZone ?? org.timeZone,
  }
}
