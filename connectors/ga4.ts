/** Google Analytics 4: one row per channel group and day. An account here is a property. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Page,
  type Row,
} from './connector.ts'
import { listing, walk } from './paging.ts'
import { byPageToken, google, needed } from './providers/google.ts'
import { decimalAt, given, numberAt, textAt } from './values.ts'

const ADMIN = 'https://analyticsadmin.googleapis.com/v1beta'
const DATA = 'https://analyticsdata.googleapis.com/v1beta'
const SCOPE = 'https://www.googleapis.com/auth/analytics.readonly'
const PAGE_ROWS = 10_000

const DIMENSIONS = ['date', 'sessionDefaultChannelGroup']
/** Their name for it → ours. */
const METRICS = {
  sessions: 'sessions',
  totalUsers: 'total_users',
  keyEvents: 'key_events',
  totalRevenue: 'total_revenue',
}
const MONEY = 'totalRevenue'

export const ga4 = defineConnector({
  id: 'ga4',
  name: 'Google Analytics 4',
  provider: google,
  origins: ['https://analyticsadmin.googleapis.com', 'https://analyticsdata.googleapis.com'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Google Analytics properties and their reports' },
  writeWarning: null,
  ...{ accountWord: 'property', alsoCalled: 'ga web traffic website sessions' },
  help: {
    signInWith: 'the Google login you use for Google Analytics',
    role: 'the Viewer role on the property is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 7, deep: 14 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['channel_group'],
    metrics: {
      sessions: { unit: 'count', common: 'sessions', says: 'Visits' },
      total_users: { unit: 'count', says: 'People who visited that day; do not add up over days' },
      key_events: {
        unit: 'decimal',
        common: 'conversions',
        says: 'Key events, formerly conversions; attribution moves them for some days',
      },
      total_revenue: {
        unit: 'money',
        common: 'revenue',
        says: 'Revenue from purchases, subscriptions and advertising',
      },
    },
    pages,
  },
  errors: [
    {
      kind: 'account_lost',
      at: 'api',
      http: [403],
      path: 'error.status',
      in: ['PERMISSION_DENIED'],
      contains: 'sufficient permissions for this property',
    },
  ],
  limit: { concurrency: 4, minTimeMs: 0 }, // Google allows 10 at a time per property, shared with everybody's tools
  version: { pinned: 'v1beta' },
})

/** Currency and time zone are not in this listing: they come with the first report. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = { url: `${ADMIN}/accountSummaries`, query: { pageSize: '200' } }
  for await (const body of listing(context, first, byPageToken))
    for (const summary of valuesAt(body, 'accountSummaries[]')) {
      const group = textAt(summary, 'displayName')
      for (const property of valuesAt(summary, 'propertySummaries[]')) {
        const id = textAt(property, 'property')?.replace('properties/', '')
        if (id === undefined) continue
        yield { id, name: textAt(property, 'displayName') ?? id, ...given({ group }) }
      }
    }
}

/** The place is the number of rows read so far. */
function pages(
  context: Context,
  account: Account,
  { from, to }: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const asked = {
    dateRanges: [{ startDate: from, endDate: to }],
    dimensions: DIMENSIONS.map((name) => ({ name })),
    metrics: Object.keys(METRICS).map((name) => ({ name })),
    // A fixed order: without it two pages may share rows and lack others.
    orderBys: DIMENSIONS.map((dimensionName) => ({ dimension: { dimensionName } })),
    ...{ limit: String(PAGE_ROWS), keepEmptyRows: false, returnPropertyQuota: true },
  }
  return walk<number>(0, cursor, async (offset) => {
    const json = { ...asked, offset: String(offset) }
    const { body } = await context.call({
      method: 'POST',
      url: `${DATA}/properties/${account.id}:runReport`,
      json,
    })
    const got = valuesAt(body, 'rows[]')
    const read = offset + got.length
    const flags = flagsOf(body)
    return {
      rows: got.map(reader(body)).filter((row) => row !== null),
      after: got.length > 0 && read < (numberAt(body, 'rowCount') ?? 0) ? read : null,
      ...given({
        currency: textAt(body, 'metadata.currencyCode'),
        timeZone: textAt(body, 'metadata.timeZone'),
        flags: flags.length > 0 ? flags : null,
      }),
    }
  })
}

/** Columns are found by their headers. A metric this login may not see comes as zeros: that is null. */
function reader(body: Json): (row: Json) => Row | null {
  const dimensions = valuesAt(body, 'dimensionHeaders[].name')
  const headers = valuesAt(body, 'metricHeaders[]').map((header) => textAt(header, 'name'))
  const hidden = valuesAt(body, 'metadata.schemaRestrictionResponse.activeMetricRestrictions[].metricName')
  const columns = Object.entries(METRICS).map(([theirs, ours]) => {
    const at = hidden.includes(theirs) ? -1 : headers.indexOf(theirs)
    return { ours, at, read: theirs === MONEY ? decimalAt : numberAt }
  })
  return (row) => {
    const keys = valuesAt(row, 'dimensionValues[]')
    const values = valuesAt(row, 'metricValues[]')
    const key = (name: string) => textAt(keys[dimensions.indexOf(name)] ?? null, 'value')
    const date = dashed(needed(key('date'), 'Google Analytics answered a row without its day'))
    if (date === null) return null
    const metrics = columns.map(({ ours, at, read }) => [ours, read(values[at] ?? null, 'value')] as const)
    const channel = key('sessionDefaultChannelGroup') ?? '(not set)'
    return { date, dimensions: { channel_group: channel }, metrics: Object.fromEntries(metrics) }
  }
}

/** Null for "(other)", the row into which Google folds what is too much: it belongs to no day. */
function dashed(date: string): string | null {
  return /^\d{8}$/.test(date) ? date.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3') : null
}

/** Days before the property’s retention, or not fully served, are in `dataTruncationReasons` (ResponseMetaData). */
function flagsOf(body: Json): string[] {
  const is = (path: string) => valuesAt(body, `metadata.${path}`)[0] === true
  return [
    ...(is('dataLossFromOtherRow') ? ['other_row'] : []),
    ...(is('subjectToThresholding') ? ['thresholded'] : []),
    ...(valuesAt(body, 'metadata.samplingMetadatas[]').length > 0 ? ['sampled'] : []),
    ...(valuesAt(body, 'metadata.dataTruncationReasons[]').length > 0 ? ['partial'] : []),
  ]
}
