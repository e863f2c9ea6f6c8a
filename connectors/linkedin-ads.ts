/**
 * LinkedIn Ads: one row per campaign and day, in UTC days. Rest.li wants parentheses and commas literal and only the
 * colons of URNs escaped, so queries are written by hand. An empty report is also what a login without access gets:
 * the account is looked for before it is believed. (Marketing API 202607)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  type Connector,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type OAuthProvider,
  type Row,
} from './connector.ts'
import { addDays, daysOf, secondsToUtcMidnight, windowFrom } from './days.ts'
import { redeemCode, renewToken } from './grants.ts'
import { listing, walk } from './paging.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const VERSION = '202607'
const [SITE, HOST] = ['https://www.linkedin.com', 'https://api.linkedin.com']
const [WINDOW_DAYS, NAMES_AT_ONCE] = [30, 100]
const RESTRICTED = 'LinkedIn has restricted this login. Settle that at www.linkedin.com, then reconnect.'
/** A report has no second page and is cut off at 15,000 rows without a word; an account has 5,000 campaigns at most. */
const MOST_ROWS = 10_000

const ours = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
/** By their names; ours are the same in snake_case. */
const METRICS: Connector['report']['metrics'] = {
  impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
  clicks: { unit: 'count', common: 'clicks', says: 'Clicks LinkedIn charges for' },
  landingPageClicks: { unit: 'count', says: 'Clicks that led to the landing page' },
  externalWebsiteConversions: { unit: 'count', common: 'conversions', says: 'Conversions on websites' },
  oneClickLeads: { unit: 'count', says: 'Leads from forms at LinkedIn' },
  costInLocalCurrency: { unit: 'money', common: 'cost', says: 'What the ads cost' },
  conversionValueInLocalCurrency: { unit: 'money', common: 'revenue', says: 'Value of those conversions' },
}

const linkedin: OAuthProvider = {
  auth: 'oauth',
  id: 'linkedin',
  name: 'LinkedIn',
  permissionsUrl: `${SITE}/mypreferences/d/data-sharing-for-permitted-services`,
  origins: [SITE, HOST],
  baseScopes: ['openid', 'profile'],
  authorizeUrl: `${SITE}/oauth/v2/authorization`,
  tokenUrl: `${SITE}/oauth/v2/accessToken`,
  scopeSeparator: ' ',
  params: {},
  // LinkedIn knows PKCE only at /oauth/native-pkce, for apps on the person's own machine (Nango: disable_pkce).
  pkce: false,
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  /** Only approved apps get refresh tokens. Without one the authorisation ends with the token, after 60 days. */
  async exchange(context, app, back) {
    const tokens = await redeemCode(linkedin, context, app, back)
    if (tokens.refreshToken !== null) return tokens
    return { ...tokens, expiresInSeconds: null, grantExpiresInSeconds: tokens.expiresInSeconds }
  },

  async identity(context) {
    const { body } = await context.call({ url: `${HOST}/v2/userinfo` })
    const id = textAt(body, 'sub')
    if (id === null) throw new ConnectorError('unknown', linkedin.id, 'LinkedIn did not say who signed in')
    return { id, label: textAt(body, 'name') ?? `LinkedIn member …${id.slice(-4)}` }
  },

  /** The refresh token stays the same one, and its 365 days go on counting from the consent. */
  renew: (context, app, refreshToken) => renewToken(linkedin, context, app, refreshToken),

  errors: [
    { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_grant'] },
    { kind: 'revoked', at: 'api', http: [401] }, // serviceErrorCode 65600 invalid, 65601 revoked, 65602 expired
    { kind: 'revoked', at: 'api', path: 'code', in: ['RESTRICTED_MEMBER'], ownerAction: RESTRICTED },
    // A dead refresh token is an invalid_grant or, with the same words, an invalid_request like a used code.
    { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_request'], contains: 'or refresh token is' },
    { kind: 'consent_failed', at: 'token', path: 'error', in: ['invalid_request', 'invalid_redirect_uri'] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', at: 'token', path: 'error', in: ['invalid_client', 'unauthorized_client'] },
    { kind: 'version_sunset', at: 'api', http: [426] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error|serviceErrorCode|code',
  /** "Resource level throttle … DAY limit …": a day's calls are counted anew at 00:00 UTC (API Rate Limiting). */
  retryAfterSeconds: ({ text }) => (/ DAY limit /.test(text) ? secondsToUtcMidnight(Date.now()) : null),
  limit: { concurrency: 5, minTimeMs: 20 },
}

export const linkedinAds = defineConnector({
  id: 'linkedin-ads',
  name: 'LinkedIn Ads',
  provider: linkedin,
  origins: [HOST],
  scopes: ['r_ads', 'r_ads_reporting'],
  scopeWords: { r_ads: 'See your ad accounts and campaigns', r_ads_reporting: 'See the results of your ads' },
  writeWarning: null,
  ...{ accountWord: 'ad account', alsoCalled: 'advertising paid social b2b campaigns' },
  help: {
    signInWith: 'the LinkedIn login you use for Campaign Manager',
    role: 'the Viewer role on the ad account is enough',
  },
  headers: () => ({ 'linkedin-version': VERSION, 'x-restli-protocol-version': '2.0.0' }),
  accounts,
  report: {
    zone: 'utc',
    restateDays: { nightly: 7, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: Object.fromEntries(Object.entries(METRICS).map(([name, metric]) => [ours(name), metric])),
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 20 },
  version: { pinned: VERSION, sunset: '2027-07-15' },
})

async function* accounts(context: Context): AsyncGenerator<Account> {
  const url = `${HOST}/rest/adAccounts?q=search&pageSize=100`
  const bodies = listing(context, { url }, ({ body }) => {
    const token = textAt(body, 'metadata.nextPageToken')
    return token === null ? null : { url: `${url}&pageToken=${encodeURIComponent(token)}` }
  })
  for await (const body of bodies)
    for (const found of valuesAt(body, 'elements[]')) {
      const [id, currency] = [digits(textAt(found, 'id')), textAt(found, 'currency')]
      if (id !== null) yield { id, name: textAt(found, 'name') ?? id, ...given({ currency }) }
    }
}

function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  return walk({ day: range.from, days: WINDOW_DAYS }, cursor, async ({ day, days }) => {
    const window = windowFrom(day, range, days) ?? range
    const { body } = await context.call({ url: reportUrl(account, window) })
    const found = valuesAt(body, 'elements[]')
    const half = Math.ceil(daysOf(window).length / 2)
    if (found.length > MOST_ROWS && window.to > day) return { rows: [], after: { day, days: half } }
    // Throws account_lost where this login does not see the account.
    if (found.length === 0) await context.call({ url: `${HOST}/rest/adAccounts/${account.id}` })
    const rows = await named(context, account, found.map(rowOf))
    const page = { rows, timeZone: 'Etc/UTC', ...given({ currency: account.currency ?? null }) }
    const next = addDays(window.to, 1)
    return { ...page, after: next > range.to ? null : { day: next, days } }
  })
}

function reportUrl({ id }: Account, { from, to }: DayRange): string {
  const query = [
    'q=analytics&pivot=(value:CAMPAIGN)&timeGranularity=(value:DAILY)',
    `accounts=List(urn%3Ali%3AsponsoredAccount%3A${id})`,
    `dateRange=(start:${partsOf(from)},end:${partsOf(to)})`,
    `fields=dateRange,pivotValues,${Object.keys(METRICS)}`,
  ]
  return `${HOST}/rest/adAnalytics?${query.join('&')}`
}

const partsOf = (day: string) => day.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, '(year:$1,month:$2,day:$3)')

/** Reports know campaigns by their ids only. Where LinkedIn refuses the names the ids stand for them. */
async function named(context: Context, account: Account, rows: Row[]): Promise<Row[]> {
  const ids = [...new Set(rows.map(idOf))]
  const names = new Map<string, string | null>()
  for (let at = 0; at < ids.length; at += NAMES_AT_ONCE) {
    const some = ids.slice(at, at + NAMES_AT_ONCE)
    const url = `${HOST}/rest/adAccounts/${account.id}/adCampaigns?ids=List(${some.join(',')})`
    const { body } = await context.call({ url }).catch(nameless)
    for (const id of some) names.set(id, textAt(body, `results.${id}.name`))
  }
  return rows.map((row) => ({ ...row, labels: { campaign_name: names.get(idOf(row)) ?? idOf(row) } }))
}

const idOf = ({ dimensions }: Row) => dimensions.campaign_id ?? ''

function nameless(error: unknown): { body: Json } {
  if (!(error instanceof ConnectorError) || !['account_lost', 'unknown'].includes(error.kind)) throw error
  return { body: null }
}

function rowOf(element: Json): Row {
  const id = digits(textAt(element, 'pivotValues[]|pivotValue'))
  const part = (name: string) => textAt(element, `dateRange.start.${name}`)?.padStart(2, '0')
  const [year, month, day] = ['year', 'month', 'day'].map(part)
  if (id === null || !year || !month || !day)
    throw new ConnectorError('unknown', linkedin.id, 'LinkedIn answered a row without its day or campaign')
  const metrics = Object.entries(METRICS).map(
    ([name, { unit }]) => [ours(name), (unit === 'money' ? decimalAt : numberAt)(element, name)] as const,
  )
  const date = `${year}-${month}-${day}`
  return { date, dimensions: { campaign_id: id }, metrics: Object.fromEntries(metrics) }
}

/** Ids come as numbers or as URNs: urn:li:sponsoredCampaign:301234567. */
const digits = (id: string | null): string | null => /\d+$/.exec(id ?? '')?.[0] ?? null
