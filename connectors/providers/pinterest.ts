/** Pinterest as an authorisation server: Basic at the token endpoint, refresh tokens that rotate and slide. */
import { ConnectorError, type OAuthProvider, type TokenSet } from '../connector.ts'
import { redeemCode, renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

export const SITE = 'https://api.pinterest.com'
export const API = `${SITE}/v5`
export const PROFILE = 'user_accounts:read'
const CONTINUOUS = { continuous_refresh: 'true' }

export const pinterest: OAuthProvider = {
  auth: 'oauth',
  id: 'pinterest',
  name: 'Pinterest',
  permissionsUrl: 'https://www.pinterest.com/settings/security',
  authorizeUrl: 'https://www.pinterest.com/oauth/',
  tokenUrl: `${API}/oauth/token`,
  origins: [SITE],
  baseScopes: [PROFILE],
  scopeSeparator: ',',
  params: {},
  tokenAuth: 'basic',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** The standard exchange but for `continuous_refresh`, which OAuth apps older than 2025-09-25 must send. */
  async exchange(context, app, back) {
    return undated(await redeemCode(pinterest, context, app, back, CONTINUOUS))
  },

  async identity(context) {
    const { body } = await context.call({ url: `${API}/user_account` })
    const name = textAt(body, 'username|business_name')
    const id = textAt(body, 'id|username')
    if (id === null) throw new ConnectorError('unknown', pinterest.id, 'Pinterest did not say who signed in')
    return { id, label: name ?? `Pinterest account …${id.slice(-4)}` }
  },

  async renew(context, app, refreshToken) {
    return undated(await renewToken(pinterest, context, app, refreshToken, CONTINUOUS))
  },

  errors: [
    // 283, "The authorization grant is invalid", is about the app where it says so.
    { kind: 'revoked', at: 'token', path: 'code', in: [283], lacks: ['Invalid Application ID'] },
    { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_grant'] },
    { kind: 'app_config', at: 'token', contains: 'Invalid Application ID' },
    { kind: 'app_config', at: 'token', path: 'error', in: ['invalid_client', 'unauthorized_client'] },
    { kind: 'revoked', at: 'token', http: [400, 401] },
    // "Your token does not have sufficient permissions", with the same code and status as a token that is dead.
    { kind: 'scope_missing', at: 'api', http: [401], contains: 'sufficient permissions' },
    // Pinterest has not approved our app, or not for this; also with the code and status of a dead token.
    { kind: 'app_config', http: [401, 403], contains: 'Your application ' },
    // Both with HTTP 400: "Retry after 5 seconds", and "Something went wrong on our end".
    { kind: 'rate_limited', contains: 'Retry after ' },
    { kind: 'transient', path: 'code', in: [12] },
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'code|error',
  retryAfterSeconds({ status, headers, body }) {
    const said = /\bRetry after (\d{1,5}) seconds/.exec(textAt(body, 'message') ?? '')?.[1]
    const reset = said ?? (status === 429 ? headers['x-ratelimit-reset'] : '') ?? ''
    return /^\d{1,5}$/.test(reset) ? Number(reset) : null
  },
  limit: { concurrency: 4, minTimeMs: 100 },
}

/** Each renewal moves the refresh token's 60 days on, so they are no date by which a person has to come back. */
const undated = (tokens: TokenSet): TokenSet => ({ ...tokens, grantExpiresInSeconds: null })
