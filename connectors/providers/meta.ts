/**
 * Meta (Facebook Login) as an authorisation server, shared by Meta Ads and Instagram. It has no refresh tokens: a short
 * token becomes one of about 60 days, which can be exchanged again only while it lives. HTTP 400 means anything: the
 * error's code says what. (Graph API v26.0: guides/error-handling, access-tokens/get-long-lived)
 */
import { valuesAt } from '../classify.ts'
import {
  ConnectorError,
  type Context,
  type HttpRequest,
  type Json,
  type OAuthApp,
  type OAuthProvider,
  type Reply,
  type TokenSet,
} from '../connector.ts'
import { postToken } from '../http.ts'
import { listing } from '../paging.ts'
import { numberAt, textAt, valueAt } from '../values.ts'

export const VERSION = 'v26.0'
export const ORIGIN = 'https://graph.facebook.com'
export const GRAPH = `${ORIGIN}/${VERSION}`
/** Of `business_management`, which both connectors need. */
export const WRITE_WARNING =
  'Meta has no read-only permission for business portfolios, so one of these permissions would also allow changes; Latchkey contains no code that makes any.'

const WEEK_S = 7 * 24 * 3_600
const PAUSE_S = 300
/** Percent of a limit used up. */
const [FULL, BUSY] = [95, 75]
/** Code 190 for once means a permission, not the token. */
const UNGRANTED = 'must be granted before impersonating'
const CHECKPOINT =
  'Facebook wants to see you first: log in at www.facebook.com, follow its instructions, then reconnect.'
const TWO_FACTOR =
  'The business that owns this account asks for a second factor: switch it on at www.facebook.com/security and log in there.'

export const meta: OAuthProvider = {
  auth: 'oauth',
  id: 'meta',
  name: 'Meta',
  permissionsUrl: 'https://www.facebook.com/settings?tab=business_tools',
  origins: [ORIGIN],
  baseScopes: [],
  authorizeUrl: `https://www.facebook.com/${VERSION}/dialog/oauth`,
  tokenUrl: `${GRAPH}/oauth/access_token`,
  scopeSeparator: ',',
  // Asks again for what was declined once; without it Facebook never shows those boxes again.
  params: { auth_type: 'rerequest' },
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** Scopes are not in the token answer: Facebook says what was granted only when asked. */
  async exchange(context, app, { query, redirectUri, verifier }) {
    const form = {
      ...{ grant_type: 'authorization_code', code: query.code ?? '', redirect_uri: redirectUri },
      ...(verifier && { code_verifier: verifier }),
    }
    const short = await postToken(meta, form, { app, signal: context.signal })
    const long = await extended(context, app, short.accessToken)
    const headers = meta.authorization(long.accessToken, { url: GRAPH }, app)
    const { body } = await context.call({ url: `${GRAPH}/me/permissions`, headers })
    const granted = valuesAt(body, 'data[]').filter((each) => textAt(each, 'status') === 'granted')
    return { ...long, scopes: granted.flatMap((each) => textAt(each, 'permission') ?? []) }
  },

  async identity(context) {
    const { body } = await context.call({ url: `${GRAPH}/me`, query: { fields: 'id,name' } })
    const id = textAt(body, 'id')
    if (id === null) throw new ConnectorError('unknown', meta.id, 'Meta did not say who signed in')
    return { id, label: textAt(body, 'name') ?? `Facebook account …${id.slice(-4)}` }
  },

  /** Withdraws every permission, and with it all tokens of this person for our OAuth app. */
  revoke: (token) => ({
    ...{ method: 'DELETE', url: `${GRAPH}/me/permissions` },
    headers: meta.authorization(token, { url: GRAPH }, null),
  }),

  renew: extended,

  /** Its own SDKs take any answer with an `error` for a failure, whatever the status (FacebookResponse.is_success). */
  isGood: ({ body }) => valueAt(body, 'error') === null,

  errors: [
    { kind: 'revoked', path: 'error.error_subcode', in: [459, 464, 490], ownerAction: CHECKPOINT },
    { kind: 'revoked', path: 'error.code', in: [190, 102], lacks: [UNGRANTED] },
    { kind: 'consent_failed', at: 'token', path: 'error.code', in: [100] },
    { kind: 'scope_missing', at: 'api', contains: UNGRANTED },
    { kind: 'scope_missing', at: 'api', path: 'error.code', in: [3, 10] },
    // Also "(#200) Requires business_management permission", which logins that have it get, too (Airbyte, PR 31132).
    { kind: 'account_lost', at: 'api', path: 'error.code', between: [200, 299] },
    { kind: 'account_lost', at: 'api', contains: 'cannot be loaded due to missing permissions' },
    { kind: 'account_lost', at: 'api', contains: 'Unsupported get request' }, // the short form, without a subcode
    { kind: 'account_lost', at: 'api', contains: '(#100) Missing perm' },
    { kind: 'account_lost', at: 'api', path: 'error.code', in: [803] },
    // The business that owns the account asks for a second factor; signing in anew does not help.
    { kind: 'account_lost', at: 'api', path: 'error.code', in: [415], ownerAction: TWO_FACTOR },
    // Messages come in the person's language; the subcode says the same.
    { kind: 'account_lost', at: 'api', path: 'error.error_subcode', in: [33] },
    { kind: 'rate_limited', path: 'error.code', in: [4, 17, 32, 341, 613] },
    { kind: 'rate_limited', path: 'error.code', between: [80_000, 80_014] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', path: 'error.code', in: [101, 191] },
    { kind: 'app_config', at: 'token', contains: 'Error validating client secret' },
    // Our app at Meta has "Require App Secret" switched on.
    { kind: 'app_config', contains: 'appsecret_proof' },
    // 12: a field is deprecated for the version we ask in.
    { kind: 'version_sunset', path: 'error.code', in: [12, 2635] },
    { kind: 'transient', path: 'error.is_transient', in: [true] },
    // 2601: trouble with a prepared report. 2642: a place in a report that Meta no longer knows; see meta-ads.ts.
    { kind: 'transient', path: 'error.code', in: [1, 2, 104, 368, 960, 2601, 2642] },
    // 99 unknown; 1487534 too much data, 1504018 too slow ("Ads Insights API Error Codes"): meta-ads.ts asks for less.
    { kind: 'transient', path: 'error.error_subcode', in: [99, 1_487_534, 1_504_018] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error.code',
  retryAfterSeconds: (reply) => waitOf(reply) || null,
  restSeconds: (reply) => waitOf(reply) || (percentOf(reply) >= BUSY ? 2 : null),
  // Meta publishes no numbers: they grow with the ads an account runs. Its usage headers slow us down.
  limit: { concurrency: 10, minTimeMs: 20 },
}

/**
 * Short or long, a token becomes a long one; its answer says when that ends. 0: never, as for system users. An answer
 * to a long token may leave it out: then the end stays what it was.
 */
async function extended({ signal }: Context, app: OAuthApp, token: string): Promise<TokenSet> {
  const form = { grant_type: 'fb_exchange_token', fb_exchange_token: token }
  const long = await postToken(meta, form, { app, signal })
  const ends = long.expiresInSeconds
  const isSaid = textAt(long.raw ?? null, 'expires_in') !== null
  return {
    ...long,
    refreshToken: long.accessToken,
    expiresInSeconds: Math.min(WEEK_S, ends ?? WEEK_S),
    ...(isSaid && { grantExpiresInSeconds: ends }),
  }
}

/** Every element of an edge. The cursor is taken out of `paging`: the URL it offers has the token in it. */
export async function* edge(context: Context, first: HttpRequest): AsyncGenerator<Json> {
  const next = ({ body }: Reply, asked: HttpRequest) => {
    const after = afterOf(body)
    return after === null ? null : { ...asked, query: { ...asked.query, after } }
  }
  for await (const body of listing(context, first, next)) yield* valuesAt(body, 'data[]')
}

/** Where the next page begins; null: this was the last, even if it has a cursor. */
export function afterOf(body: Json): string | null {
  const next = textAt(body, 'paging.next')
  if (next === null) return null
  const named = URL.canParse(next) ? new URL(next).searchParams.get('after') : null
  return textAt(body, 'paging.cursors.after') ?? named
}

const HEADERS = [
  'x-business-use-case-usage',
  'x-app-usage',
  'x-ad-account-usage',
  'x-fb-ads-insights-throttle',
]
const SHARES = ['call_count', 'total_cputime', 'total_time', 'acc_id_util_pct', 'app_id_util_pct']

/** One object, or by business or ad account lists of them. */
function usages({ headers }: Reply): Json[] {
  return HEADERS.flatMap((name) => {
    const usage = parsed(headers[name] ?? '')
    const lists = usage === null ? [] : Object.values(usage).filter(Array.isArray)
    return lists.length > 0 ? (lists.flat() as Json[]) : [usage]
  })
}

const percentOf = (reply: Reply) =>
  Math.max(0, ...usages(reply).flatMap((usage) => SHARES.map((share) => numberAt(usage, share) ?? 0)))

/** Seconds until calls are welcome again; 0: now. Meta says minutes for business use cases, seconds for accounts. */
function waitOf(reply: Reply): number {
  const asked = usages(reply).map((usage) => (numberAt(usage, 'estimated_time_to_regain_access') ?? 0) * 60)
  const wait = Math.max(0, ...asked)
  if (wait > 0 || percentOf(reply) < FULL) return wait
  return Math.max(0, ...usages(reply).map((usage) => numberAt(usage, 'reset_time_duration') ?? 0)) || PAUSE_S
}

function parsed(header: string): Record<string, Json> | null {
  try {
    const value = JSON.parse(header) as Json
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
