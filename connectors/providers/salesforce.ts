/**
 * Salesforce as an authorisation server. Every organisation has an address of its own, which comes with each token.
 * (OAuth 2.0 web server flow, authorization errors, Winter ’25 release notes on simultaneous token requests, identity URL,
 * REST API status codes and limit headers)
 */
import type { FailureClass } from '../call.ts'
import { valuesAt } from '../classify.ts'
import { ConnectorError, type Json, type OAuthProvider, type Rule } from '../connector.ts'
import { redeemCode, renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

const LOGIN = 'https://login.salesforce.com'
/** The rest of a day's calls, which all tools of the organisation share, is left to them. */
const OUR_SHARE = 0.95
const [REST_S, USED_UP_S] = [15 * 60, 30 * 60]
const API_ENABLED = 'Ask your Salesforce administrator for the permission “API Enabled”.'
const LET_IN =
  'Ask your Salesforce administrator to let this app in: access policies, IP ranges or login hours keep it out.'
/** The same codes as for what was revoked, but the grant goes on and nobody has to consent again. */
const KEPT_OUT = 'not valid for use with the REST API'
const [ELSEWHERE, AT_ONCE] = ['restricted', 'already being processed']
const NEW_PASSWORD = 'Sign in to Salesforce with that login and set a new password: the old one has expired.'
const READ_THEM = 'Ask your Salesforce administrator for read access to opportunities and their amounts.'

const coded = (kind: FailureClass, codes: string[], ownerAction?: string): Rule => ({
  ...{ kind, at: 'api', path: '[].errorCode', in: codes },
  ...(ownerAction !== undefined && { ownerAction }),
})

export const salesforce: OAuthProvider = {
  auth: 'oauth',
  ...{ id: 'salesforce', name: 'Salesforce' },
  permissionsUrl: `${LOGIN}/?startURL=/setup/personal/connectedApps.jsp`,
  authorizeUrl: `${LOGIN}/services/oauth2/authorize`,
  passes: ['https://*.salesforce.com', 'https://*.force.com'],
  tokenUrl: `${LOGIN}/services/oauth2/token`,
  origins: ['https://*.salesforce.com', 'https://*.force.com'],
  scopeSeparator: ' ',
  baseScopes: ['id', 'refresh_token'],
  params: { prompt: 'login consent' },
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  async exchange(context, app, back) {
    const tokens = await redeemCode(salesforce, context, app, back)
    return { ...tokens, site: siteIn(tokens.raw) }
  },

  /** No `expires_in`: how long a token lives is the organisation's setting, and a 401 says that it is over. */
  async renew(context, app, refreshToken) {
    const renewed = await renewToken(salesforce, context, app, refreshToken)
    return {
      ...renewed,
      ...(textAt(renewed.raw ?? null, 'instance_url') !== null && { site: siteIn(renewed.raw) }),
    }
  },

  /** `raw.id` is https://…/id/<organisation>/<user>. Asked at the organisation's address: elsewhere it is a redirect. */
  async identity({ call, site }, { raw }) {
    const [path, id] = /\/id\/(00D\w{12,15}\/005\w{12,15})$/.exec(textAt(raw, 'id') ?? '') ?? []
    if (path === undefined || id === undefined)
      throw new ConnectorError('unknown', salesforce.id, 'Salesforce did not say who signed in')
    const answer = await call({ url: `${site || LOGIN}${path}` }).catch((error: unknown) => {
      if (!(error instanceof ConnectorError)) throw error
      return { body: null }
    })
    return { id, label: textAt(answer.body, 'username|email') ?? `Salesforce user …${id.slice(-4)}` }
  },

  revoke: (token, site) => ({
    ...{ method: 'POST', url: `${site || LOGIN}/services/oauth2/revoke`, form: { token } },
  }),
  errors: [
    {
      ...{ kind: 'revoked', at: 'token', path: 'error', lacks: [ELSEWHERE, AT_ONCE] },
      in: ['invalid_grant', 'inactive_user', 'inactive_org'],
    },
    { ...coded('revoked', ['INVALID_SESSION_ID']), http: [401], lacks: [KEPT_OUT] },
    { ...coded('account_lost', ['INVALID_SESSION_ID'], LET_IN), contains: KEPT_OUT },
    {
      ...{ kind: 'account_lost', at: 'token', path: 'error', in: ['invalid_grant'] },
      ...{ contains: ELSEWHERE, ownerAction: LET_IN },
    },
    coded('account_lost', ['API_DISABLED_FOR_ORG', 'API_CURRENTLY_DISABLED'], API_ENABLED),
    coded('account_lost', ['INVALID_OPERATION_WITH_EXPIRED_PASSWORD'], NEW_PASSWORD),
    coded('account_lost', ['INSUFFICIENT_ACCESS', 'INVALID_TYPE', 'INVALID_FIELD'], READ_THEM),
    coded('rate_limited', ['REQUEST_LIMIT_EXCEEDED']),
    { kind: 'account_lost', at: 'token', path: 'error', in: ['invalid_app_access'], ownerAction: LET_IN },
    { kind: 'rate_limited', at: 'token', path: 'error', in: ['rate_limit_exceeded'] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', path: 'error', in: ['invalid_client_id', 'invalid_client', 'OAUTH_APP_BLOCKED'] },
    coded('version_sunset', ['UNSUPPORTED_API_VERSION']),
    { kind: 'version_sunset', at: 'api', http: [410] },
    coded('transient', ['QUERY_TIMEOUT', 'SERVER_UNAVAILABLE', 'UNABLE_TO_LOCK_ROW']),
    { kind: 'transient', at: 'token', path: 'error', in: ['unknown_error'] },
    { kind: 'transient', at: 'token', path: 'error', in: ['invalid_grant'], contains: AT_ONCE },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error|[].errorCode',
  retryAfterSeconds: ({ body }) =>
    valuesAt(body, '[].errorCode').includes('REQUEST_LIMIT_EXCEEDED') ? USED_UP_S : null,
  restSeconds({ headers }) {
    const [, used, of] = /api-usage=(\d+)\/(\d+)/.exec(headers['sforce-limit-info'] ?? '') ?? []
    return Number(used) / Number(of) >= OUR_SHARE ? REST_S : null
  },
  limit: { concurrency: 5, minTimeMs: 0 },
}

function siteIn(raw: Json = null): string {
  const instance = textAt(raw, 'instance_url') ?? ''
  const { origin, hostname } = URL.canParse(instance) ? new URL(instance) : { origin: '', hostname: '' }
  if (origin === `https://${hostname}` && /\.(salesforce|force)\.com$/.test(hostname)) return origin
  throw new ConnectorError('unknown', salesforce.id, 'Salesforce gave an address that is not its own')
}
