/**
 * The one place that calls a provider: pace, declared origins, and ConnectorError for all that fails. Ordinary calls
 * go through the global `fetch`, which never follows a redirect here.
 */
import {
  ConnectorError,
  type Context,
  type HttpRequest,
  type Json,
  type OAuthApp,
  type Reply,
} from './call.ts'
import { classify, isDisguised, valuesAt } from './classify.ts'
import type { Account, Connector, OAuthProvider, Provider, TokenSet } from './connector.ts'
import { paced, rest } from './pace.ts'
import { type Caller, download, failure, send, sleep } from './send.ts'
import { numberAt, textAt, valueAt } from './values.ts'

export { landings, routed, routeOrigins } from './origins.ts'

export type Opening = {
  provider: Provider
  connector: Connector | null
  /** Null: for calls that carry none. */
  accessToken: string | null
  /** Null for keys. */
  app: OAuthApp | null
  /** Address of this connection's API, where it has one of its own. */
  site?: string
  account?: Account | null
  /** Shares one pace between everybody who reads the same account, e.g. `ga4:330011`; null: only the provider's. */
  accountKey?: string | null
  answers?: Record<string, string>
  known?: string[]
  signal: AbortSignal
}

/** What accounts(), pages(), identity() and renew() read through. Each call has 30 seconds of its own beside `signal`. */
export function openContext(options: Opening): Context {
  const { provider, connector, accessToken, account = null, accountKey = null, app, signal } = options
  const site = options.site ?? ''
  const caller: Caller = { provider, connector, where: 'api', site, accessToken }
  const turn = { provider, connector, site, accountKey }
  const signed = (request: HttpRequest): HttpRequest => {
    const plain = { ...request, headers: { ...connector?.headers(account, app), ...request.headers } }
    if (accessToken === null) return plain
    return { ...plain, headers: { ...provider.authorization(accessToken, request, app), ...plain.headers } }
  }
  return {
    ...{ signal, app, site, answers: options.answers ?? {}, known: options.known ?? [] },
    sleep: (ms) => sleep(ms, signal),
    download: (url) => paced(turn, signal, () => download(caller, url, signal)),
    call: (request) =>
      paced(turn, signal, async () => {
        const reply = await send(caller, signed(request), signal)
        rest(turn, provider.restSeconds?.(reply) ?? null)
        return request.also?.includes(reply.status) ? reply : good(caller, reply)
      }),
  }
}

/**
 * One call of the token endpoint, e.g. a renewal or a code. Not paced: nobody waits for a token behind reports. Throws
 * ConnectorError; `revoked` here is the provider's first word, which the caller may want to hear twice.
 */
export async function postToken(
  provider: OAuthProvider,
  form: Record<string, string>,
  { app, signal, site = '' }: { app: OAuthApp; signal: AbortSignal; site?: string },
): Promise<TokenSet> {
  const basic = provider.tokenAuth === 'basic'
  const { id, secret } = app
  const { body } = await callToken(
    provider,
    {
      method: 'POST',
      url: provider.endpoints?.(site).tokenUrl ?? provider.tokenUrl,
      form: basic ? form : { ...form, client_id: id, client_secret: secret },
      headers: basic
        ? { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` }
        : {},
    },
    signal,
    site,
  )
  return tokenSet(provider, body)
}

/** A token endpoint in a provider's own dialect; classed by its `token` rules. Throws ConnectorError. */
export async function callToken(
  provider: Provider,
  request: HttpRequest,
  signal: AbortSignal,
  site = '',
): Promise<Reply> {
  const caller: Caller = { provider, connector: null, where: 'token', site }
  return good(caller, await send(caller, request, signal))
}

const GRANT_ENDS = 'refresh_token_expires_in|refresh_expires_in'

/** A token answer in RFC 6749's words, with the names in use for the end of the whole authorisation. Throws ConnectorError. */
export function tokenSet(provider: Provider, body: Json): TokenSet {
  const accessToken = textAt(body, 'access_token')
  if (!accessToken)
    throw new ConnectorError('transient', provider.id, `${provider.name} answered without an access token`)
  return {
    accessToken,
    refreshToken: textAt(body, 'refresh_token'),
    expiresInSeconds: secondsAt(body, 'expires_in'),
    ...(textAt(body, GRANT_ENDS) !== null && { grantExpiresInSeconds: secondsAt(body, GRANT_ENDS) }),
    scopes: scopesOf(valueAt(body, 'scope|scopes')),
    raw: body,
  }
}

/** Text with spaces or commas, or a list. */
function scopesOf(said: Json): string[] | null {
  const scopes = Array.isArray(said) ? said.map(String) : typeof said === 'string' ? said.split(/[\s,]+/) : []
  const named = scopes.filter(Boolean)
  return named.length > 0 ? named : null
}

const TEN_YEARS_S = 10 * 365 * 86_400

/** Null for 0, -1 and centuries, by which providers say that something does not end. */
function secondsAt(body: Json, path: string): number | null {
  const seconds = numberAt(body, path)
  return seconds !== null && seconds > 0 && seconds < TEN_YEARS_S ? seconds : null
}

/**
 * Withdraws a token at the provider, which may take every other token of the same person and OAuth app with it.
 * `unsupported`: the provider has no such call. A token the provider no longer knows counts as revoked.
 */
export async function revokeToken(
  provider: Provider,
  token: string,
  { app, site = '', signal }: { app: OAuthApp | null; site?: string; signal: AbortSignal },
): Promise<'revoked' | 'unsupported'> {
  if (provider.auth === 'key' || !provider.revoke) return 'unsupported'
  const caller: Caller = { provider, connector: null, where: 'token', site }
  const reply = await send(caller, provider.revoke(token, site, app), signal)
  const done = reply.status < 300 && (provider.isGood?.(reply) ?? true)
  if (done || /invalid_(token|grant)/.test(textAt(reply.body, 'error') ?? '')) return 'revoked'
  const failed = refused(caller, reply)
  if (failed.kind === 'revoked') return 'revoked'
  throw failed
}

function good(caller: Caller, reply: Reply): Reply {
  const fine = reply.status >= 200 && reply.status < 300
  if (!fine || isDisguised(rules(caller), reply)) throw refused(caller, reply)
  if (reply.body === null)
    throw failure(caller, 'transient', `answered ${reply.status} with something that is not JSON`)
  if (caller.provider.isGood?.(reply) === false) throw refused(caller, reply)
  return reply
}

function refused(caller: Caller, reply: Reply): ConnectorError {
  const { provider, where } = caller
  const { kind, ownerAction } = classify(rules(caller), where, reply)
  const path = caller.connector?.reasonPath ?? provider.reasonPath
  const reason = valuesAt(reply.body, path).find((value) => isCode(value) && !repeats(caller, value)) ?? null
  return failure(caller, kind, `answered ${reply.status}${reason === null ? '' : ` ${reason}`}`, {
    retryAfterSeconds: retryAfter(reply) ?? provider.retryAfterSeconds?.(reply) ?? null,
    ownerAction,
    reason: reason === null ? null : String(reason),
    unauthorized: where === 'api' && reply.status === 401 && kind === 'revoked',
  })
}

const rules = ({ provider, connector }: Caller) => [connector?.errors ?? [], provider.errors]

/** A shop's address was typed by a stranger: its answer may hold the very key it got. */
const repeats = ({ accessToken }: Caller, value: Json) =>
  String(value).length >= 16 && (accessToken ?? '').includes(String(value))

/** Codes only: free text of a provider may repeat what was sent. */
const isCode = (value: Json) =>
  typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,80}$/.test(value))

/** Seconds, which some write with a fraction, or an HTTP date (RFC 9110 §10.2.3), never negative. */
function retryAfter({ headers }: Reply): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value))
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}
