/**
 * The OAuth exchange, by grant's core: it has no routes, cookies or sessions of its own here, so nothing starts a trip
 * but our Continue, and a callback reaches it only after flows/connect/consent.ts took the trip.
 */
import grant from 'grant/lib/grant.js'
import { type Answer, refusal } from '../flows/connect/consent.ts'
import type { Departure, Trip } from '../flows/connect/trip.ts'

const TIMEOUT_MS = 30_000
/** Not the provider's: grant has presets, some stale, and exceptions by name. Everything here is our own table's. */
const NAME = 'own'

/** Where to send the browser; `memory` must come back with the callback. */
export async function leave(trip: Trip, origin: string): Promise<Departure> {
  const { location, session } = await exchange(
    trip,
    origin,
  )({
    method: 'GET',
    params: { provider: NAME },
    ...{ query: {}, body: {}, state: {}, session: {} },
  })
  const state = session.state
  if (!location || typeof state !== 'string' || (trip.pkce && !session.code_verifier))
    throw new Error(`grant planned no safe trip to ${trip.provider}`)
  return { location, state, memory: session }
}

/** Exchanges the code of a callback. Errors of the provider are an answer; nothing of it is trusted. */
export async function returned(
  trip: Trip,
  origin: string,
  { memory, query }: { memory: object; query: Record<string, string> },
): Promise<Answer> {
  if (query.error !== undefined) return refusal(query.error)
  const { state } = await exchange(
    trip,
    origin,
  )({
    method: 'GET',
    params: { provider: NAME, override: 'callback' },
    query: { code: query.code ?? '', state: query.state ?? '' },
    ...{ body: {}, state: {}, session: memory },
  })
  return answerOf(state.response ?? {}, trip.site)
}

type Response = {
  access_token?: unknown
  refresh_token?: unknown
  error?: unknown
  jwt?: { id_token?: { payload?: unknown } }
  raw?: Record<string, unknown>
}

function answerOf({ access_token, refresh_token, error, jwt, raw = {} }: Response, site: string): Answer {
  if (error !== undefined || typeof access_token !== 'string' || access_token === '')
    return { kind: 'failed', why: whyOf(error) }
  return {
    kind: 'granted',
    accessToken: access_token,
    refreshToken: typeof refresh_token === 'string' && refresh_token !== '' ? refresh_token : null,
    expiresInSeconds: secondsOf(raw.expires_in),
    grantExpiresInSeconds: secondsOf(raw.refresh_token_expires_in ?? raw.refresh_expires_in),
    site,
    scopes:
      typeof raw.scope === 'string' && raw.scope !== '' ? raw.scope.split(/[\s,]+/).filter(Boolean) : null,
    idToken: (jwt?.id_token?.payload ?? null) as never,
    raw: raw as never,
  }
}

const TEN_YEARS_S = 10 * 365 * 86_400

/** Providers write it as a number or as text; anything else, 0, -1 and centuries mean that there is no end. */
function secondsOf(value: unknown): number | null {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return seconds > 0 && seconds < TEN_YEARS_S ? seconds : null
}

/** A code: what has spaces is shown to owners as a sentence. */
function whyOf(error: unknown): string {
  if (typeof error === 'string')
    return error.startsWith('Grant: ') ? error.slice(7).replaceAll(' ', '-') : code(error)
  const said = (error as { error?: unknown } | null)?.error
  return typeof said === 'string' ? code(said) : 'no-access-token'
}

/** Error codes only: free text of a provider may repeat what was sent. */
const code = (text: string) => (/^[\w.-]{1,60}$/.test(text) ? text : 'error')

function exchange(trip: Trip, origin: string) {
  return grant({
    config: {
      defaults: {
        origin,
        prefix: '/connect',
        transport: 'state', // tokens never enter a session or a URL
        state: true,
        nonce: true,
        pkce: trip.pkce,
        response: ['tokens', 'raw', 'jwt'], // expires_in and scope come only in raw
        dynamic: [], // true would let a query string replace redirect_uri and access_url
      },
      [NAME]: {
        oauth: 2,
        redirect_uri: `${origin}/connect/${trip.provider}/callback`,
        key: trip.key,
        secret: trip.secret,
        authorize_url: trip.authorizeUrl,
        access_url: trip.tokenUrl,
        ...(trip.scopeSeparator && { scope: trip.scopes, scope_delimiter: trip.scopeSeparator }),
        custom_params: trip.params,
        token_endpoint_auth_method: trip.tokenAuth === 'basic' ? 'client_secret_basic' : 'client_secret_post',
      },
    },
    request: { timeout: TIMEOUT_MS },
  })
}
