/**
 * Microsoft Advertising: one row per campaign and day, from prepared reports (a ZIP with one CSV). REST only: the SOAP
 * flavour of v13 ends on 2027-01-31. Every call wants the developer token of whoever runs Latchkey.
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
import { csvPage, unzipped } from './files.ts'
import { orderedPages } from './orders.ts'
import { CUSTOMERS, developer, microsoft, SCOPE, whoIs } from './providers/microsoft.ts'
import { reportZone, zoneNamed } from './providers/microsoft-zones.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const REPORTING = 'https://reporting.api.bingads.microsoft.com'
const PAGE_ROWS = 5_000
const ACCOUNTS_AT_ONCE = 1_000
const COLUMNS = [
  ...['TimePeriod', 'AccountId', 'CampaignId', 'CampaignName', 'CurrencyCode'],
  ...['Impressions', 'Clicks', 'Spend', 'Conversions', 'Revenue'],
]
export const microsoftAds = defineConnector({
  id: 'microsoft-ads',
  name: 'Microsoft Advertising',
  provider: microsoft,
  origins: [REPORTING, CUSTOMERS],
  // "You should not take a dependency on the domain of the download URL" (ReportRequestStatus, v13).
  downloads: ['https://*'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Microsoft Advertising accounts, campaigns and their results' },
  writeWarning:
    'Microsoft has no read-only permission for Microsoft Advertising, so this permission would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'ad account', alsoCalled: 'bing advertising ppc sem paid' },
  help: {
    signInWith: 'the Microsoft login you use for Microsoft Advertising',
    role: 'the Viewer role on the ad account is enough',
    friction:
      'Microsoft asks for multi-factor authentication, and a company login may need its administrator to approve Latchkey first.',
  },
  headers: (account, app) => ({
    ...developer(app),
    ...(account && { CustomerAccountId: account.id }),
    ...(account?.parent && { CustomerId: account.parent }),
  }),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 30, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name' },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks on ads' },
      spend: { unit: 'money', common: 'cost', says: 'What the clicks cost' },
      conversions: {
        ...{ unit: 'decimal', common: 'conversions' },
        says: 'Conversions, credited to the day of the click; they arrive for up to 30 days',
      },
      revenue: { unit: 'money', common: 'revenue', says: 'Value of those conversions' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 100 },
  version: { pinned: 'v13 REST' },
})

const post = (context: Context, url: string, json: Json) => context.call({ method: 'POST', url, json })

async function* accounts(context: Context): AsyncGenerator<Account> {
  const user = textAt(await whoIs(context), 'User.Id')
  if (user === null) throw new ConnectorError('unknown', microsoft.id, 'Microsoft did not say who signed in')
  for (let index = 0, more = true; more; index += 1) {
    const { body } = await post(context, `${CUSTOMERS}/CustomerManagement/v13/Accounts/Search`, {
      PageInfo: { Index: index, Size: ACCOUNTS_AT_ONCE },
      Predicates: [{ Field: 'UserId', Operator: 'Equals', Value: user }],
    })
    const found = valuesAt(body, 'Accounts[]')
    for (const account of found) {
      const id = textAt(account, 'Id')
      if (id === null) continue
      yield {
        id,
        name: textAt(account, 'Name|Number') ?? id,
        ...given({
          currency: textAt(account, 'CurrencyCode'),
          timeZone: zoneNamed(textAt(account, 'TimeZone')),
          parent: textAt(account, 'ParentCustomerId'),
        }),
      }
    }
    more = found.length === ACCOUNTS_AT_ONCE
  }
}

function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  return orderedPages(context, range, cursor, {
    provider: microsoft.id,
    days: 92,
    async order(window) {
      const { body } = await post(context, `${REPORTING}/Reporting/v13/GenerateReport/Submit`, {
        ReportRequest: {
          ...{ Type: 'CampaignPerformanceReportRequest', ReportName: 'daily', Format: 'Csv' },
          ...{ FormatVersion: '2.0', Aggregation: 'Daily', ReturnOnlyCompleteData: false },
          ...{ ExcludeReportHeader: true, ExcludeReportFooter: true, Columns: COLUMNS },
          Scope: { AccountIds: [account.id] },
          Time: {
            CustomDateRangeStart: dateOf(window.from),
            CustomDateRangeEnd: dateOf(window.to),
            ReportTimeZone: reportZone(account.timeZone),
          },
        },
      })
      const id = textAt(body, 'ReportRequestId')
      // At times Microsoft takes an order and gives no id; the next order goes through.
      if (id === null) throw new ConnectorError('transient', microsoft.id, 'An ordered report has no id')
      return id
    },
    async look(id) {
      const url = `${REPORTING}/Reporting/v13/GenerateReport/Poll`
      const { body } = await post(context, url, { ReportRequestId: id })
      const status = textAt(body, 'ReportRequestStatus.Status')
      const file = textAt(body, 'ReportRequestStatus.ReportDownloadUrl')
      if (status === 'Success') return file === null ? 'empty' : { url: file }
      return status === 'Error' ? 'lost' : null
    },
    unpack: unzipped,
    read(file, at) {
      const { rows, next } = csvPage(file, at, { column: 'TimePeriod', limit: PAGE_ROWS })
      const currency = rows[0]?.CurrencyCode || account.currency || null
      return { rows: rows.map(rowOf), next, ...given({ currency }) }
    },
  })
}

function dateOf(day: string) {
  const [year, month, date] = day.split('-').map(Number)
  return { Day: date ?? 0, Month: month ?? 0, Year: year ?? 0 }
}

function rowOf(cells: Record<string, string>): Row {
  const date = cells.TimePeriod ?? ''
  const id = textAt(cells, 'CampaignId') ?? missing('the campaign of a row')
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) missing('the day of a row')
  return {
    date,
    dimensions: { campaign_id: id },
    labels: { campaign_name: textAt(cells, 'CampaignName') ?? id },
    metrics: {
      impressions: numberAt(cells, 'Impressions'),
      clicks: numberAt(cells, 'Clicks'),
      spend: decimalAt(cells, 'Spend'),
      conversions: numberAt(cells, 'Conversions'),
      revenue: decimalAt(cells, 'Revenue'),
    },
  }
}

function missing(what: string): never {
  throw new ConnectorError('unknown', microsoft.id, `Microsoft Advertising did not say ${what}`)
}
