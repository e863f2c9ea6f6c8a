/** Microsoft as an authorisation server, for Microsoft Advertising: its errors are those of that API's faults. */
import { claimsOf } from '../claims.ts'
import { valuesAt } from '../classify.ts'
import {
  ConnectorError,
  type Context,
  type FailureClass,
  type Json,
  type OAuthApp,
  type OAuthProvider,
  type Rule,
} from '../connector.ts'
import { renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

export const CUSTOMERS = 'https://clientcenter.api.bingads.microsoft.com'
export const SCOPE = 'https://ads.microsoft.com/msads.manage'
const SIGN_IN = 'https://login.microsoftonline.com'
/** Bare as the API answers them, and wrapped as its migration guide shows them. (Error Response Structure) */
const FAULTS = ['', 'ApplicationFault.'].flatMap((fault) =>
  ['Errors[]', 'OperationErrors[]', 'BatchErrors[]'].map((list) => fault + list),
)
const CODE = FAULTS.map((fault) => `${fault}.Code`).join('|')
/** Too many calls a minute, and too many reports at once. */
const [TOO_FAST, TOO_MANY] = [117, 207]
const WAIT_S = 60
/** A refused login's reason that is the ad account's. (Operation Error Codes, 105) */
const INACTIVE = 'AccountInactive'
const TENANT_OFF =
  'Ask the administrator of your organisation to allow this app and Microsoft Advertising in Microsoft Entra, then reconnect.'

const coded = (kind: FailureClass, codes: number[], ownerAction?: string): Rule => ({
  ...{ kind, at: 'api', path: CODE, in: codes },
  ...(ownerAction !== undefined && { ownerAction }),
})
const signIn = (kind: FailureClass, code: string, ownerAction?: string): Rule => ({
  ...{ kind, at: 'token', contains: code },
  ...(ownerAction !== undefined && { ownerAction }),
})
export const developer = (app: OAuthApp | null) => ({ DeveloperToken: app?.developerToken ?? '' })

export const microsoft: OAuthProvider = {
  auth: 'oauth',
  id: 'microsoft',
  name: 'Microsoft',
  permissionsUrl: 'https://account.microsoft.com/privacy/app-access',
  authorizeUrl: `${SIGN_IN}/common/oauth2/v2.0/authorize`,
  tokenUrl: `${SIGN_IN}/common/oauth2/v2.0/token`,
  origins: [SIGN_IN, CUSTOMERS],
  scopeSeparator: ' ',
  baseScopes: ['openid', 'profile', 'offline_access'],
  params: { prompt: 'select_account' },
  loginHint: (label) => (label.includes('@') ? { login_hint: label } : {}),
  tokenAuth: 'form',
  developerToken: 'MICROSOFT_ADS_DEVELOPER_TOKEN',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** `oid` is the person within the tenant `tid`; `sub` would be another one for every OAuth app. */
  async identity(context, { idToken }) {
    const claims = claimsOf(idToken)
    const [tenant, person] = [textAt(claims, 'tid'), textAt(claims, 'oid')]
    const name = textAt(claims, 'preferred_username|email')
    if (tenant !== null && person !== null)
      return { id: `${tenant}.${person}`, label: name ?? `Microsoft account …${person.slice(-4)}` }
    const body = await whoIs(context)
    const id = textAt(body, 'User.Id')
    if (id === null) throw new ConnectorError('unknown', 'microsoft', 'Microsoft did not say who signed in')
    return { id, label: textAt(body, 'User.UserName') ?? name ?? `Microsoft account …${id.slice(-4)}` }
  },

  /** A renewal without `scope` would give a token for another Microsoft API. Refresh tokens rotate. */
  renew(context, app, refreshToken) {
    const scope = [SCOPE, ...microsoft.baseScopes].join(' ')
    return renewToken(microsoft, context, app, refreshToken, { scope })
  },

  errors: [
    signIn('revoked', 'AADSTS50076', 'Reconnect, and confirm the sign-in with your second factor.'),
    signIn('revoked', 'AADSTS50079', 'Set up multi-factor authentication for this login, then reconnect.'),
    {
      ...{ kind: 'revoked', at: 'token', path: 'error' },
      in: ['invalid_grant', 'interaction_required', 'consent_required', 'login_required'],
      lacks: ['AADSTS90033', 'AADSTS50196', 'AADSTS7000215', 'AADSTS7000222', 'redirect_uri'],
    },
    // One tenant lacks or has switched off a service, in codes that elsewhere mean our app. (Entra error codes)
    ...['AADSTS650051', 'AADSTS650052', 'AADSTS500011', 'AADSTS500014', 'AADSTS7000112'].map((code) =>
      signIn('revoked', code, TENANT_OFF),
    ),
    signIn('app_config', 'AADSTS7000215'),
    signIn('app_config', 'AADSTS7000222'),
    signIn('app_config', 'redirect_uri'),
    {
      ...{ kind: 'app_config', at: 'token', path: 'error' },
      in: ['invalid_client', 'unauthorized_client', 'invalid_request', 'invalid_scope', 'invalid_resource'],
      lacks: ['AADSTS90033', 'AADSTS50196'],
    },
    signIn('transient', 'AADSTS90033'),
    signIn('transient', 'AADSTS50196'),
    {
      ...{ kind: 'transient', at: 'token', http: [400] },
      ...{ path: 'error', in: ['temporarily_unavailable', 'server_error'] },
    },
    coded('revoked', [108], 'Microsoft wants a new password for this login. Set one, then reconnect.'),
    coded('revoked', [122, 124, 125], 'Microsoft wants the work account here. Reconnect with that one.'),
    coded('revoked', [123], 'Microsoft wants the personal account here. Reconnect with that one.'),
    coded('revoked', [126], 'Microsoft wants another kind of login here. Reconnect with the one it knows.'),
    { ...coded('revoked', [105]), lacks: [INACTIVE] },
    { ...coded('account_lost', [105]), contains: INACTIVE },
    coded('revoked', [109, 120]),
    coded('account_lost', [106, 119, 208, 1001, 2003, 2035]),
    coded('rate_limited', [TOO_FAST, TOO_MANY]),
    coded('app_config', [116]),
    coded('version_sunset', [205, 303]),
    coded('transient', [0]),
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'transient', http: [408, 500, 502, 503, 504] },
  ],
  reasonPath: `${FAULTS.map((fault) => `${fault}.ErrorCode`).join('|')}|${CODE}|error_codes[]|error`,
  retryAfterSeconds: ({ body }) =>
    valuesAt(body, CODE).some((code) => [TOO_FAST, TOO_MANY].includes(Number(code))) ? WAIT_S : null,
  limit: { concurrency: 4, minTimeMs: 100 },
}

/** The person a token belongs to, as Microsoft Advertising knows them. */
export async function whoIs(context: Context): Promise<Json> {
  const url = `${CUSTOMERS}/CustomerManagement/v13/User/Query`
  const headers = developer(context.app)
  return (await context.call({ method: 'POST', url, json: { UserId: null }, headers })).body
}
