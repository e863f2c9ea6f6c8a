/**
 * Amazon Ads: one row per Sponsored Products campaign and day, from prepared reports (reporting v3, gzip JSON). An
 * account here is a profile: one advertiser in one marketplace. Sign-in, tokens and API lie in one of three regions.
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Row,
} from './connector.ts'
import { exactJson, jsonPage } from './files.ts'
import { orderedPages } from './orders.ts'
import { amazon, apis, ORDERED_ALREADY } from './providers/amazon.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const SCOPE = 'advertising::campaign_management'
const ORDER_TYPE = 'application/vnd.createasyncreportrequest.v3+json'
const COLUMNS = [
  ...['date', 'campaignId', 'campaignName', 'impressions', 'clicks', 'cost'],
  ...['purchases14d', 'sales14d'],
]
const PAGE_ROWS = 5_000

export const amazonAds = defineConnector({
  id: 'amazon-ads',
  name: 'Amazon Ads',
  provider: amazon,
  origins: apis,
  downloads: ['https://*.amazonaws.com'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Amazon Ads profiles, campaigns and their results' },
  writeWarning:
    'Amazon has no read-only permission for Amazon Ads, so this permission would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'profile', alsoCalled: 'advertising sponsored products' },
  help: {
    signInWith: 'the Amazon login you use for the advertising console',
    role: 'permission to view campaigns is enough',
    friction: 'Amazon asks for two-step verification, and keeps its regions apart.',
  },
  headers: (account, app) => ({
    'Amazon-Advertising-API-ClientId': app?.id ?? '',
    ...(account && { 'Amazon-Advertising-API-Scope': account.id }),
  }),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 14, deep: 30 },
    backfillMonths: 13,
    reachDays: 60,
    backfillNote: 'Amazon Ads keeps about 60 days.',
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often Sponsored Products were shown' },
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks on Sponsored Products' },
      cost: { unit: 'money', common: 'cost', says: 'What those clicks cost' },
      purchases_14d: {
        ...{ unit: 'decimal', common: 'conversions' },
        says: 'Purchases within 14 days of a click, credited to the day of the click',
      },
      sales_14d: { unit: 'money', common: 'revenue', says: 'Value of those purchases' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 200 },
  version: { pinned: 'reporting v3, profiles v2' },
})

/**
 * Without being asked for what may be viewed, Amazon lists only what may be edited too (guide "Permissions"). Profile ids
 * are numbers beyond what JSON.parse keeps: they are read from the text.
 */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const query = { apiProgram: 'report', accessLevel: 'view' }
  const { text } = await context.call({ url: `${context.site}/v2/profiles`, query })
  for (const profile of valuesAt(exactJson(text), '[]')) {
    const id = textAt(profile, 'profileId')
    if (id === null) continue
    const isAgency = textAt(profile, 'accountInfo.type') === 'agency'
    yield {
      id,
      name: textAt(profile, 'accountInfo.name') ?? id,
      ...given({
        currency: textAt(profile, 'currencyCode'),
        timeZone: textAt(profile, 'timezone'),
        group: textAt(profile, 'countryCode'),
        unavailable: isAgency ? 'an agency profile has no reports of its own' : null,
      }),
    }
  }
}

function pages(context: Context, _account: Account, range: DayRange, cursor: string | null) {
  const reports = `${context.site}/reporting/reports`
  return orderedPages(context, range, cursor, {
    provider: amazon.id,
    days: 31,
    async order({ from, to }) {
      const reply = await context.call({
        ...{ method: 'POST', url: reports, headers: { 'content-type': ORDER_TYPE } },
        json: {
          ...{ name: `Latchkey ${from}`, startDate: from, endDate: to },
          configuration: {
            ...{ adProduct: 'SPONSORED_PRODUCTS', reportTypeId: 'spCampaigns', groupBy: ['campaign'] },
            ...{ columns: COLUMNS, timeUnit: 'DAILY', format: 'GZIP_JSON' },
          },
        },
        also: [ORDERED_ALREADY],
      })
      return reportIn(reply.body)
    },
    async look(id) {
      const { body, status } = await context.call({
        ...{ url: `${reports}/${id}`, also: [ORDERED_ALREADY] },
      })
      const [state, url] = [textAt(body, 'status'), textAt(body, 'url')]
      if (status === 200 && state === 'COMPLETED') return url === null ? 'empty' : { url }
      return state !== null && /^(FAIL|CANCEL|EXPIRED)/.test(state) ? 'lost' : null
    },
    read(file, at) {
      const { rows, next } = jsonPage(file, at, PAGE_ROWS)
      return { rows: rows.map(rowOf), next }
    },
  })
}

/** {"code":"425","detail":"The Request is a duplicate of : 77af9ece-…"}, or a fresh report's `reportId`. */
function reportIn(body: Json): string {
  const named = /duplicate of\s*:?\s*([\w.-]+)/.exec(valuesAt(body, 'detail|details|message').join(' '))?.[1]
  const id = textAt(body, 'reportId') ?? named
  if (id !== undefined) return id
  const says = 'Amazon Ads is busy with the same report'
  throw new ConnectorError('rate_limited', amazon.id, says, { retryAfterSeconds: 60 })
}

function rowOf(row: Json): Row {
  const [date, id] = [textAt(row, 'date'), textAt(row, 'campaignId')]
  if (date === null || id === null)
    throw new ConnectorError('unknown', amazon.id, 'Amazon Ads answered a row without its day or campaign')
  return {
    date,
    dimensions: { campaign_id: id },
    labels: { campaign_name: textAt(row, 'campaignName') ?? id },
    metrics: {
      impressions: numberAt(row, 'impressions'),
      clicks: numberAt(row, 'clicks'),
      cost: decimalAt(row, 'cost'),
      purchases_14d: numberAt(row, 'purchases14d'),
      sales_14d: decimalAt(row, 'sales14d'),
    },
  }
}
