/** The card of a request in its channel, and the events its thread collects. */
import * as requests from '../storage/access-requests.ts'
import * as audit from '../storage/audit.ts'
import * as links from '../storage/auth-links.ts'
import * as clients from '../storage/clients.ts'
import type { Db } from '../storage/db.ts'
import * as deliveries from '../storage/deliveries.ts'
import * as orgs from '../storage/quota.ts'
import * as queue from '../storage/request-queue.ts'
import { slotFor } from './quota.ts'
import type { Services } from './services.ts'

export type CardEvent = audit.RecordedEvent

export type RequestCardView = {
  requestId: string
  channelId: string
  status: requests.RequestStatus
  unfinished: boolean
  purpose: 'connect' | 'reconnect'
  forSelf: boolean
  clientName: string
  items: { connectorName: string; accountHint: string }[]
  requestedBy: string
  owner: { email: string | null; slackUserId: string | null; name: string | null }
  note: string
  link: { id: string; expiresAt: Date; resendsLeft: number; live: boolean } | null
  /** Of a queued request. */
  queue: { position: number; expectedAt: Date } | null
  /** The last mail was refused for good, and the link may still be used. */
  mailRefused: boolean
}

/** Asks for the card to be shown as it is now, and for new events in its thread. */
export async function touchCard(services: Services, tx: Db, orgId: string, requestId: string): Promise<void> {
  await services.queue.send('request-card', { orgId, requestId }, { db: tx, key: requestId })
}

/** Null when there is no such request in this org. */
export async function requestCard(
  services: Services,
  orgId: string,
  requestId: string,
): Promise<RequestCardView | null> {
  const { db } = services
  const request = await requests.get(db, orgId, requestId)
  if (!request) return null
  const [client, items, link] = await Promise.all([
    clients.get(db, orgId, request.clientId),
    requests.itemsOf(db, orgId, requestId),
    links.latestOf(db, orgId, requestId),
  ])
  const mail = link?.live ? await deliveries.lastMailOfLink(db, orgId, link.id) : undefined
  return {
    ...{ requestId, channelId: request.channelId, status: request.status, unfinished: request.unfinished },
    ...{ purpose: request.purpose, forSelf: request.forSelf, requestedBy: request.requestedBy },
    clientName: client?.name ?? '',
    items: items.map(({ connectorId, accountHint }) => ({
      connectorName: services.connectors.get(connectorId)?.name ?? connectorId,
      accountHint,
    })),
    owner: { email: request.ownerEmail, slackUserId: request.ownerSlackUserId, name: request.ownerName },
    note: request.note,
    link: link
      ? { id: link.id, expiresAt: link.expiresAt, resendsLeft: 3 - link.resends, live: link.live }
      : null,
    queue: request.status === 'queued' ? await placeInQueue(db, orgId, requestId) : null,
    mailRefused: mail?.status === 'refused',
  }
}

/** Oldest first, of every kind: which of them have words is the template's business. */
export async function requestEvents(
  services: Services,
  orgId: string,
  requestId: string,
): Promise<CardEvent[]> {
  const events = await audit.ofRequest(services.db, orgId, requestId)
  return events.map((event) => {
    const connector = services.connectors.get(String(event.data.connector))
    return connector ? { ...event, data: { ...event.data, connectorName: connector.name } } : event
  })
}

/** Null when it no longer waits. */
export async function placeInQueue(db: Db, orgId: string, requestId: string) {
  const position = await queue.positionOf(db, orgId, requestId)
  const org = await orgs.get(db, orgId)
  if (!position || !org) return null
  return { position, expectedAt: slotFor(org.recentLinks, org.now, position) }
}
