/** The requester's answer in Slack to "ask somebody else": a new link to the new owner, which replaces the old one. */
import * as requests from '../../storage/access-requests.ts'
import { record } from '../../storage/audit.ts'
import * as authLinks from '../../storage/auth-links.ts'
import * as links from '../../storage/link-views.ts'
import type { OwnerAsk } from '../../storage/owner-asks.ts'
import * as asks from '../../storage/owner-asks.ts'
import { actorOf } from '../issue-link.ts'
import { type RequestOutcome, requestAccess } from '../request-access.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'

export type AskView = {
  ask: OwnerAsk
  clientName: string
  connectorNames: string[]
  ownerLabel: string | null
  requestedBy: string
}

/** Null when there is no such ask in this org. */
export async function ownerAsk(services: Services, orgId: string, askId: string): Promise<AskView | null> {
  const ask = await asks.get(services.db, orgId, askId)
  const link = ask && (await links.find(services.db, orgId, ask.linkId))
  if (!ask || !link) return null
  const names = link.items.map(({ connectorId }) => services.connectors.get(connectorId)?.name ?? connectorId)
  return {
    ask,
    clientName: link.clientName,
    connectorNames: [...new Set(names)],
    ownerLabel: link.ownerName ?? link.ownerEmail,
    requestedBy: link.requestedBy,
  }
}

export type Decided =
  | { kind: 'sent'; email: string; expiresAt: Date }
  | { kind: 'queued'; email: string; expectedAt: Date }
  | { kind: 'refused' }
  /** Decided before, or the request is over. */
  | { kind: 'stale' }
  | { kind: 'not-possible'; why: RequestOutcome }

type Decision = { orgId: string; askId: string; by: string; agree: boolean }

/** Pressed twice, or after a crash in between, it makes one request. */
export async function decideDelegate(services: Services, decision: Decision): Promise<Decided> {
  const { orgId, askId, by, agree } = decision
  const ask = await asks.get(services.db, orgId, askId)
  const link = ask && (await links.find(services.db, orgId, ask.linkId))
  if (!ask?.email || !link || ask.status !== 'open') return { kind: 'stale' }
  if (!agree) {
    const mine = await asks.decide(services.db, orgId, askId, { status: 'refused', by })
    return { kind: mine ? 'refused' : 'stale' }
  }
  if (link.status === 'finished' || link.status === 'cancelled') return { kind: 'stale' }
  const outcome = await requestAccess(services, {
    orgId,
    requestedBy: link.requestedBy,
    purpose: link.purpose,
    connectionId: link.connectionId,
    forSelf: false,
    client: { id: link.clientId },
    channelId: link.channelId,
    items: link.items.map(({ connectorId, accountHint }) => ({ connectorId, accountHint })),
    owner: { email: ask.email, slackUserId: null, name: null, timeZone: null },
    note: link.note,
    submissionKey: `delegate:${askId}`,
    ifFull: 'queue',
  })
  if (outcome.kind !== 'issued' && outcome.kind !== 'queued' && outcome.kind !== 'repeated')
    return { kind: 'not-possible', why: outcome }
  await replace(services, link, decision, outcome.requestId)
  if (outcome.kind === 'issued') return { kind: 'sent', email: ask.email, expiresAt: outcome.expiresAt }
  return outcome.kind === 'queued'
    ? { kind: 'queued', email: ask.email, expectedAt: outcome.expectedAt }
    : { kind: 'stale' }
}

async function replace(
  services: Services,
  link: links.LinkView,
  { orgId, askId, by }: Decision,
  newer: string,
): Promise<void> {
  const { requestId, clientId } = link
  await services.db.transaction(async (tx) => {
    await asks.decide(tx, orgId, askId, { status: 'agreed', by })
    const linkId = await authLinks.end(tx, orgId, requestId, 'superseded')
    const open = ['sent', 'started', 'partial', 'declined', 'expired'] as const
    if (!(await requests.move(tx, orgId, requestId, open, 'superseded'))) return
    const data = { newer }
    await record(tx, orgId, {
      kind: 'request.superseded',
      actor: actorOf(by),
      clientId,
      requestId,
      linkId,
      data,
    })
    if (linkId) await services.queue.send('destroy-held', { orgId, linkId }, { db: tx })
    await touchCard(services, tx, orgId, requestId)
  })
}
