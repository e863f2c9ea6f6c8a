/** X as an authorisation server: OAuth 1.0a, whose tokens do not end and whose every call is signed. */
import {
  ConnectorError,
  type FailureClass,
  type HttpRequest,
  type Json,
  type OAuthApp,
  type OAuthProvider,
  type Reply,
  type Rule,
} from '../connector.ts'
import { callToken } from '../http.ts'
import { textAt } from '../values.ts'
import { signature } from './oauth1.ts'

/** X's OAuth 1.0a still answers by its older name, which every library uses; a browser may be sent on to the newer one. */
const AUTH = 'https://api.twitter.com'
const LOCKED = 'X has locked or suspended this login. Sign in at x.com, follow what X asks, then reconnect.'

const coded = (kind: FailureClass, codes: (string | number)[], more: Partial<Rule> = {}): Rule => ({
  ...{ kind, path: 'errors[].code', in: codes },
  ...more,
})

export const x: OAuthProvider = {
  auth: 'oauth',
  id: 'x',
  name: 'X',
  permissionsUrl: 'https://x.com/settings/connected_apps',
  origins: [AUTH],
  baseScopes: [],
  authorizeUrl: `${AUTH}/oauth/authorize`,
  passes: ['https://api.x.com', 'https://x.com', 'https://twitter.com'],
  tokenUrl: `${AUTH}/oauth/access_token`,
  scopeSeparator: '',
  params: {},
  pkce: false, // OAuth 1.0a has none; the request token's secret does its work
  tokenAuth: 'form',
  /** `accessToken` is the token and its secret, joined by a colon. */
  authorization: (accessToken, request, app) => ({ authorization: sign(request, app, accessToken) }),

  async depart({ signal }, app, redirectUri) {
    const more = { oauth_callback: redirectUri }
    const { token, secret } = await step('request_token', { app, pair: '', more, signal })
    const location = `${AUTH}/oauth/authorize?oauth_token=${encodeURIComponent(token)}`
    return { location, state: token, kept: `${token}:${secret}` }
  },

  /** Somebody else's request token never becomes a credential here, nor does a refusal (`denied`). */
  async exchange({ signal }, app, { query: { oauth_token, oauth_verifier }, kept }) {
    if (!oauth_token || !oauth_verifier || !kept.startsWith(`${oauth_token}:`))
      throw new ConnectorError('consent_failed', x.id, 'X came back without the request token we left with')
    const { token, secret, body } = await step('access_token', {
      ...{ app, pair: kept, more: { oauth_verifier }, signal },
    })
    return {
      ...{ accessToken: `${token}:${secret}`, refreshToken: null, expiresInSeconds: null, scopes: null },
      raw: { user_id: textAt(body, 'user_id'), screen_name: textAt(body, 'screen_name') },
    }
  },

  async identity(_context, { raw }) {
    const id = textAt(raw, 'user_id')
    if (id === null) throw new ConnectorError('unknown', x.id, 'X did not say who signed in')
    return { id, label: `@${textAt(raw, 'screen_name') ?? id}` }
  },

  revoke(accessToken, _site, app) {
    const request = { method: 'POST', url: `${AUTH}/1.1/oauth/invalidate_token.json` } as const
    return { ...request, headers: { authorization: sign(request, app, accessToken) } }
  },
  renew: null,

  errors: [
    coded('revoked', [64, 326, 'ACCOUNT_LOCKED_OUT', 'CURRENT_USER_SUSPENDED'], {
      ...{ http: [403], ownerAction: LOCKED },
    }),
    coded('revoked', [89], { at: 'api' }),
    coded('consent_failed', [89], { at: 'token' }),
    coded('scope_missing', ['INSUFFICIENT_USER_AUTHORIZED_PERMISSION']),
    coded('rate_limited', [88, 'TOO_MANY_REQUESTS', 'TOO_MANY_JOBS']), // 100 jobs in the making, said with 400
    coded('app_config', [32, 215, 415], { at: 'token' }),
    // 135 is our own clock, with the status of a dead token; 87 and 453 are what our app is not approved for.
    coded('app_config', [
      87,
      135,
      416,
      453,
      'UNAUTHORIZED_CLIENT_APPLICATION',
      'READONLY_CLIENT_APPLICATION',
    ]),
    // We call a handful of fixed routes: one that is not there has gone with its version.
    coded('version_sunset', ['ROUTE_NOT_FOUND'], { at: 'api' }),
    { kind: 'version_sunset', at: 'api', http: [410] },
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'consent_failed', at: 'token', http: [401] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', http: [420, 429] },
    { kind: 'transient', http: [408, 423, 500, 502, 503, 504] }, // CANCELLED_REQUEST, LOCK_ACQUISITION_TIMEOUT
  ],
  reasonPath: 'errors[].code',
  retryAfterSeconds: (reply) => limitOf(reply).seconds,
  restSeconds: (reply) => (limitOf(reply).isUsedUp ? limitOf(reply).seconds : null),
  limit: { concurrency: 4, minTimeMs: 20 },
}

function sign(request: HttpRequest, app: OAuthApp | null, pair: string, more?: Record<string, string>) {
  const [token = '', secret = ''] = pair.split(':')
  return signature(request, { app: app ?? { id: '', secret: '' }, secret, ...(token && { token }) }, more)
}

/** One step of the three at X's token endpoints, which answer forms. `pair` is '' before there is a token. */
async function step(
  path: 'request_token' | 'access_token',
  {
    app,
    pair,
    more,
    signal,
  }: { app: OAuthApp; pair: string; more: Record<string, string>; signal: AbortSignal },
): Promise<{ token: string; secret: string; body: Json }> {
  const request = { method: 'POST', url: `${AUTH}/oauth/${path}`, formAnswer: true } as const
  const headers = { authorization: sign(request, app, pair, more) }
  const { body } = await callToken(x, { ...request, headers }, signal)
  const [token, secret] = [textAt(body, 'oauth_token'), textAt(body, 'oauth_token_secret')]
  if (token === null || secret === null)
    throw new ConnectorError('transient', x.id, `X answered without its ${path}`)
  return { token, secret, body }
}

/** The account's own limit where X says one, else the login's. */
function limitOf({ headers }: Reply): { isUsedUp: boolean; seconds: number | null } {
  const scope = headers['x-account-rate-limit-reset'] === undefined ? 'x-rate-limit' : 'x-account-rate-limit'
  const reset = Number(headers[`${scope}-reset`] ?? Number.NaN)
  const seconds = Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - Date.now() / 1000)) : null
  return { isUsedUp: headers[`${scope}-remaining`] === '0', seconds }
}
