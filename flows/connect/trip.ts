/** One trip to a provider: where it goes, what comes along, and what must be known when the browser is back. */
import { createHash } from 'node:crypto'
import { ConnectorError, type OAuthApp } from '../../connectors/connector.ts'
import { openContext, routed } from '../../connectors/http.ts'
import * as oauthSessions from '../../storage/oauth-sessions.ts'
import type { Services } from '../services.ts'
import type { Stop } from './plan.ts'

/** Everything the OAuth exchange needs; holds the OAuth app's secret, so it never leaves the server. */
export type Trip = {
  orgId: string
  consentId: string
  linkSessionId: string
  provider: string
  authorizeUrl: string
  tokenUrl: string
  tokenAuth: 'form' | 'basic'
  pkce: boolean
  scopes: string[]
  /** '': not sent. */
  scopeSeparator: ' ' | ',' | ''
  params: Record<string, string>
  /** What the owner answered before, by field; never a secret. */
  answers: Record<string, string>
  /** Address of the account's own API, by those answers. */
  site: string
  key: string
  secret: string
}

type Planned = {
  ids: Pick<Trip, 'orgId' | 'consentId' | 'linkSessionId'>
  hint: string | null
  answers: Record<string, string>
}

/** Null for keys: there is no trip. */
export function planTrip(
  { provider, scopes }: Stop,
  app: OAuthApp,
  { ids, hint, answers }: Planned,
): Trip | null {
  if (provider.auth === 'key') return null
  const site = provider.site?.(answers) ?? ''
  const { authorizeUrl, tokenUrl } = provider.endpoints?.(site) ?? provider
  return {
    ...ids,
    ...{ answers, site, scopes, key: app.id, secret: app.secret },
    ...{ provider: provider.id, authorizeUrl: routed(authorizeUrl), tokenUrl: routed(tokenUrl) },
    ...{
      tokenAuth: provider.tokenAuth,
      pkce: provider.pkce ?? true,
      scopeSeparator: provider.scopeSeparator,
    },
    params: {
      ...provider.params,
      ...(provider.idParam && { [provider.idParam]: app.id }),
      ...(hint && provider.loginHint?.(hint)),
    },
  }
}

/** `memory` must come back with the callback, which `state` finds again. */
export type Departure = { location: string; state: string; memory: object }

/**
 * A start of the provider's own, where it has one; null: the standard one. `failed` says why the provider did not let
 * anybody leave just now.
 */
export async function departOwnWay(
  services: Services,
  trip: Trip,
): Promise<Departure | { failed: string } | null> {
  const provider = services.connectors.providers().find(({ id }) => id === trip.provider)
  if (provider?.auth !== 'oauth' || !provider.depart) return null
  const app = appOf(services, trip)
  const signal = AbortSignal.timeout(DEPART_MS)
  const context = openContext({ provider, connector: null, accessToken: null, app, site: trip.site, signal })
  try {
    const { kept, ...way } = await provider.depart(context, app, redirectUri(services, trip))
    return { ...way, location: routed(way.location), memory: { kept } }
  } catch (error) {
    if (error instanceof ConnectorError) return { failed: whyOf(error) }
    if (!signal.aborted) throw error
    return { failed: 'busy' }
  }
}

/** A sentence where the owner can do something about it, else a code; `busy` where it passes by itself. */
export function whyOf({ kind, ownerAction, reason }: ConnectorError): string {
  if (ownerAction) return ownerAction
  return kind === 'transient' || kind === 'rate_limited' ? 'busy' : (reason ?? kind)
}

const DEPART_MS = 8_000

export const redirectUri = ({ publicUrl }: Services, { provider }: Pick<Trip, 'provider'>) =>
  `${publicUrl.origin}/connect/${provider}/callback`

/** As the trip left with it, with what else this OAuth app is known by. */
export const appOf = ({ oauthApps }: Services, { provider, key, secret }: Trip): OAuthApp => ({
  ...oauthApps[provider],
  ...{ id: key, secret },
})

export type TripMemory = {
  trip: Omit<Trip, 'secret'>
  /** grant's own: state, nonce and PKCE verifier; or what `depart` kept. */
  oauth: object
}

/** Sealed, for ten minutes, to be found only by the browser that left and the state it left with. */
export async function rememberTrip(
  { db, vault }: Services,
  { cookie, state, memory }: { cookie: string; state: string; memory: TripMemory },
): Promise<void> {
  const hash = tripHash(cookie, state)
  await oauthSessions.save(db, hash, vault.seal(JSON.stringify(memory), tripPlace(hash)))
}

export function tripHash(cookie: string, state: string): Buffer {
  return createHash('sha256').update(`${cookie}.${state}`).digest()
}

export const tripPlace = (hash: Buffer) => `oauth_session:${hash.toString('hex')}:-:sealed`
