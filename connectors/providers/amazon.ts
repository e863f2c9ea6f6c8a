/** Amazon as an authorisation server: Login with Amazon, once for each of the three regions of Amazon Ads. */
import { ConnectorError, type OAuthProvider } from '../connector.ts'
import { renewToken } from '../grants.ts'
import { textAt } from '../values.ts'

type Region = { name: string; says: string; api: string; signIn: string; tokens: string }
const NORTH_AMERICA: Region = {
  name: 'NA',
  says: 'North America (amazon.com, .ca, .com.mx, .com.br)',
  api: 'https://advertising-api.amazon.com',
  signIn: 'https://www.amazon.com/ap/oa',
  tokens: 'https://api.amazon.com',
}
const REGIONS: Record<string, Region> = {
  NA: NORTH_AMERICA,
  EU: {
    name: 'EU',
    says: 'Europe, Middle East, India (amazon.de, .co.uk, .fr, .ae, .in, …)',
    api: 'https://advertising-api-eu.amazon.com',
    signIn: 'https://eu.account.amazon.com/ap/oa',
    tokens: 'https://api.amazon.co.uk',
  },
  FE: {
    name: 'FE',
    says: 'Far East (amazon.co.jp, .com.au, .sg)',
    api: 'https://advertising-api-fe.amazon.com',
    signIn: 'https://apac.account.amazon.com/ap/oa',
    tokens: 'https://api.amazon.co.jp',
  },
}
/** Amazon's answer to an order it has already: not an error, it names the report. */
export const ORDERED_ALREADY = 425

export const apis = Object.values(REGIONS).map(({ api }) => api)

const regionAt = (site: string): Region =>
  Object.values(REGIONS).find(({ api }) => api === site) ?? NORTH_AMERICA

export const amazon: OAuthProvider = {
  auth: 'oauth',
  id: 'amazon',
  name: 'Amazon',
  permissionsUrl: 'https://www.amazon.com/ap/adam',
  ask: [
    {
      name: 'region',
      label: 'Where do you advertise?',
      hint: 'Amazon keeps its regions apart: for a second one, connect once more',
      choices: Object.entries(REGIONS).map(([value, { says }]) => ({ value, label: says })),
      read(text) {
        const value = text.trim().toUpperCase()
        return Object.hasOwn(REGIONS, value) ? value : null
      },
      problem: 'Choose one of the three regions',
    },
  ],
  site: ({ region }) => (REGIONS[region ?? ''] ?? NORTH_AMERICA).api,
  authorizeUrl: NORTH_AMERICA.signIn,
  tokenUrl: `${NORTH_AMERICA.tokens}/auth/o2/token`,
  endpoints(site) {
    const { signIn, tokens } = regionAt(site)
    return { authorizeUrl: signIn, tokenUrl: `${tokens}/auth/o2/token` }
  },
  goesTo: 'amazon.com',
  origins: Object.values(REGIONS).map(({ tokens }) => tokens),
  baseScopes: ['profile'],
  scopeSeparator: ' ',
  params: {},
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** The same person has one id in all regions, and tokens of each: these are connections of their own. */
  async identity(context) {
    const { tokens, name: region } = regionAt(context.site)
    const { body } = await context.call({ url: `${tokens}/user/profile` })
    const id = textAt(body, 'user_id')
    if (id === null) throw new ConnectorError('unknown', amazon.id, 'Amazon did not say who signed in')
    const name = textAt(body, 'email|name')
    return { id: `${id}/${region}`, label: name ?? `Amazon account …${id.slice(-4)}` }
  },

  /** Amazon keeps the refresh token as it is. */
  renew: (context, app, refreshToken) => renewToken(amazon, context, app, refreshToken),

  errors: [
    { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_grant'] },
    {
      ...{ kind: 'app_config', at: 'token', path: 'error' },
      in: ['invalid_client', 'unauthorized_client', 'invalid_request', 'unsupported_grant_type'],
    },
    // A lost profile comes as 401 or 403, a dead token as 401 too: only the words tell.
    { kind: 'account_lost', at: 'api', contains: 'Not authorized to access scope' },
    { kind: 'account_lost', at: 'api', contains: 'No matching advertiser found for scope' },
    // Of the sign-in's own profile (Login with Amazon, Obtain Customer Profile).
    { kind: 'revoked', at: 'api', path: 'error', in: ['invalid_token'] },
    { kind: 'scope_missing', at: 'api', path: 'error', in: ['insufficient_scope'] },
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'account_lost', at: 'api', http: [403] },
    { kind: 'rate_limited', http: [ORDERED_ALREADY, 429] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error|code',
  limit: { concurrency: 4, minTimeMs: 200 },
}
