/**
 * The one place that calls a provider: pace, deadline, size, declared origins, and ConnectorError for all that fails.
 * Calls go through the global `fetch`, which never follows a redirect here.
 */
import { classify, isDisguised, valuesAt } from './classify.ts'
import {
  type Account,
  type Connector,
  ConnectorError,
  type Context,
  type HttpRequest,
  type Json,
  type OAuthApp,
  type Provider,
  type Reply,
  type TokenSet,
} from './connector.ts'
import { checkOrigin, routed } from './origins.ts'
import { paced } from './pace.ts'
import { numberAt, textAt } from './values.ts'

export { routed, routeOrigins } from './origins.ts'

/**
 * What accounts(), pages(), identity() and renew() read through. `accessToken` null: for calls that carry none.
 * `accountKey` shares one pace between everybody who reads the same account, e.g. `ga4:330011`; null: only the
 * provider's pace. Each call has 30 seconds of its own besides `signal`.
 */
export function openContext(options: {
  provider: Provider
  connector: Connector | null
  accessToken: string | null
  account?: Account | null
  accountKey?: string | null
  signal: AbortSignal
}): Context {
  const { provider, connector, accessToken, account = null, accountKey = null, signal } = options
  const headers = {
    ...(accessToken === null ? {} : provider.authorization(accessToken)),
    ...connector?.headers(account),
  }
  const caller: Caller = { provider, connector, where: 'api' }
  return {
    signal,
    async call(request) {
      const whole = { ...request, headers: { ...headers, ...request.headers } }
      return paced({ provider, connector, accountKey }, signal, async () =>
        good(caller, await send(caller, whole, signal)),
      )
    },
  }
}

/**
 * One call of the token endpoint, e.g. a renewal. Not paced: nobody waits for a token behind reports. Throws
 * ConnectorError; `revoked` here is the provider's first word, which the caller may want to hear twice.
 */
export async function postToken(
  provider: Provider,
  form: Record<string, string>,
  { app, signal }: { app: OAuthApp; signal: AbortSignal },
): Promise<TokenSet> {
  const caller: Caller = { provider, connector: null, where: 'token' }
  const basic = provider.tokenAuth === 'basic'
  const { id, secret } = app
  const request: HttpRequest = {
    method: 'POST',
    url: provider.tokenUrl,
    form: basic ? form : { ...form, client_id: id, client_secret: secret },
    headers: basic
      ? { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` }
      : {},
  }
  const { body, status } = good(caller, await send(caller, request, signal))
  const accessToken = textAt(body, 'access_token')
  if (!accessToken) throw failure(caller, 'transient', `answered ${status} without an access token`)
  const scope = textAt(body, 'scope')
  return {
    accessToken,
    refreshToken: textAt(body, 'refresh_token'),
    expiresInSeconds: numberAt(body, 'expires_in'),
    scopes: scope ? scope.split(/[\s,]+/).filter(Boolean) : null,
  }
}

/**
 * Withdraws a token at the provider, which may take every other token of the same person and OAuth app with it.
 * `unsupported`: the provider has no such call. A token the provider no longer knows counts as revoked.
 */
export async function revokeToken(
  provider: Provider,
  token: string,
  signal: AbortSignal,
): Promise<'revoked' | 'unsupported'> {
  if (!provider.revoke) return 'unsupported'
  const caller: Caller = { provider, connector: null, where: 'token' }
  const reply = await send(caller, provider.revoke(token), signal)
  if (reply.status < 300 || /invalid_(token|grant)/.test(textAt(reply.body, 'error') ?? '')) return 'revoked'
  throw refused(caller, reply)
}

const DEADLINE_MS = 30_000
const MAX_BYTES = 20 * 1024 * 1024
const AGENT = 'Latchkey'

type Caller = { provider: Provider; connector: Connector | null; where: 'token' | 'api' }

/** Any answer is returned, good or bad. Throws ConnectorError `transient` where there was none. */
async function send(caller: Caller, request: HttpRequest, signal: AbortSignal): Promise<Reply> {
  checkOrigin(request.url, caller.provider, caller.connector)
  signal.throwIfAborted()
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
  try {
    const response = await fetch(target(request), {
      method: request.method ?? 'GET',
      headers: headersOf(request),
      body: bodyOf(request),
      redirect: 'manual',
      signal: deadline,
    })
    const { status, headers } = response
    const raw = await readBody(caller, response)
    return { status, headers: Object.fromEntries(headers), body: parse(raw) ?? null, text: raw }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof ConnectorError) throw cause
    const late = deadline.aborted ? `did not answer within ${DEADLINE_MS / 1000} s` : 'could not be reached'
    throw failure(caller, 'transient', late, { cause })
  }
}

function target({ url, query }: HttpRequest): string {
  const whole = new URL(url)
  for (const [name, value] of Object.entries(query ?? {})) whole.searchParams.set(name, value)
  return routed(whole.href)
}

function headersOf({ json, form, headers }: HttpRequest): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': AGENT,
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...headers,
  }
}

function bodyOf({ json, form }: HttpRequest): string | null {
  if (json !== undefined) return JSON.stringify(json)
  return form === undefined ? null : new URLSearchParams(form).toString()
}

/** Stops reading, and the transfer, at 20 MB. */
async function readBody(caller: Caller, response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let whole = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw failure(caller, 'unknown', 'answered with more than 20 MB')
    whole += decoder.decode(chunk, { stream: true })
  }
  return whole + decoder.decode()
}

/** Undefined: not JSON, so an HTML page, a truncated answer or nothing at all. */
function parse(raw: string): Json | undefined {
  try {
    return JSON.parse(raw) as Json
  } catch {
    return undefined
  }
}

function good(caller: Caller, reply: Reply): Reply {
  const fine = reply.status >= 200 && reply.status < 300
  if (!fine || isDisguised(rules(caller), reply)) throw refused(caller, reply)
  if (reply.body === null)
    throw failure(caller, 'transient', `answered ${reply.status} with something that is not JSON`)
  return reply
}

function refused(caller: Caller, reply: Reply): ConnectorError {
  const { provider, where } = caller
  const { kind, ownerAction } = classify(rules(caller), where, reply)
  const path = caller.connector?.reasonPath ?? provider.reasonPath
  const reason = valuesAt(reply.body, path).find(isCode) ?? null
  return failure(caller, kind, `answered ${reply.status}${reason === null ? '' : ` ${reason}`}`, {
    retryAfterSeconds: retryAfter(reply) ?? provider.retryAfterSeconds?.(reply) ?? null,
    ownerAction,
    reason: reason === null ? null : String(reason),
    unauthorized: where === 'api' && reply.status === 401 && kind === 'revoked',
  })
}

const rules = ({ provider, connector }: Caller) => [connector?.errors ?? [], provider.errors]

/** Codes only: free text of a provider may repeat what was sent. */
const isCode = (value: Json) =>
  typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,80}$/.test(value))

type Details = ConstructorParameters<typeof ConnectorError>[3]

function failure(
  { provider, connector }: Caller,
  kind: ConnectorError['kind'],
  what: string,
  details: Details = {},
): ConnectorError {
  return new ConnectorError(kind, provider.id, `${connector?.name ?? provider.name} ${what}`, details)
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), never negative. */
function retryAfter({ headers }: Reply): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  if (/^\d+$/.test(value)) return Number(value)
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}
