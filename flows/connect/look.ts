/** Looking at an auth link. It changes nothing: mail scanners, previews and curious people look too. */
import type { Consent } from '../../storage/consents.ts'
import * as consents from '../../storage/consents.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as progress from '../../storage/link-progress.ts'
import type { LinkSession } from '../../storage/link-sessions.ts'
import * as sessions from '../../storage/link-sessions.ts'
import type { LinkView } from '../../storage/link-views.ts'
import * as links from '../../storage/link-views.ts'
import * as sources from '../../storage/sources.ts'
import { linkUrl } from '../issue-link.ts'
import { hashToken, receiptToken } from '../link-token.ts'
import type { Services } from '../services.ts'

export type { LinkView }

/** One browser's open link session. */
export type OpenSession = {
  id: string
  /** The cookie that proved it, for binding forms. */
  cookie: string
  held: HeldCredential[]
  /** How the newest trip to each provider ended. */
  trips: Consent[]
}

type Connected = { connectorId: string; accountName: string; identityLabel: string | null }

export type Sight =
  | { kind: 'unknown' }
  | { kind: 'cancelled' | 'superseded' | 'expired'; link: LinkView }
  /** Somebody finished it in another browser. */
  | { kind: 'used'; link: LinkView; by: string | null }
  /** This browser finished it. */
  | { kind: 'finished'; link: LinkView; connected: Connected[]; receiptUrl: string }
  /** `late`: the link is over, but what was signed in before may still be finished for some minutes. */
  | { kind: 'open'; link: LinkView; session: OpenSession | null; late: boolean }

/** `cookies` are the values of every link-session cookie the browser sent; at most one belongs to this link. */
export async function look(services: Services, token: string, cookies: string[]): Promise<Sight> {
  const link = await links.findByTokenHash(services.db, hashToken(token))
  if (!link) return { kind: 'unknown' }
  const proof = await sessionOf(services, link, cookies)
  if (link.status === 'cancelled' || link.status === 'superseded') return { kind: link.status, link }
  if (link.status === 'finished') {
    if (proof && proof.session.id === link.finishedSessionId) return finished(services, link)
    return { kind: 'used', link, by: await progress.finishedBy(services.db, link.orgId, link.requestId) }
  }
  const session = proof && isUsable(proof.session) ? await openSession(services, proof) : null
  const over = link.status === 'expired' || link.overdue
  if (!over) return { kind: 'open', link, session, late: false }
  const mayFinish = link.status === 'issued' && !link.graceOver && session?.held.some(heldInTime(link))
  return mayFinish ? { kind: 'open', link, session, late: true } : { kind: 'expired', link }
}

const heldInTime = (link: LinkView) => (credential: HeldCredential) => credential.receivedAt < link.expiresAt
const isUsable = (session: LinkSession) => session.closedAt === null && !session.idle

type Proof = { session: LinkSession; cookie: string }

async function sessionOf({ db }: Services, link: LinkView, cookies: string[]): Promise<Proof | null> {
  const byHash = new Map(cookies.map((cookie) => [hashToken(cookie).toString('hex'), cookie]))
  const hashes = cookies.map((cookie) => hashToken(cookie))
  const session = await sessions.findByHash(db, link.orgId, link.id, hashes)
  const cookie = session && byHash.get(session.hash.toString('hex'))
  return session && cookie ? { session, cookie } : null
}

async function openSession({ db }: Services, { session, cookie }: Proof): Promise<OpenSession> {
  const [credentials, trips] = await Promise.all([
    held.ofSession(db, session.orgId, session.id),
    consents.latest(db, session.orgId, session.id),
  ])
  return { id: session.id, cookie, held: credentials, trips }
}

async function finished(services: Services, link: LinkView): Promise<Sight> {
  const rows = await sources.ofRequest(services.db, link.orgId, link.requestId)
  const connected = rows.map(({ connectorId, accountName }) => ({
    connectorId,
    accountName,
    identityLabel: null,
  }))
  return { kind: 'finished', link, connected, receiptUrl: receiptUrl(services, link) }
}

/** What a mail to an owner in the middle of it needs; null once there is nothing to finish. */
export async function openLink(
  services: Services,
  orgId: string,
  linkId: string,
): Promise<{ link: LinkView; url: string } | null> {
  const link = await links.find(services.db, orgId, linkId)
  if (link?.status !== 'issued' || link.overdue) return null
  return { link, url: linkUrl(services, link) }
}

/** The owner's standing page. Secret: only for the owner. */
export function receiptUrl({ tokens, publicUrl }: Services, link: { id: string; keyId: string }): string {
  return new URL(`/r/${receiptToken(tokens, link)}`, publicUrl).href
}
