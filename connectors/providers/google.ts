/** Google as an authorisation server. Revoking any token ends every grant of that person to our OAuth app. */
import { claimsOf } from '../claims.ts'
import { valuesAt } from '../classify.ts'
import {
  ConnectorError,
  type Context,
  type HttpRequest,
  type Identity,
  type Json,
  type OAuthProvider,
  type Reply,
  type Rule,
} from '../connector.ts'
import { renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

const SCOPE_WORDS = 'insufficient authentication scopes'
const UNTICKED: Rule[] = [
  {
    ...{ kind: 'scope_missing', at: 'api', http: [403] },
    ...{ path: 'error.details[].reason', in: ['ACCESS_TOKEN_SCOPE_INSUFFICIENT'] },
  },
  { kind: 'scope_missing', at: 'api', http: [403], contains: SCOPE_WORDS },
]
const NOT_USED = 'has not been used in'
const SWITCHED_OFF = [
  ...['accessNotConfigured', 'SERVICE_DISABLED', 'CONSUMER_INVALID', 'CONSUMER_SUSPENDED'],
  ...['API_KEY_SERVICE_BLOCKED', 'USER_PROJECT_DENIED', 'BILLING_DISABLED'],
]

export const google: OAuthProvider = {
  auth: 'oauth',
  id: 'google',
  name: 'Google',
  permissionsUrl: 'https://myaccount.google.com/connections',
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  scopeSeparator: ' ',
  baseScopes: ['openid', 'email'],
  origins: ['https://oauth2.googleapis.com', 'https://openidconnect.googleapis.com'],
  params: {
    access_type: 'offline',
    prompt: 'consent select_account',
    include_granted_scopes: 'true',
  },
  loginHint: (label) => (label.includes('@') ? { login_hint: label } : {}),
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  async identity(context, { idToken }) {
    const claims = claimsOf(idToken)
    return identityIn(claims) ?? askUserInfo(context, subIn(claims))
  },

  revoke: (token) => ({ method: 'POST', url: 'https://oauth2.googleapis.com/revoke', form: { token } }),

  /** Google keeps the refresh token as it is: the answer has none. */
  renew: (context, app, refreshToken) => renewToken(google, context, app, refreshToken),

  errors: [
    {
      kind: 'revoked',
      at: 'token',
      http: [400],
      path: 'error_subtype',
      in: ['invalid_rapt', 'rapt_required'],
      ownerAction:
        'Your organisation’s Google Workspace asks for a new sign-in every so often. Reconnect, or ask its administrator to trust this app.',
    },
    {
      ...{ kind: 'revoked', at: 'token', path: 'error', in: ['admin_policy_enforced'] },
      ownerAction: 'Ask the administrator of your Google Workspace to allow this app, then reconnect.',
    },
    { kind: 'revoked', at: 'token', http: [400], path: 'error', in: ['invalid_grant'] },
    {
      kind: 'app_config',
      at: 'token',
      path: 'error',
      in: [
        ...['invalid_client', 'unauthorized_client', 'deleted_client', 'disabled_client', 'invalid_request'],
        ...['invalid_scope', 'unsupported_grant_type', 'redirect_uri_mismatch', 'org_internal'],
      ],
    },
    { kind: 'transient', at: 'token', path: 'error', in: ['temporarily_unavailable', 'internal_failure'] },
    ...UNTICKED,
    {
      kind: 'rate_limited',
      at: 'api',
      http: [403, 429],
      path: 'error.errors[].reason|error.details[].reason|error.status',
      in: [
        ...['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded'],
        // Other usage limits of any Google API. (Standard Error Responses, FORBIDDEN)
        ...['limitExceeded', 'servingLimitExceeded', 'concurrentLimitExceeded'],
        ...['variableTermLimitExceeded', 'variableTermExpiredDailyExceeded'],
        ...['RATE_LIMIT_EXCEEDED', 'RESOURCE_EXHAUSTED'],
      ],
    },
    {
      kind: 'app_config',
      at: 'api',
      http: [403],
      path: 'error.errors[].reason|error.details[].reason',
      in: SWITCHED_OFF,
    },
    { kind: 'app_config', at: 'api', http: [403], contains: NOT_USED },
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'rate_limited', http: [429] },
    // 499 is CANCELLED (google.rpc.Code): Google’s own servers gave up, though the code is meant for the caller.
    { kind: 'transient', http: [408, 499, 500, 502, 503, 504] },
  ],
  reasonPath: 'error|error.details[].reason|error.errors[].reason|error.status',
  retryAfterSeconds: retryDelay,
  limit: { concurrency: 10, minTimeMs: 20 },
}

/** For APIs that name the reason in `error.errors`: Search Console, YouTube. */
export const olderErrors: Rule[] = [
  ...UNTICKED,
  {
    ...{ kind: 'account_lost', at: 'api', http: [403] },
    ...{ path: 'error.errors[].reason', in: ['forbidden', 'insufficientPermissions'] },
  },
  { kind: 'account_lost', at: 'api', http: [404], path: 'error.errors[].reason', in: ['notFound'] },
]

/** For APIs that have only a status for it, which also means a box that was not ticked or our own project. */
export const deniedErrors: Rule[] = [
  ...UNTICKED,
  {
    ...{ kind: 'account_lost', at: 'api', http: [403, 404], path: 'error.status' },
    lacks: [...SWITCHED_OFF, NOT_USED, 'RATE_LIMIT_EXCEEDED', 'RESOURCE_EXHAUSTED', 'Exceeded'],
  },
]

/** For listings with `nextPageToken`, which goes back as `pageToken` in the query. */
export function byPageToken({ body }: Reply, asked: HttpRequest): HttpRequest | null {
  const pageToken = textAt(body, 'nextPageToken')
  return pageToken === null ? null : { ...asked, query: { ...asked.query, pageToken } }
}

/** What no row can do without. Throws ConnectorError. */
export function needed(value: string | null, says: string): string {
  if (value === null) throw new ConnectorError('unknown', google.id, says)
  return value
}

/** `sub` never changes and is never reused; an address may be both, so it is only the label. */
function identityIn(claims: Json): Identity | null {
  const id = subIn(claims)
  const [label] = valuesAt(claims, 'email')
  return id !== null && typeof label === 'string' ? { id, label } : null
}

function subIn(claims: Json): string | null {
  const [id] = valuesAt(claims, 'sub')
  return typeof id === 'string' && id !== '' ? id : null
}

/** `known` is who it is by the id token, which had no address: then a missing or foreign answer changes nothing. */
async function askUserInfo(context: Context, known: string | null): Promise<Identity> {
  const { body } = await context
    .call({ url: 'https://openidconnect.googleapis.com/v1/userinfo' })
    .catch((error: unknown) => {
      if (known === null || !(error instanceof ConnectorError)) throw error
      return { body: null }
    })
  const id = known ?? subIn(body)
  if (id === null) throw new ConnectorError('unknown', google.id, 'Google did not say who signed in')
  const asked = identityIn(body)
  return asked?.id === id ? asked : { id, label: `Google account …${id.slice(-4)}` }
}

/** google.rpc.RetryInfo, and the form Google Ads wraps it in: durations like "12.5s". */
function retryDelay({ body }: Reply): number | null {
  const path = 'error.details[].retryDelay|error.details[].errors[].details.quotaErrorDetails.retryDelay'
  const found = valuesAt(body, path)
    .map((delay) => /^(\d+(?:\.\d+)?)s$/.exec(String(delay))?.[1])
    .filter((delay) => delay !== undefined)
  return found.length > 0 ? Math.ceil(Math.max(...found.map(Number))) : null
}
