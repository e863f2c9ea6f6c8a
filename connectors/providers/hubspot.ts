/** HubSpot as an authorisation server. (HubSpot OAuth API 2026-09, usage guidelines, error handling) */
import { ConnectorError, type OAuthProvider } from '../connector.ts'
import { renewToken } from '../grants.ts'
import { callToken } from '../http.ts'
import { textAt } from '../values.ts'

const API = 'https://api.hubapi.com'
const OAUTH = `${API}/oauth/2026-09/token`
/** By the policy a refusal names. The day's limit ends at the portal's midnight. */
const WAITS_S: Record<string, number> = { DAILY: 3_600, TEN_SECONDLY_ROLLING: 10, SECONDLY: 1 }

export const hubspot: OAuthProvider = {
  auth: 'oauth',
  ...{ id: 'hubspot', name: 'HubSpot' },
  permissionsUrl: 'https://app.hubspot.com/l/connected-apps',
  authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
  passes: ['https://*.hubspot.com'], // each region has an address of its own
  tokenUrl: OAUTH,
  origins: [API],
  scopeSeparator: ' ',
  baseScopes: ['oauth'],
  params: {},
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** Introspection asks as our OAuth app, with the token it is about in the form. */
  async identity({ signal, app }, { raw }) {
    const form = {
      client_id: app?.id ?? '',
      client_secret: app?.secret ?? '',
      token: textAt(raw, 'access_token') ?? '',
    }
    const { body } = await callToken(hubspot, { method: 'POST', url: `${OAUTH}/introspect`, form }, signal)
    const [portal, user] = [textAt(body, 'hub_id'), textAt(body, 'user_id')]
    if (portal === null || user === null)
      throw new ConnectorError('unknown', hubspot.id, 'HubSpot did not say who signed in')
    const names = [textAt(body, 'user'), textAt(body, 'hub_domain')].filter((name) => name !== null)
    return { id: `${portal}/${user}`, label: names.join(', ') || `HubSpot portal ${portal}` }
  },

  renew: (context, app, refreshToken) => renewToken(hubspot, context, app, refreshToken),
  revoke: (token, _site, app) => ({
    ...{ method: 'POST', url: `${OAUTH}/revoke` },
    form: {
      client_id: app?.id ?? '',
      client_secret: app?.secret ?? '',
      token,
      token_type_hint: 'refresh_token',
    },
  }),
  errors: [
    { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_grant'] },
    { kind: 'revoked', at: 'token', path: 'status', in: ['BAD_REFRESH_TOKEN', 'BAD_HUB'] }, // BAD_HUB: the portal is gone
    {
      kind: 'revoked',
      http: [401],
      path: 'category',
      in: ['INVALID_AUTHENTICATION', 'EXPIRED_AUTHENTICATION'],
    },
    { kind: 'revoked', at: 'api', http: [401] },
    {
      ...{ kind: 'consent_failed', at: 'token', path: 'status' },
      in: ['BAD_AUTH_CODE', 'EXPIRED_AUTH_CODE', 'MISMATCH_REDIRECT_URI_AUTH_CODE'],
    },
    { kind: 'scope_missing', http: [403], path: 'category', in: ['MISSING_SCOPES'] },
    { kind: 'scope_missing', at: 'api', http: [403], contains: 'does not have proper permissions' },
    { kind: 'transient', contains: 'Migration in progress' }, // the portal is being moved
    { kind: 'account_lost', at: 'api', http: [403] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', at: 'token', path: 'error', in: ['invalid_client', 'unauthorized_client'] },
    {
      kind: 'app_config',
      at: 'token',
      path: 'status',
      in: ['BAD_CLIENT_ID', 'BAD_CLIENT_SECRET', 'BAD_REDIRECT_URI'],
    },
    { kind: 'transient', http: [423, 477, 500, 502, 503, 504] }, // 423: locked for seconds, 477: being moved
  ],
  reasonPath: 'error|category|policyName|status',
  retryAfterSeconds: ({ body }) => WAITS_S[textAt(body, 'policyName') ?? ''] ?? null,
  restSeconds({ headers }) {
    const left = (name: string) => Number(headers[`x-hubspot-ratelimit-${name}`] ?? Number.POSITIVE_INFINITY)
    if (left('daily-remaining') < 100) return WAITS_S.DAILY ?? null
    return left('remaining') < 5 || left('secondly-remaining') < 1 ? 2 : null
  },
  limit: { concurrency: 4, minTimeMs: 0 },
}
