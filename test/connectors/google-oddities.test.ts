/** What only one of the Google connectors has to cope with. */
import nock from 'nock'
import { describe, expect, it } from 'vitest'
import type { Account, Connector, Json } from '../../connectors/connector.ts'
import { ga4 } from '../../connectors/ga4.ts'
import { googleAds } from '../../connectors/google-ads.ts'
import { openContext } from '../../connectors/http.ts'
import { google } from '../../connectors/providers/google.ts'
import { app, type Exchange, expectCalls, interceptor, shownBy } from './fixture.ts'
import { fixture as analytics } from './fixtures/ga4.ts'
import { fixture as ads } from './fixtures/google-ads.ts'

const shown = shownBy(ads)
const open = (connector: Connector, account: Account | null = null) =>
  openContext({
    ...{ provider: google, connector, account, accessToken: 'ya29.fixture', app },
    signal: new AbortController().signal,
  })

const adsError = (family: string, code: string): Json => ({
  error: {
    code: 400,
    status: 'INVALID_ARGUMENT',
    details: [{ errors: [{ errorCode: { [family]: code } }] }],
  },
})

describe('Google Ads', () => {
  const [first] = ads.report.pages.flat()
  const read = (cursor: string | null) =>
    Array.fromAsync(googleAds.report.pages(open(googleAds, ads.account), ads.account, ads.range, cursor))
  const search = (customer: string): Exchange => ({
    method: 'POST',
    url: `https://googleads.googleapis.com/v25/customers/${customer}/googleAds:search`,
    answer: {},
  })

  it('starts the range again when the page token it resumes from has aged', async () => {
    if (!first) throw new Error('no page')
    interceptor({ ...first, body: { pageToken: 'old' } }, shown).reply(
      400,
      adsError('requestError', 'EXPIRED_PAGE_TOKEN'),
    )
    expectCalls(ads.report.pages, shown)
    const pages = await read('old')
    expect(pages.flatMap(({ rows }) => rows)).toEqual(ads.report.expected)
  })

  it('never sends a developer token', async () => {
    const { origin, pathname } = new URL(search('2345678901').url)
    nock(origin, { badheaders: ['developer-token'] })
      .post(pathname)
      .reply(200, {})
    await read(null)
  })

  const listed: Exchange = {
    method: 'GET',
    url: 'https://googleads.googleapis.com/v25/customers:listAccessibleCustomers',
    answer: { resourceNames: ['customers/1', 'customers/2'] },
  }
  const two = { results: [{ customerClient: { id: '2', descriptiveName: 'Two', manager: false } }] }

  it.each(['CUSTOMER_NOT_ENABLED', 'ACCESS_DENIED_FOR_ACCOUNT_TYPE', 'ACTION_NOT_PERMITTED'])(
    'lists what it can when one of the roots refuses: %s',
    async (code) => {
      expectCalls([listed], shown)
      interceptor(search('1'), shown).reply(403, adsError('authorizationError', code) as object)
      expectCalls([{ ...search('2'), answer: two }], shown)
      expect(await Array.fromAsync(googleAds.accounts(open(googleAds)))).toEqual([{ id: '2', name: 'Two' }])
    },
  )

  it('has no list when all roots refuse', async () => {
    const closed = adsError('authorizationError', 'CUSTOMER_NOT_ENABLED')
    expectCalls([listed], shown)
    for (const root of ['1', '2']) interceptor(search(root), shown).reply(403, closed as object)
    await expect(Array.fromAsync(googleAds.accounts(open(googleAds)))).rejects.toMatchObject({
      kind: 'account_lost',
      reason: 'CUSTOMER_NOT_ENABLED',
    })
  })

  it('gives no half list when one root only has passing trouble', async () => {
    expectCalls([listed, { ...search('1'), answer: two }], shown)
    interceptor(search('2'), shown).reply(503, '')
    await expect(Array.fromAsync(googleAds.accounts(open(googleAds)))).rejects.toMatchObject({
      kind: 'transient',
    })
  })

  it('takes an answer without days for an error, not for data', async () => {
    if (!first) throw new Error('no page')
    interceptor({ ...first, body: {} }, shown).reply(200, { results: [{ campaign: { id: '1' } }] })
    await expect(read(null)).rejects.toMatchObject({ kind: 'unknown' })
  })
})

describe('Google Analytics 4', () => {
  const read = async (metadata: Json, more: Record<string, Json> = {}) => {
    const [first] = analytics.report.pages.flat()
    if (!first) throw new Error('no page')
    const answer = { ...(first.answer as Record<string, Json>), rowCount: 2, metadata, ...more }
    expectCalls([{ ...first, answer }], shown)
    const pages = ga4.report.pages(open(ga4), analytics.account, analytics.range, null)
    return (await Array.fromAsync(pages))[0]
  }

  it('takes the zeros of a metric this login may not see for unknown', async () => {
    const restriction = { metricName: 'totalRevenue', restrictedMetricTypes: ['REVENUE_DATA'] }
    const page = await read({ schemaRestrictionResponse: { activeMetricRestrictions: [restriction] } })
    expect(page?.rows[0]?.metrics).toMatchObject({ sessions: 120, total_revenue: null })
  })

  it('reads money to the last digit, whatever type its column is said to have', async () => {
    const names = ['totalRevenue', 'keyEvents', 'totalUsers', 'sessions']
    const row = (date: string, revenue: string) => ({
      dimensionValues: [{ value: date }, { value: 'Direct' }],
      metricValues: [revenue, '1.5E1', '7', '9'].map((value) => ({ value })),
    })
    const page = await read(
      {},
      {
        metricHeaders: names.map((name) => ({ name, type: 'TYPE_FLOAT' })),
        rows: [row('20261105', '12345678901234567.89'), row('20261106', '-1.25E-2')],
      },
    )
    expect(page?.rows.map(({ metrics }) => metrics)).toEqual([
      { sessions: 9, total_users: 7, key_events: 15, total_revenue: '12345678901234567.89' },
      { sessions: 9, total_users: 7, key_events: 15, total_revenue: '-0.0125' },
    ])
  })

  it('passes on what Google says against its own figures', async () => {
    const metadata = { dataLossFromOtherRow: true, subjectToThresholding: true, samplingMetadatas: [{}] }
    expect(await read(metadata)).toMatchObject({ flags: ['other_row', 'thresholded', 'sampled'] })
    const reason = {
      dataTruncationType: 'DATA_TRUNCATION_TYPE_DATE_RANGE',
      dataTruncationMessage: 'Query date range may not be fully served.',
      dataTruncationDateRanges: [{ startDate: '2026-11-06', endDate: '2026-11-06' }],
    }
    expect(await read({ dataTruncationReasons: [reason] })).toMatchObject({ flags: ['partial'] })
    expect(await read({ dataTruncationReasons: [] })).not.toHaveProperty('flags')
    expect(await read({})).not.toHaveProperty('flags')
  })
})
