/** Continue: opens a link session in this browser, or goes on in the one it has, and plans the trip to a provider. */
import { randomBytes } from 'node:crypto'
import { record } from '../../storage/audit.ts'
import * as connections from '../../storage/connections.ts'
import * as consents from '../../storage/consents.ts'
import type { Db } from '../../storage/db.ts'
import * as progress from '../../storage/link-progress.ts'
import * as sessions from '../../storage/link-sessions.ts'
import { hashToken } from '../link-token.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { type LinkView, look, type Sight } from './look.ts'
import { ownerActor } from './owner.ts'
import { type Stop, stopsOf } from './plan.ts'
import { planTrip, type Trip } from './trip.ts'

export type Continued =
  /** `cookie` is what this browser is known by from now on; `fresh` when it must be set. */
  | { kind: 'go'; trip: Trip; stop: Stop; cookie: string; fresh: boolean; link: LinkView }
  /** A key was entered, which nobody has checked yet. */
  | { kind: 'check'; entered: Entered; cookie: string; fresh: boolean; link: LinkView }
  /** Questions come first; `wrong` names the answers that cannot be meant. Nothing has begun. */
  | { kind: 'ask'; stop: Stop; link: LinkView; typed: Record<string, string>; wrong: string[] }
  | { kind: 'not-open'; sight: Sight }
  /** Ten browsers hold a credential each, it was tried too often, or nothing of the request is offered here any more. */
  | { kind: 'too-many'; link: LinkView }
  | { kind: 'not-offered'; link: LinkView }

export type Wanted = {
  /** Null: the first one that is still to come. */
  provider: string | null
  /** The owner wants to sign in under another name: no login is suggested. */
  someoneElse: boolean
  /** By field, as typed; null: not asked yet. */
  typed?: Record<string, string> | null
}

/** What the owner typed, corrected; the consent it belongs to is written already. */
export type Entered = {
  stop: Stop
  answers: Record<string, string>
  consentId: string
  linkSessionId: string
}

export async function continueLink(
  services: Services,
  token: string,
  cookies: string[],
  wanted: Wanted,
): Promise<Continued> {
  const sight = await look(services, token, cookies)
  if (sight.kind !== 'open' || sight.late) return { kind: 'not-open', sight }
  const { link, session } = sight
  const stops = stopsOf(services, link, session?.held ?? [])
  const stop =
    stops.find(({ provider }) => provider.id === wanted.provider) ??
    stops.find(({ held }) => held === null) ??
    stops[0]
  const app = stop?.provider.auth === 'key' ? NO_APP : stop && services.oauthApps[stop.provider.id]
  if (!stop || !app) return { kind: 'not-offered', link }
  // What was typed for one provider is never shown to another, e.g. where an old page names one not offered any more.
  const typed = stop.provider.id === wanted.provider ? (wanted.typed ?? null) : null
  const { answers, wrong } = readAnswers(stop, typed ?? {})
  if (wrong.length > 0) return { kind: 'ask', stop, link, typed: typed ?? {}, wrong: typed ? wrong : [] }
  const hint = wanted.someoneElse ? null : await expectedLogin(services, link)
  const scopes = await scopesFor(services, link.orgId, { stop, oauthApp: app.id, hint })
  const cookie = session?.cookie ?? randomBytes(32).toString('base64url')

  return services.db.transaction(async (tx): Promise<Continued> => {
    const linkSessionId = session?.id ?? (await openSession(tx, link, cookie))
    if (linkSessionId === 'ended') return { kind: 'not-open', sight: await look(services, token, cookies) }
    if (linkSessionId === 'full') return { kind: 'too-many', link }
    const isTyped = stop.fields.length > 0 // robots press Continue, but type nothing, and lock nobody out
    if (isTyped && (await consents.countLately(tx, link.orgId, link.id)) >= TRIES_MAX)
      return { kind: 'too-many', link }
    await noteStart(services, tx, link)
    const consentId = await consents.begin(tx, link.orgId, {
      linkSessionId,
      provider: stop.provider.id,
      oauthApp: app.id,
      askedScopes: scopes,
    })
    const browser = { cookie, fresh: session === null, link }
    const ids = { orgId: link.orgId, consentId, linkSessionId }
    const trip = planTrip({ ...stop, scopes }, app, { ids, hint, answers })
    if (trip) return { kind: 'go', trip, stop, ...browser }
    return { kind: 'check', entered: { stop, answers, consentId, linkSessionId }, ...browser }
  })
}

/** In an hour and per link: whoever holds one does not guess keys, or probe addresses, through us. */
const TRIES_MAX = 60

/** Keys need no registration of ours anywhere. */
const NO_APP = { id: '', secret: '' }

function readAnswers({ fields }: Stop, typed: Record<string, string>) {
  const read = fields.map(({ name, read }) => [name, read(typed[name] ?? '')] as const)
  const wrong = read.filter(([, value]) => value === null).map(([name]) => name)
  const answers = Object.fromEntries(read.filter((one): one is [string, string] => one[1] !== null))
  return { answers, wrong }
}

async function openSession(
  tx: Db,
  { orgId, id }: LinkView,
  cookie: string,
): Promise<string | 'ended' | 'full'> {
  if (!(await sessions.lockLink(tx, orgId, id))) return 'ended'
  await sessions.pushOutOldest(tx, orgId, id)
  if ((await sessions.countOpen(tx, orgId, id)) >= sessions.OPEN_SESSIONS_MAX) return 'full'
  return sessions.open(tx, orgId, id, hashToken(cookie))
}

async function noteStart(services: Services, tx: Db, link: LinkView): Promise<void> {
  if (!(await progress.markStarted(tx, link.orgId, link.requestId))) return
  await record(tx, link.orgId, {
    kind: 'link.started',
    actor: ownerActor(link),
    clientId: link.clientId,
    requestId: link.requestId,
    linkId: link.id,
  })
  await touchCard(services, tx, link.orgId, link.requestId)
}

/** A reconnect expects the identity it should heal; otherwise the owner's own address is the best guess. */
export async function expectedLogin({ db }: Services, link: LinkView): Promise<string | null> {
  if (!link.connectionId) return link.ownerEmail
  const connection = await connections.byId(db, link.orgId, link.connectionId)
  return connection?.identityLabel ?? link.ownerEmail
}

/**
 * With what this login gave us before: the new credential takes the old one's place, and not every provider adds what
 * it granted earlier.
 */
async function scopesFor(
  { db, connectors }: Services,
  orgId: string,
  { stop, oauthApp, hint }: { stop: Stop; oauthApp: string; hint: string | null },
): Promise<string[]> {
  if (hint === null) return stop.scopes
  const login = { provider: stop.provider.id, oauthApp, label: hint }
  const before = await connections.connectorsUnderLabel(db, orgId, login)
  const wanted = before.flatMap((id) => connectors.get(id) ?? [])
  const theirs = wanted.flatMap(({ scopes, optionalScopes = [] }) => [...scopes, ...optionalScopes])
  return [...new Set([...stop.scopes, ...theirs])]
}
