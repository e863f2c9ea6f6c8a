/** The report APIs by path: who asks, may they, is there trouble; then the product's own answer, or its fake's. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Fake } from '../fakes/fake.ts'
import { fake as business } from '../fakes/google-business-profile.ts'
import { fake as sheets } from '../fakes/google-sheets.ts'
import { fake as youtube } from '../fakes/youtube-analytics.ts'
import { splitsOf, steadyFigure } from '../providers/world.ts'
import { adsRefusal, listAccessible, search } from './ads.ts'
import { accountSummaries, runReport } from './analytics.ts'
import type { Reply } from './authorise.ts'
import { listSites, querySite } from './search-console.ts'
import { type Answer, type Ask, bearer, count, personOf, refusal, type State } from './state.ts'

type Call = { path: string; url: URL; headers: IncomingHttpHeaders; body: string }
type Endpoint = { path: RegExp; name: string; scope: string; answer: (ask: Ask) => Answer }

const ADS = 'https://www.googleapis.com/auth/adwords'
const ANALYTICS = 'https://www.googleapis.com/auth/analytics.readonly'
const SEARCH = 'https://www.googleapis.com/auth/webmasters.readonly'
const CHANNELS = 'https://www.googleapis.com/auth/youtube.readonly'
const VIEWS = 'https://www.googleapis.com/auth/yt-analytics.readonly'
const BUSINESS = 'https://www.googleapis.com/auth/business.manage'
const SHEETS = 'https://www.googleapis.com/auth/spreadsheets.readonly'

const endpoints: Endpoint[] = [
  {
    path: /^\/v25\/customers:listAccessibleCustomers$/,
    ...{ name: 'ads.accounts', scope: ADS, answer: listAccessible },
  },
  {
    path: /^\/v25\/customers\/\d+\/googleAds:search$/,
    ...{ name: 'ads.report', scope: ADS, answer: search },
  },
  {
    path: /^\/v1beta\/accountSummaries$/,
    ...{ name: 'ga4.accounts', scope: ANALYTICS, answer: accountSummaries },
  },
  {
    path: /^\/v1beta\/properties\/\d+:runReport$/,
    ...{ name: 'ga4.report', scope: ANALYTICS, answer: runReport },
  },
  { path: /^\/webmasters\/v3\/sites$/, ...{ name: 'gsc.accounts', scope: SEARCH, answer: listSites } },
  {
    path: /^\/webmasters\/v3\/sites\/[^/]+\/searchAnalytics\/query$/,
    ...{ name: 'gsc.report', scope: SEARCH, answer: querySite },
  },
  { path: /^\/youtube\/v3\/channels$/, name: 'youtube.accounts', scope: CHANNELS, answer: by(youtube) },
  { path: /^\/v2\/reports$/, name: 'youtube.report', scope: VIEWS, answer: by(youtube) },
  { path: /^\/v1\/accounts\b/, name: 'business.accounts', scope: BUSINESS, answer: by(business) },
  { path: /^\/v1\/locations\/\d+:/, name: 'business.report', scope: BUSINESS, answer: by(business) },
  { path: /^\/v4\/spreadsheets\/[^/]+$/, name: 'sheets.accounts', scope: SHEETS, answer: by(sheets) },
  { path: /^\/v4\/spreadsheets\/.+/, name: 'sheets.report', scope: SHEETS, answer: by(sheets) },
]

/** Asked once the sandbox has found the token good. Whoever has accounts anywhere has those of the fakes too. */
function by(fake: Fake): Endpoint['answer'] {
  return ({ person, path, query }) => {
    const stranger = person.ga4.length === 0
    if (stranger && path.startsWith('/v4/'))
      return refusal(403, 'PERMISSION_DENIED', 'The caller does not have permission')
    if (stranger) return { status: 200, body: {} }
    const url = new URL(`https://sandbox${path}?${query}`)
    const call = { method: 'GET', url, headers: {}, text: '', json: null, form: {} }
    const answer = fake.answer(call, { splits: splitsOf, figure: steadyFigure, accepts: () => true })
    return { status: answer?.status ?? 200, body: answer?.body ?? {} }
  }
}

/** Calls count under `ads.accounts`, `ads.report` and so on, also those that are refused. */
export function answerApi(state: State, call: Call, trouble: Reply | null): Reply {
  const endpoint = endpoints.find(({ path }) => path.test(call.path))
  if (!endpoint) return json(refusal(404, 'NOT_FOUND', 'Requested entity was not found.'))
  const json0 = call.body ? (JSON.parse(call.body) as Record<string, unknown>) : {}
  count(state, nameOf(endpoint, json0))
  if (trouble) return trouble
  const token = bearer(state, call.headers.authorization)
  const person = token && personOf(token.email)
  if (!token || !person) return json(unauthenticated(endpoint))
  if (!token.scopes.includes(endpoint.scope)) return json(outOfScope())
  if (state.mode === 'rate-limited') return json(tooMany(endpoint))
  const { path, url, headers } = call
  return json(endpoint.answer({ state, person, path, query: url.searchParams, json: json0, headers }))
}

const json = ({ status, body }: Answer): Reply => ({ status, body: JSON.stringify(body) })

/** Google Ads lists and reports through the same address. */
const nameOf = ({ name }: Endpoint, body: Record<string, unknown>) =>
  name === 'ads.report' && / FROM customer_client/.test(String(body.query)) ? 'ads.accounts' : name

function unauthenticated({ scope }: Endpoint): Answer {
  const message =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.'
  return scope === SEARCH
    ? refusal(401, 'UNAUTHENTICATED', message, 'authError')
    : refusal(401, 'UNAUTHENTICATED', message)
}

function outOfScope(): Answer {
  const message = 'Request had insufficient authentication scopes.'
  return refusal(403, 'PERMISSION_DENIED', message, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT')
}

function tooMany({ scope }: Endpoint): Answer {
  if (scope === SEARCH) return refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', 'rateLimitExceeded')
  if (scope === ANALYTICS) {
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30s' }
    const error = { code: 429, message: 'Exhausted tokens.', status: 'RESOURCE_EXHAUSTED', details: [retry] }
    return { status: 429, body: { error } }
  }
  const quota = { rateScope: 'ACCOUNT', rateName: 'Number of operations', retryDelay: '30s' }
  return adsRefusal(
    ...([429, 'RESOURCE_EXHAUSTED', 'quotaError', 'RESOURCE_EXHAUSTED', 'Too many requests.'] as const),
    { quotaErrorDetails: quota },
  )
}
