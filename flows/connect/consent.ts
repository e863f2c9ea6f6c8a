/** Back from a provider: the trip is taken once, then the credential is kept, sealed, until Finish or its end. */
import { randomUUID } from 'node:crypto'
import { type Connector, ConnectorError, type Identity, type Json } from '../../connectors/connector.ts'
import { openContext, routed } from '../../connectors/http.ts'
import { record } from '../../storage/audit.ts'
import * as consents from '../../storage/consents.ts'
import type { Db } from '../../storage/db.ts'
import type { HeldAccount, HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as progress from '../../storage/link-progress.ts'
import * as sessions from '../../storage/link-sessions.ts'
import type { LinkView } from '../../storage/link-views.ts'
import * as links from '../../storage/link-views.ts'
import * as oauthSessions from '../../storage/oauth-sessions.ts'
import { hashToken, linkToken } from '../link-token.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { type Trip, type TripMemory, tripHash, tripPlace } from './continue.ts'
import { type HeldSecret, heldPlace, withdraw } from './held-secret.ts'
import { ownerActor } from './owner.ts'
import { missingScopes, type Stop, stopsOf } from './plan.ts'

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

const LISTING_MS = 25_000

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
  | {
      kind: 'granted'
      accessToken: string
      refreshToken: string | null
      expiresInSeconds: number | null
      /** Of the whole authorisation, where the provider says that it ends. */
      grantExpiresInSeconds: number | null
      /** As granted; null when the provider did not say. */
      scopes: string[] | null
      idToken: Json
      raw: Json
    }

/** Stores what came of the trip. What the owner reads about it is on the link's page. */
export async function concludeTrip(services: Services, taken: Taken, answer: Answer): Promise<void> {
  if (answer.kind === 'denied') return conclude(services, taken, 'denied', answer.error)
  if (answer.kind === 'failed') return conclude(services, taken, 'failed', answer.why)
  const stop = stopsOf(services, taken.link, []).find(({ provider }) => provider.id === taken.trip.provider)
  if (!stop) return conclude(services, taken, 'failed', 'not-offered')
  const signal = AbortSignal.timeout(LISTING_MS)
  const identity = await identify(stop, answer, signal)
  if (!identity) return conclude(services, taken, 'failed', 'identity-unknown')
  const scopes = answer.scopes ?? taken.trip.scopes
  const listed = await Promise.all(
    stop.items.map(({ connector }) => listAccounts(connector, answer.accessToken, scopes, signal)),
  )
  const unneeded = await keep(services, taken, { answer, identity, scopes, stop, listed })
  if (unneeded) await withdraw(services, unneeded, AbortSignal.timeout(5_000))
}

type Granted = Extract<Answer, { kind: 'granted' }>
type Listed = { connectorId: string; accounts: HeldAccount[]; trouble: string | null }

async function identify(stop: Stop, answer: Granted, signal: AbortSignal): Promise<Identity | null> {
  const { provider } = stop
  const context = openContext({ provider, connector: null, accessToken: answer.accessToken, signal })
  try {
    return await provider.identity(context, { idToken: answer.idToken, raw: answer.raw })
  } catch (error) {
    if (error instanceof ConnectorError) return null
    throw error
  }
}

/** Trouble with one data source must not hide the accounts of the others. */
async function listAccounts(
  connector: Connector,
  accessToken: string,
  scopes: string[],
  signal: AbortSignal,
): Promise<Listed> {
  const connectorId = connector.id
  if (missingScopes(connector, scopes).length > 0)
    return { connectorId, accounts: [], trouble: 'scope_missing' }
  const accounts: HeldAccount[] = []
  const context = openContext({ provider: connector.provider, connector, accessToken, signal })
  try {
    for await (const account of connector.accounts(context)) accounts.push({ connectorId, ...account })
  } catch (error) {
    if (!(error instanceof ConnectorError) && !signal.aborted) throw error
    const trouble = error instanceof ConnectorError ? error.kind : 'transient'
    return { connectorId, accounts, trouble }
  }
  return { connectorId, accounts, trouble: null }
}

type Kept = { answer: Granted; identity: Identity; scopes: string[]; stop: Stop; listed: Listed[] }

/**
 * Returns what must not stay behind at the provider: the sign-in of somebody else that this one replaced, or this one
 * where the link was cancelled, finished or over while the provider answered.
 */
async function keep(services: Services, taken: Taken, kept: Kept): Promise<HeldCredential | null> {
  const { trip, link } = taken
  const { orgId, linkSessionId: sessionId } = trip
  const brought = sealed(services, taken, kept)
  return services.db.transaction(async (tx) => {
    if (!(await sessions.lockOpen(tx, orgId, { linkId: link.id, sessionId }))) {
      await consents.conclude(tx, orgId, trip.consentId, 'failed', 'ended')
      return brought
    }
    const before = await held.ofSession(tx, orgId, sessionId)
    await held.keep(tx, orgId, brought)
    await consents.conclude(tx, orgId, trip.consentId, 'granted', null)
    if (stopsOf(services, link, []).length > 1) await progress.markPartial(tx, link.orgId, link.requestId)
    await noteGranted(services, tx, link, kept)
    const replaced = before.find(({ provider }) => provider === trip.provider)
    return replaced && replaced.identity !== brought.identity ? replaced : null
  })
}

function sealed(services: Services, { trip, at }: Taken, kept: Kept): HeldCredential {
  const { answer, identity, scopes, listed } = kept
  const id = randomUUID()
  const after = (seconds: number | null) =>
    seconds === null ? null : new Date(at.getTime() + seconds * 1000).toISOString()
  const secret: HeldSecret = {
    accessToken: answer.accessToken,
    refreshToken: answer.refreshToken,
    expiresAt: after(answer.expiresInSeconds),
    grantExpiresAt: after(answer.grantExpiresInSeconds),
  }
  const troubled = listed.filter(({ trouble }) => trouble)
  return {
    ...{ id, orgId: trip.orgId, linkSessionId: trip.linkSessionId, receivedAt: at, scopes },
    ...{ provider: trip.provider, oauthApp: trip.key, identity: identity.id, identityLabel: identity.label },
    sealed: services.vault.seal(JSON.stringify(secret), heldPlace(id, trip.orgId)),
    accounts: listed.flatMap(({ accounts }) => accounts),
    trouble: Object.fromEntries(troubled.map(({ connectorId, trouble }) => [connectorId, trouble ?? ''])),
  }
}

async function noteGranted(
  services: Services,
  tx: Db,
  link: LinkView,
  { identity, scopes, stop }: Kept,
): Promise<void> {
  const missing = stop.items
    .filter(({ connector }) => missingScopes(connector, scopes).length > 0)
    .map(({ connector }) => connector.name)
  await record(tx, link.orgId, {
    ...{ kind: 'consent.granted', actor: ownerActor(link, identity.label), linkId: link.id },
    ...{ clientId: link.clientId, requestId: link.requestId },
    data: { provider: stop.provider.name, label: identity.label, missing },
  })
  await touchCard(services, tx, link.orgId, link.requestId)
}

async function conclude(
  services: Services,
  { trip, link }: { trip: Omit<Trip, 'secret'>; link: LinkView },
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
      data: { provider: name, ...(outcome === 'failed' && { why: detail.slice(0, 80) }) },
    })
    await touchCard(services, tx, link.orgId, link.requestId)
  })
}
