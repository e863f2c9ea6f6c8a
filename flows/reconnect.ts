/** Getting a connection authorised again: by the member who presses, in person, or by its owner through a link. */
import * as alerts from '../storage/alerts.ts'
import { record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import * as incidents from '../storage/incidents.ts'
import * as outages from '../storage/outages.ts'
import * as reconnects from '../storage/reconnects.ts'
import { linkUrl } from './issue-link.ts'
import type { Member } from './member.ts'
import { may } from './permission.ts'
import { type RequestOutcome, requestAccess, type Wish } from './request-access.ts'
import type { Services } from './services.ts'

export type Presser = { orgId: string; userId: string; member: Member }

/** What reconnecting touches. Names of clients only for admins and managers; others read counts. */
type Impact = {
  connectionId: string
  providerName: string
  identityLabel: string
  sources: number
  clients: number
  clientNames: string[] | null
  lastGoodDay: string | null
}

type Stale =
  /** It works, or is gone: there is nothing to reconnect. */
  | { kind: 'works'; impact: Impact; mended: { at: Date; by: string | null } | null }
  | { kind: 'gone' }
  | { kind: 'forbidden' }

export type SelfReconnect =
  /** `url` is a secret: only for the presser. */
  { kind: 'link'; url: string; expiresAt: Date; impact: Impact } | { kind: 'refused'; why: string } | Stale

export type AskedOwner =
  | { kind: 'asked'; expiresAt: Date; quotaLeft: number; owner: string; impact: Impact }
  | { kind: 'queued'; position: number; expectedAt: Date; owner: string }
  | { kind: 'already-asked'; by: string; at: Date }
  | { kind: 'quota-reached'; nextSlot: Date }
  | { kind: 'plan'; plan: string }
  /** Nobody knows the owner's address: the presser has to say it. */
  | { kind: 'address-unknown'; impact: Impact }
  | { kind: 'bad-address' }
  | { kind: 'refused'; why: string }
  | Stale

/** A personal link, outside the quota. Pressed again while it may be used, the same link is shown again. */
export async function reconnectSelf(
  services: Services,
  presser: Presser,
  { connectionId, channelId }: { connectionId: string; channelId: string },
): Promise<SelfReconnect> {
  const { orgId, userId, member } = presser
  const found = await situation(services, presser, connectionId)
  if (found.kind !== 'down') return found
  const { impact } = found
  const wish = await wishFor(services, presser, { connectionId, channelId, rows: found.rows })
  const shown = await reconnects.openSelfLink(services.db, orgId, { connectionId, userId })
  if (shown) return again(services, shown, impact)
  const outcome = await requestAccess(services, {
    ...wish,
    forSelf: true,
    owner: { email: null, slackUserId: userId, name: member.displayName, timeZone: member.timeZone },
    submissionKey: `${wish.submissionKey}:self:${userId}`,
    ifFull: 'refuse',
  })
  if (outcome.kind === 'issued') {
    await noteUnderWay(services, presser, connectionId, 'incident.reconnecting', {})
    return { kind: 'link', url: outcome.url, expiresAt: outcome.expiresAt, impact }
  }
  const twin = await reconnects.openSelfLink(services.db, orgId, { connectionId, userId })
  return twin ? again(services, twin, impact) : { kind: 'refused', why: whyOf(outcome) }
}

function again(services: Services, link: reconnects.SelfLink, impact: Impact): SelfReconnect {
  const url = linkUrl(services, { id: link.linkId, keyId: link.keyId })
  return { kind: 'link', url, expiresAt: link.expiresAt, impact }
}

/**
 * An auth link to whoever authorised the connection; it counts to the quota. `email` is the presser's answer where the
 * address was not known. While a link to an owner is open, nobody is asked twice.
 */
export async function askOwner(
  services: Services,
  presser: Presser,
  asked: { connectionId: string; channelId: string; email: string | null; ifFull: 'refuse' | 'queue' },
): Promise<AskedOwner> {
  const { orgId } = presser
  const { connectionId, ifFull } = asked
  const found = await situation(services, presser, connectionId)
  if (found.kind !== 'down') return found
  const wish = await wishFor(services, presser, { ...asked, rows: found.rows })
  const before = await reconnects.openAsk(services.db, orgId, connectionId)
  if (before) return { kind: 'already-asked', by: before.requestedBy, at: before.at }
  const owner = ownerFrom(asked.email ?? found.authorisedBy)
  if (!owner) return { kind: 'address-unknown', impact: found.impact }
  const outcome = await requestAccess(services, {
    ...wish,
    forSelf: false,
    owner: { ...owner, name: null, timeZone: null },
    submissionKey: `${wish.submissionKey}:ask`,
    ifFull,
  })
  const data = { queued: outcome.kind === 'queued' }
  if (outcome.kind === 'issued' || outcome.kind === 'queued')
    await noteUnderWay(services, presser, connectionId, 'incident.asked', data)
  return answerFor(services, presser, outcome, found.impact, owner.email ?? `<@${owner.slackUserId}>`)
}

async function answerFor(
  { db }: Services,
  { orgId }: Presser,
  outcome: RequestOutcome,
  impact: Impact,
  owner: string,
): Promise<AskedOwner> {
  switch (outcome.kind) {
    case 'issued':
      return { kind: 'asked', expiresAt: outcome.expiresAt, quotaLeft: outcome.quotaLeft, owner, impact }
    case 'queued':
      return { kind: 'queued', position: outcome.position, expectedAt: outcome.expectedAt, owner }
    case 'quota-reached':
    case 'plan':
      return outcome
    case 'repeated': {
      const first = await reconnects.openAsk(db, orgId, impact.connectionId)
      return first
        ? { kind: 'already-asked', by: first.requestedBy, at: first.at }
        : { kind: 'refused', why: 'repeated' }
    }
    case 'refused':
      return outcome.field === 'owner' ? { kind: 'bad-address' } : { kind: 'refused', why: whyOf(outcome) }
    default:
      return outcome satisfies never
  }
}

export type Disconnected = reconnects.Down & { providerName: string }

/** Connections with disconnected sources, longest first. */
export async function disconnectedOf({ db, connectors }: Services, orgId: string): Promise<Disconnected[]> {
  const rows = await reconnects.downOf(db, orgId)
  const names = new Map(connectors.providers().map(({ id, name }) => [id, name]))
  return rows.map((row) => ({ ...row, providerName: names.get(row.provider) ?? row.provider }))
}

type Situation = { kind: 'down'; impact: Impact; rows: alerts.AlertSource[]; authorisedBy: string } | Stale

async function situation(
  services: Services,
  { orgId, member }: Presser,
  connectionId: string,
): Promise<Situation> {
  if (!may(member, 'reconnect')) return { kind: 'forbidden' }
  const connection = await connections.byId(services.db, orgId, connectionId)
  if (!connection || connection.status === 'removed') return { kind: 'gone' }
  const all = await alerts.sourcesUnder(services.db, orgId, connectionId, [])
  const rows = all.filter(({ status }) => status !== 'removed')
  if (rows.length === 0) return { kind: 'gone' }
  const clients = new Map(rows.map((row) => [row.clientId, row.clientName]))
  const days = rows.map(({ lastGoodDay }) => lastGoodDay).filter((day): day is string => day !== null)
  const provider = services.connectors.providers().find(({ id }) => id === connection.provider)
  const impact: Impact = {
    connectionId,
    providerName: provider?.name ?? connection.provider,
    identityLabel: connection.identityLabel,
    sources: rows.length,
    clients: clients.size,
    clientNames: may(member, 'manage') ? [...clients.values()] : null,
    lastGoodDay: days.sort()[0] ?? null,
  }
  const isUp = connection.status === 'connected' && rows.every(({ status }) => status !== 'disconnected')
  if (isUp && !(await isWorthIt(services, orgId, connectionId)))
    return { kind: 'works', impact, mended: await incidents.lastMended(services.db, orgId, connectionId) }
  return { kind: 'down', impact, rows, authorisedBy: connection.authorisedBy }
}

/** It works still, but its end is being counted down to, or an outage keeps a refusal back that may be meant. */
async function isWorthIt({ db }: Services, orgId: string, connectionId: string): Promise<boolean> {
  const open = await incidents.openOf(db, orgId, connectionId)
  return open.some(({ kind }) => kind === 'expiring') || outages.isHeld(db, orgId, connectionId)
}

/**
 * Filed under the client in whose channel it was pressed, else under the first. Two presses at once share the key: call
 * it before looking for an open link, so that a press that counts another's link also finds it.
 */
async function wishFor(
  { db, connectors }: Services,
  { orgId, userId }: Presser,
  { connectionId, channelId, rows }: { connectionId: string; channelId: string; rows: alerts.AlertSource[] },
): Promise<Omit<Wish, 'forSelf' | 'owner' | 'ifFull'>> {
  const here = rows.find(({ clientChannelId }) => clientChannelId === channelId) ?? rows[0]
  const offered = rows.map(({ connectorId }) => connectorId).filter((id) => connectors.get(id))
  return {
    orgId,
    requestedBy: userId,
    purpose: 'reconnect',
    connectionId,
    client: { id: here?.clientId ?? '' },
    channelId,
    items: [...new Set(offered)].map((connectorId) => ({ connectorId, accountHint: '' })),
    note: '',
    submissionKey: `reconnect:${connectionId}:${await reconnects.countAsked(db, orgId, connectionId)}`,
  }
}

/** `authorised_by` is an e-mail address or a Slack user id. */
function ownerFrom(text: string): { email: string | null; slackUserId: string | null } | null {
  if (text.includes('@')) return { email: text.trim(), slackUserId: null }
  return /^[UW][A-Z0-9]{2,}$/.test(text) ? { email: null, slackUserId: text } : null
}

async function noteUnderWay(
  services: Services,
  { orgId, userId }: Presser,
  connectionId: string,
  kind: string,
  data: object,
): Promise<void> {
  await services.db.transaction(async (tx) => {
    await incidents.markReconnecting(tx, orgId, connectionId)
    for (const { id: incidentId } of await incidents.openOf(tx, orgId, connectionId)) {
      await record(tx, orgId, { kind, actor: `slack:${userId}`, connectionId, data: { incidentId, ...data } })
      await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
    }
  })
}

const whyOf = (outcome: RequestOutcome): string =>
  outcome.kind === 'refused' ? `${outcome.field}: ${outcome.why}` : outcome.kind
