/** TikTok Ads: one row per campaign and day. Its paths end in a slash. (TikTok API for Business v1.3) */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Reply,
  type Row,
} from './connector.ts'
import { addDays, windowFrom } from './days.ts'
import { walk } from './paging.ts'
import { API, SITE, tiktok } from './providers/tiktok.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const PAGE_ROWS = 1_000
const ACCOUNTS_AT_ONCE = 100
const TOO_LARGE = '40067'

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

/** The second question gives currency and time zone; what it leaves out is offered without. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { id: app_id = '', secret = '' } = context.app ?? {}
  const { body } = await context.call({ url: `${API}/oauth2/advertiser/get/`, query: { app_id, secret } })
  const listed = valuesAt(body, 'data.list[]')
  const ids = listed.flatMap((one) => textAt(one, 'advertiser_id') ?? [])
  for (let at = 0; at < ids.length; at += ACCOUNTS_AT_ONCE) {
    const some = ids.slice(at, at + ACCOUNTS_AT_ONCE)
    const infos = await infosOf(context, some)
    for (const id of some) {
      const said = [...infos, ...listed].filter((one) => textAt(one, 'advertiser_id') === id)
      const [name] = said.flatMap((one) => textAt(one, 'name|advertiser_name') ?? [])
      const [info = null] = said
      // `timezone` may be an offset, e.g. Etc/GMT for Europe/London, which knows no summer time (/advertiser/info/).
      const timeZone = textAt(info, 'display_timezone|timezone')
      yield { id, name: name ?? id, ...given({ currency: textAt(info, 'currency'), timeZone }) }
    }
  }
}

/** One advertiser that is gone has all refused who were asked about with it: then they are asked about by halves. */
async function infosOf(context: Context, ids: string[]): Promise<Json[]> {
  const fields = '["advertiser_id","name","currency","timezone","display_timezone"]'
  const query = { advertiser_ids: JSON.stringify(ids), fields }
  try {
    const { body } = await context.call({ url: `${API}/advertiser/info/`, query })
    return valuesAt(body, 'data.list[]')
  } catch (error) {
    const kind = error instanceof ConnectorError ? error.kind : ''
    if (!['account_lost', 'scope_missing'].includes(kind)) throw error
    if (ids.length === 1 || kind === 'scope_missing') return []
    const half = Math.ceil(ids.length / 2)
    const halves = [ids.slice(0, half), ids.slice(half)].map((some) => infosOf(context, some))
    return (await Promise.all(halves)).flat()
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
