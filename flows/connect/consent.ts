/** Back from a provider: the trip is taken once, then the credential is kept, sealed, until Finish or its end. */
import { ConnectorError } from '../../connectors/connector.ts'
import { openContext, routed } from '../../connectors/http.ts'
import { record } from '../../storage/audit.ts'
import * as consents from '../../storage/consents.ts'
import * as sessions from '../../storage/link-sessions.ts'
import type { LinkView } from '../../storage/link-views.ts'
import * as links from '../../storage/link-views.ts'
import * as oauthSessions from '../../storage/oauth-sessions.ts'
import { hashToken, linkToken } from '../link-token.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { type Granted, hold } from './hold.ts'
import { ownerActor } from './owner.ts'
import { stopsOf } from './plan.ts'
import { appOf, redirectUri, type Trip, type TripMemory, tripHash, tripPlace, whyOf } from './trip.ts'

/** A trip that came back for the first time, in the browser and to the provider's address it left from. */
export type Taken = { trip: Trip; oauth: object; link: LinkView; token: string; at: Date }

/** `token` leads the browser back to the link's page. */
export type Arrival =
  | { kind: 'taken'; taken: Taken }
  /** Seen before, too old, from another browser, or never begun: nothing may be exchanged. */
  | { kind: 'stale' }
  /** The answer came to another provider's address than the question went to. */
  | { kind: 'mixed-up'; token: string }
  | { kind: 'ended'; token: string }

export type Callback = {
  /** From the path of the redirect URI that was called. */
  provider: string
  state: string | null
  /** RFC 9207, where the provider sends it. */
  issuer: string | null
  cookies: string[]
}

/** Nothing is exchanged before this says `taken`. */
export async function arrive(services: Services, callback: Callback): Promise<Arrival> {
  const { db, vault } = services
  const { state, cookies } = callback
  if (!state) return { kind: 'stale' }
  const found = await oauthSessions.takeByHash(
    db,
    cookies.map((cookie) => tripHash(cookie, state)),
  )
  if (!found) return { kind: 'stale' }
  const memory = JSON.parse(vault.open(found.sealed, tripPlace(found.hash))) as TripMemory
  const { trip, oauth } = memory
  const cookie = cookies.find((one) => tripHash(one, state).equals(found.hash)) ?? ''
  const consent = await consents.take(db, trip.orgId, {
    id: trip.consentId,
    linkSessionId: trip.linkSessionId,
  })
  const link = consent && (await linkOf(services, trip, cookie))
  if (!consent || !link) return { kind: 'stale' }
  const token = linkToken(services.tokens, link)
  const app = services.oauthApps[trip.provider]
  if (
    callback.provider !== consent.provider ||
    !isIssuer(callback.issuer, trip) ||
    app?.id !== consent.oauthApp
  ) {
    await conclude(services, { trip, link }, 'failed', 'mixed-up')
    return { kind: 'mixed-up', token }
  }
  if (link.status !== 'issued' || link.overdue) return { kind: 'ended', token }
  const at = consent.calledBackAt ?? new Date(0)
  return { kind: 'taken', taken: { trip: { ...trip, secret: app.secret }, oauth, link, token, at } }
}

/** The link of the trip, if the cookie is the key of its link session, which only the link's own end may have closed. */
async function linkOf(
  { db }: Services,
  trip: Omit<Trip, 'secret'>,
  cookie: string,
): Promise<LinkView | null> {
  const link = await links.findBySession(db, trip.orgId, trip.linkSessionId)
  const session = link && (await sessions.findByHash(db, trip.orgId, link.id, [hashToken(cookie)]))
  if (!link || session?.id !== trip.linkSessionId) return null
  return session.closedAt === null || link.status !== 'issued' ? link : null
}

/** A provider that names itself must be the one the browser was sent to. */
function isIssuer(issuer: string | null, { authorizeUrl }: Omit<Trip, 'secret'>): boolean {
  if (issuer === null) return true
  return URL.canParse(issuer) && new URL(routed(issuer)).origin === new URL(authorizeUrl).origin
}

export type Answer =
  | { kind: 'denied'; error: string }
  | { kind: 'failed'; why: string }
  | ({ kind: 'granted' } & Granted)

/** The exchange of a provider that has one of its own; null: the standard one. `query` is the whole callback. */
export async function exchangeOwnWay(
  services: Services,
  { trip, oauth }: Taken,
  query: Record<string, string>,
): Promise<Answer | null> {
  const provider = services.connectors.providers().find(({ id }) => id === trip.provider)
  if (provider?.auth !== 'oauth' || !provider.exchange) return null
  const said = query.error ?? (query.denied === undefined ? undefined : 'denied')
  if (said !== undefined) return refusal(said)
  const { site } = trip
  const app = appOf(services, trip)
  const signal = AbortSignal.timeout(EXCHANGE_MS)
  const context = openContext({ provider, connector: null, accessToken: null, app, site, signal })
  const { code_verifier: verifier = '', kept = '' } = oauth as { code_verifier?: string; kept?: string }
  try {
    const back = { query, redirectUri: redirectUri(services, trip), verifier, kept }
    const tokens = await provider.exchange(context, app, back)
    const { grantExpiresInSeconds = null, raw = null, site: own = site } = tokens
    return { kind: 'granted', ...tokens, grantExpiresInSeconds, raw, site: own, idToken: null }
  } catch (error) {
    if (error instanceof ConnectorError) return { kind: 'failed', why: whyOf(error) }
    if (!signal.aborted) throw error
    return { kind: 'failed', why: 'busy' }
  }
}

const EXCHANGE_MS = 25_000

/** What the provider wrote into the callback instead of a code. Codes only: free text may repeat what was sent. */
export function refusal(said: string): Answer {
  const why = /^[\w.-]{1,60}$/.test(said) ? said : 'error'
  return /denied|cancel/i.test(said) ? { kind: 'denied', error: why } : { kind: 'failed', why }
}

/** Stores what came of the trip. What the owner reads about it is on the link's page. */
export async function concludeTrip(services: Services, taken: Taken, answer: Answer): Promise<void> {
  if (answer.kind === 'denied') return conclude(services, taken, 'denied', answer.error)
  if (answer.kind === 'failed') return conclude(services, taken, 'failed', answer.why)
  const { trip, link, at } = taken
  const stop = stopsOf(services, link, []).find(({ provider }) => provider.id === trip.provider)
  if (!stop) return conclude(services, taken, 'failed', 'not-offered')
  const { orgId, linkSessionId, consentId, scopes: askedScopes, answers, key: oauthApp } = trip
  const app = appOf(services, trip)
  const holding = { link, orgId, linkSessionId, consentId, stop, app, oauthApp, askedScopes, answers, at }
  const outcome = await hold(services, holding, answer)
  if (outcome !== 'held') await conclude(services, taken, 'failed', whyOf(outcome))
}

/** For the link's page and the request's thread: nothing came of this trip. */
export async function conclude(
  services: Services,
  { trip, link }: { trip: Pick<Trip, 'provider' | 'orgId' | 'consentId'>; link: LinkView },
  outcome: 'denied' | 'failed',
  detail: string,
): Promise<void> {
  const name = services.connectors.providers().find(({ id }) => id === trip.provider)?.name ?? trip.provider
  await services.db.transaction(async (tx) => {
    await consents.conclude(tx, trip.orgId, trip.consentId, outcome, detail)
    await record(tx, link.orgId, {
      kind: outcome === 'denied' ? 'consent.denied' : 'consent.failed',
      actor: ownerActor(link),
      clientId: link.clientId,
      requestId: link.requestId,
      linkId: link.id,
      data: { provider: name, ...(outcome === 'failed' && { why: detail.slice(0, 200) }) },
    })
    await touchCard(services, tx, link.orgId, link.requestId)
  })
}
