/** Snapchat as an authorisation server: one scope, and a refresh token that stays as it is. (Marketing API v1) */
import { ConnectorError, type OAuthProvider } from '../connector.ts'
import { renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

export const SITE = 'https://adsapi.snapchat.com'
export const API = `${SITE}/v1`
const AUTH = 'https://accounts.snapchat.com/login/oauth2'

export const snapchat: OAuthProvider = {
  auth: 'oauth',
  id: 'snapchat',
  name: 'Snapchat',
  permissionsUrl: 'https://accounts.snapchat.com/v2/manage-apps',
  origins: ['https://accounts.snapchat.com', SITE],
  baseScopes: [],
  authorizeUrl: `${AUTH}/authorize`,
  tokenUrl: `${AUTH}/access_token`,
  scopeSeparator: ' ',
  params: {},
  pkce: false, // Nango switches it off for the Marketing API (providers.yaml, snapchat: disable_pkce)
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  async identity(context) {
    const { body } = await context.call({ url: `${API}/me` })
    const id = textAt(body, 'me.id')
    if (id === null) throw new ConnectorError('unknown', snapchat.id, 'Snapchat did not say who signed in')
    return { id, label: textAt(body, 'me.email|me.display_name') ?? `Snapchat login …${id.slice(-4)}` }
  },

  /** The refresh token stays good until it is withdrawn, whether or not the answer repeats it. */
  renew: (context, app, refreshToken) => renewToken(snapchat, context, app, refreshToken),

  /** Written in capitals or not; token answers have none. */
  isGood: ({ body }) => !/^error$/i.test(textAt(body, 'request_status') ?? ''),

  errors: [
    { kind: 'revoked', at: 'token', http: [400, 401], path: 'error', in: ['invalid_grant'] },
    { kind: 'app_config', at: 'token', path: 'error', in: ['invalid_client', 'unauthorized_client'] },
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error_code|error',
  limit: { concurrency: 6, minTimeMs: 50 }, // 20 a second for all our logins together
}
