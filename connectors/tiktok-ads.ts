/**
 * TikTok Ads: one row per campaign and day. TikTok answers errors with HTTP 200 and a `code`, wraps everything in
 * `data`, exchanges JSON instead of a form, and its paths end in a slash. (TikTok API for Business v1.3)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type FailureClass,
  type Json,
  type OAuthProvider,
  type Reply,
  type Row,
  type Rule,
} from './connector.ts'
import { addDays, windowFrom } from './days.ts'
import { callToken, tokenSet } from './http.ts'
import { walk } from './paging.ts'
import { decimalAt, given, numberAt, textAt, valueAt } from './values.ts'

const SITE = 'https://business-api.tiktok.com'
const API = `${SITE}/open_api/v1.3`
const PAGE_ROWS = 1_000
const ACCOUNTS_AT_ONCE = 100
const TOO_LARGE = '40067'

const coded = (kind: FailureClass, codes: number[], at?: 'token' | 'api'): Rule => ({
  ...{ kind, path: 'code', in: codes },
  ...(at && { at }),
})

const tiktok: OAuthProvider = {
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
    method: 'POST',
    url: `${API}/oauth2/revoke_token/`,
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
    coded('account_lost', [40001, 40106, 40119, 40300, 40301], 'api'),
    // 40002 is any wrong parameter, and also an advertiser that is gone.
    { ...coded('account_lost', [40002], 'api'), contains: 'not accessible' },
    { ...coded('account_lost', [40002], 'api'), contains: 'does not exist' },
    coded('rate_limited', [40016, 40100, 40132, 40133]),
    coded('app_config', [40101, 40113, 40124]),
    coded('version_sunset', [40051], 'api'),
    coded('transient', [40200, 40201, 40202, 40700, 50000, 50002, 51305, 60001]),
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'code',
  retryAfterSeconds: waitFor,
  limit: { concurrency: 5, minTimeMs: 100, perMinute: 600 },
}

export const tiktokAds = defineConnector({
  id: 'tiktok-ads',
  name: 'TikTok Ads',
  provider: tiktok,
  origins: [SITE],
  scopes: [],
  scopeWords: { reporting: 'See your TikTok ad accounts, campaigns and their results' },
  writeWarning: null,
  ...{ accountWord: 'ad account', alsoCalled: 'advertising paid social campaigns' },
  help: {
    signInWith: 'the TikTok for Business login you use for TikTok Ads Manager',
    role: 'the Analyst role on the ad account is enough',
    friction: 'TikTok sends a verification code by email before it lets you agree.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 7, deep: 28 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks on ads that led to a destination' },
      spend: { unit: 'money', common: 'cost', says: 'What was spent' },
      conversion: { unit: 'count', common: 'conversions', says: 'Conversions, by the day of the ad' },
    },
    pages,
  },
  errors: [],
  version: { pinned: 'v1.3' },
})

/** The second question gives currency and time zone. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { id: app_id = '', secret = '' } = context.app ?? {}
  const { body } = await context.call({ url: `${API}/oauth2/advertiser/get/`, query: { app_id, secret } })
  const ids = valuesAt(body, 'data.list[].advertiser_id').map(String)
  for (let at = 0; at < ids.length; at += ACCOUNTS_AT_ONCE) {
    const advertiser_ids = JSON.stringify(ids.slice(at, at + ACCOUNTS_AT_ONCE))
    const query = { advertiser_ids, fields: '["advertiser_id","name","currency","timezone"]' }
    const infos = await context.call({ url: `${API}/advertiser/info/`, query })
    for (const info of valuesAt(infos.body, 'data.list[]')) {
      const id = textAt(info, 'advertiser_id')
      const [currency, timeZone] = [textAt(info, 'currency'), textAt(info, 'timezone')]
      if (id !== null) yield { id, name: textAt(info, 'name') ?? id, ...given({ currency, timeZone }) }
    }
  }
}

/** A window TikTok finds too large is read again in halves; rows it already gave merge by their key. */
function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  const { currency = null, timeZone = null } = account
  const start = { from: range.from, days: 30, page: 1 }
  return walk(start, cursor, async ({ from, days, page }) => {
    const window = windowFrom(from, range, days) ?? range
    const reply = await ask(context, account.id, window, page).catch((error: unknown) => {
      if (days > 1 && error instanceof ConnectorError && error.reason === TOO_LARGE) return null
      throw error
    })
    if (reply === null) return { rows: [], after: { from, days: Math.floor(days / 2), page: 1 } }
    const more = page < (numberAt(reply.body, 'data.page_info.total_page') ?? 1)
    const next = more ? { from, days, page: page + 1 } : { from: addDays(window.to, 1), days, page: 1 }
    const rows = valuesAt(reply.body, 'data.list[]').map(rowOf)
    return { rows, after: next.from > range.to ? null : next, ...given({ currency, timeZone }) }
  })
}

function ask(context: Context, id: string, { from, to }: DayRange, page: number): Promise<Reply> {
  const query = {
    ...{ advertiser_id: id, report_type: 'BASIC', data_level: 'AUCTION_CAMPAIGN' },
    dimensions: '["campaign_id","stat_time_day"]',
    metrics: '["campaign_name","spend","impressions","clicks","conversion"]',
    ...{ start_date: from, end_date: to, page: String(page), page_size: String(PAGE_ROWS) },
  }
  return context.call({ url: `${API}/report/integrated/get/`, query })
}

/** '-' stands for what TikTok does not know. */
function rowOf(row: Json): Row {
  const date = /^\d{4}-\d\d-\d\d/.exec(textAt(row, 'dimensions.stat_time_day') ?? '')?.[0]
  const id = textAt(row, 'dimensions.campaign_id')
  if (date === undefined || id === null)
    throw new ConnectorError('unknown', tiktok.id, 'TikTok answered a row without its day or campaign')
  return {
    date,
    dimensions: { campaign_id: id },
    labels: { campaign_name: textAt(row, 'metrics.campaign_name') ?? id },
    metrics: {
      impressions: numberAt(row, 'metrics.impressions'),
      clicks: numberAt(row, 'metrics.clicks'),
      spend: decimalAt(row, 'metrics.spend'),
      conversion: numberAt(row, 'metrics.conversion'),
    },
  }
}

/** Per second: 1 s; per day: until 00:00 UTC, when its counter begins anew; per minute or not said: 5 minutes. */
function waitFor({ body }: Reply): number | null {
  if (!/^(40016|40100|40132|40133)$/.test(textAt(body, 'code') ?? '')) return null
  const says = textAt(body, 'message') ?? ''
  if (/\bQPS\b|per second/i.test(says)) return 1
  if (!/\bQPD\b|per day|daily/i.test(says)) return 300
  return Math.ceil(86_400 - ((Date.now() / 1000) % 86_400))
}
