/**
 * TikTok for Business as an authorisation server: it exchanges JSON instead of a form, wraps everything in `data`, and
 * answers errors with HTTP 200 and a `code`. (TikTok API for Business v1.3)
 */
import { valuesAt } from '../classify.ts'
import { ConnectorError, type FailureClass, type OAuthProvider, type Reply, type Rule } from '../connector.ts'
import { secondsToUtcMidnight } from '../days.ts'
import { callToken, tokenSet } from '../http.ts'
import { textAt, valueAt } from '../values.ts'

export const SITE = 'https://business-api.tiktok.com'
export const API = `${SITE}/open_api/v1.3`

/** TikTok's words for haste, which it uses with codes that mostly mean something else. */
const HASTE = 'too frequently'

const GRANT = 'Sign in at TikTok once more and leave every permission ticked for this ad account.'

const coded = (kind: FailureClass, codes: number[], at?: 'token' | 'api'): Rule => ({
  ...{ kind, path: 'code', in: codes },
  ...(kind !== 'rate_limited' && { lacks: [HASTE] }),
  ...(at && { at }),
})

export const tiktok: OAuthProvider = {
  auth: 'oauth',
  id: 'tiktok',
  name: 'TikTok',
  permissionsUrl: 'https://business.tiktok.com/manage/integration',
  origins: [SITE],
  baseScopes: [],
  authorizeUrl: `${SITE}/portal/auth`,
  tokenUrl: `${API}/oauth2/access_token/`,
  scopeSeparator: '', // fixed in our registration at TikTok
  params: {},
  idParam: 'app_id',
  pkce: false, // its exchange knows app_id, secret and auth_code, nothing else (v1.3, /oauth2/access_token/)
  tokenAuth: 'form',
  authorization: (accessToken) => ({ 'access-token': accessToken }),

  /** The code comes as `auth_code`, at times as `code` too. */
  async exchange({ signal }, app, { query }) {
    const json = { app_id: app.id, secret: app.secret, auth_code: query.auth_code ?? query.code ?? '' }
    const { body } = await callToken(tiktok, { method: 'POST', url: tiktok.tokenUrl, json }, signal)
    return { ...tokenSet(tiktok, valueAt(body, 'data')), scopes: valuesAt(body, 'data.scope[]').map(String) }
  },

  async identity(context) {
    const { body } = await context.call({ url: `${API}/user/info/` })
    const id = textAt(body, 'data.core_user_id')
    if (id === null) throw new ConnectorError('unknown', tiktok.id, 'TikTok did not say who signed in')
    return { id, label: textAt(body, 'data.email|data.display_name') ?? `TikTok user …${id.slice(-4)}` }
  },

  revoke: (token, _site, app) => ({
    ...{ method: 'POST', url: `${API}/oauth2/revoke_token/` },
    json: { app_id: app?.id ?? '', secret: app?.secret ?? '', access_token: token },
  }),
  renew: null,
  isGood: ({ body }) => textAt(body, 'code') === '0',

  errors: [
    coded('revoked', [40102, 40104, 40105]),
    coded('consent_failed', [40110, 40115], 'token'),
    // 40101 is a wrong secret or a spent code: only the message tells.
    { ...coded('consent_failed', [40101], 'token'), contains: 'auth_code' },
    coded('scope_missing', [40118, 40125], 'api'),
    // "advertiser does not grant you /report/integrated/get/:GET permission": this one alone, which may still be listed.
    { ...coded('account_lost', [40001], 'api'), contains: 'not grant you', ownerAction: GRANT },
    // "The access token lacks the required scope for endpoint …": a box was not ticked.
    { ...coded('scope_missing', [40001], 'api'), contains: 'lacks the required scope' },
    coded('account_lost', [40001, 40106, 40119, 40300, 40301], 'api'),
    // 40002 is any wrong parameter, and also an advertiser that is gone.
    { ...coded('account_lost', [40002], 'api'), contains: 'not accessible' },
    { ...coded('account_lost', [40002], 'api'), contains: 'not exist' },
    { ...coded('account_lost', [40002], 'api'), contains: 'permission' },
    coded('rate_limited', [40016, 40100, 40132, 40133]),
    { kind: 'rate_limited', contains: HASTE },
    { kind: 'rate_limited', http: [429] },
    coded('app_config', [40101, 40113, 40124]),
    // "The app_id is inconsistent with the token's app information": we have been registered anew.
    { kind: 'app_config', contains: 'app_id is inconsistent' },
    coded('version_sunset', [40051], 'api'),
    coded('transient', [40200, 40201, 40202, 40700, 60001]),
    { kind: 'transient', path: 'code', between: [50_000, 59_999] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'code',
  retryAfterSeconds: waitFor,
  limit: { concurrency: 5, minTimeMs: 100, perMinute: 600 },
}

/** Per second: 1 s; per day: until 00:00 UTC, when its counter begins anew; per minute or not said: 5 minutes. */
function waitFor({ body }: Reply): number | null {
  const says = textAt(body, 'message') ?? ''
  if (!/^(40016|40100|40132|40133)$/.test(textAt(body, 'code') ?? '') && !says.includes(HASTE)) return null
  if (/\bQPS\b|per second/i.test(says)) return 1
  if (!/\bQPD\b|per day|daily/i.test(says)) return 300
  return secondsToUtcMidnight(Date.now())
}
