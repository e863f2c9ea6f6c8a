/** What only Meta does: reports too large to be read at once, usage headers, tokens that extend themselves. */
import nock from 'nock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Json, Page, Reply } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { instagram } from '../../connectors/instagram.ts'
import { metaAds } from '../../connectors/meta-ads.ts'
import { meta } from '../../connectors/providers/meta.ts'
import { app, type Exchange, expectCalls, type Fixture, interceptor, shownBy } from './fixture.ts'
import { dayUrl, fixture as social } from './fixtures/instagram.ts'
import { failed, GRAPH } from './fixtures/meta.ts'
import { fixture as ads, campaign, paging, reportUrl } from './fixtures/meta-ads.ts'

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())
beforeEach(() => nock.cleanAll())

const open = ({ account }: Fixture, connector = metaAds) =>
  openContext({
    ...{ provider: meta, connector, account, accessToken: 'ya29.fixture', app },
    signal: new AbortController().signal,
  })

const get = (url: string): Exchange => ({ method: 'GET', url, answer: {} })
const shown = shownBy(ads)
const refuse = (url: string, error: Json, status = 400, method: 'GET' | 'POST' = 'GET') =>
  interceptor({ ...get(url), method }, shown).reply(status, error as nock.Body)
const give = (url: string, answer: Json) => expectCalls([{ ...get(url), answer }], shown)

const TOO_MUCH = failed(1, "Please reduce the amount of data you're asking for, then retry your request")
const [from, to] = ['2026-11-02', '2026-11-05']
const job = `${GRAPH}/6023920149050`
const order = (since: string, until: string): Exchange => ({
  ...{ method: 'POST', url: `${GRAPH}/act_1018112345/insights` },
  body: { level: 'campaign', time_increment: '1', time_range: JSON.stringify({ since, until }) },
  answer: { report_run_id: '6023920149050' },
})

const read = (cursor: string | null = null): Promise<Page[]> =>
  Array.fromAsync(metaAds.report.pages(open(ads), ads.account, { from, to }, cursor))
const days = (pages: Page[]) => pages.flatMap(({ rows }) => rows.map(({ date }) => date))

describe('A report that is too large', () => {
  it('is asked for in smaller pages from the same place', async () => {
    give(reportUrl(from, to), { data: [campaign('1', '2026-11-02')], paging: paging('QQ', true) })
    refuse(reportUrl(from, to, 500, 'QQ'), TOO_MUCH, 500)
    give(reportUrl(from, to, 100, 'QQ'), { data: [campaign('1', '2026-11-03')] })
    expect(days(await read())).toEqual(['2026-11-02', '2026-11-03'])
  })

  it('is prepared where small pages do not help, even if Meta does not know its own order at first', async () => {
    refuse(reportUrl(from, to), failed(100, 'Invalid parameter', { error_subcode: 1_487_534 }))
    refuse(reportUrl(from, to, 100), TOO_MUCH, 500)
    expectCalls([order(from, to)], shown)
    refuse(job, failed(100, 'Object does not exist, cannot be loaded due to missing permissions'))
    give(job, { async_status: 'Job Running', async_percent_completion: 40 })
    give(job, { async_status: 'Job Completed', async_percent_completion: 100 })
    give(`${job}/insights?limit=100`, { data: [campaign('1', '2026-11-02')], paging: paging('QR', true) })
    give(`${job}/insights?limit=100&after=QR`, { data: [campaign('1', '2026-11-05')] })
    const pages = await read()
    expect(days(pages)).toEqual(['2026-11-02', '2026-11-05'])
    give(`${job}/insights?limit=100&after=QR`, { data: [campaign('1', '2026-11-05')] })
    expect(days(await read(pages.at(-2)?.next))).toEqual(['2026-11-05'])
  })

  it('is asked for by fewer days where Meta fails to prepare it', async () => {
    const state = { day: from, days: 31, limit: 100, after: null, job: '6023920149050' }
    give(job, { async_status: 'Job Failed', error_code: 100 })
    give(reportUrl(from, '2026-11-03', 100), { data: [campaign('1', '2026-11-03')] })
    give(reportUrl('2026-11-04', to, 100), { data: [campaign('1', '2026-11-04')] })
    expect(days(await read(JSON.stringify(state)))).toEqual(['2026-11-03', '2026-11-04'])
  })

  it.each([
    ['that failed', () => give(job, { async_status: 'Job Failed' })],
    ['that Meta has lost', () => refuse(job, failed(2601, '(#2601) Error accessing adreport job.'))],
  ])('of a single day %s is said, and ordered again by the next attempt', async (_what, fail) => {
    let cursor = JSON.stringify({ day: to, days: 1, limit: 100, after: null, job: '6023920149050' })
    const attempt = async () => {
      for await (const { next } of metaAds.report.pages(open(ads), ads.account, { from, to }, cursor))
        cursor = next ?? ''
    }
    fail()
    await expect(attempt()).rejects.toMatchObject({ kind: 'transient' })
    expectCalls([order(to, to)], shown)
    fail()
    await expect(attempt()).rejects.toMatchObject({ kind: 'transient' })
    expectCalls([order(to, to)], shown)
    give(job, { async_status: 'Job Completed' })
    give(`${job}/insights?limit=100`, { data: [campaign('1', to)] })
    await attempt()
    expect(cursor).toBe('')
  })

  it('is one that times out, though Meta calls itself unavailable', async () => {
    const late = failed(2, 'Service temporarily unavailable', { error_subcode: 1_504_018 })
    refuse(reportUrl(from, to), late, 500)
    refuse(reportUrl(from, to, 100), failed(100, 'Invalid parameter', { error_subcode: 1_504_018 }))
    expectCalls([order(from, to)], shown)
    give(job, { async_status: 'Job Completed' })
    give(`${job}/insights?limit=100`, { data: [campaign('1', '2026-11-05')] })
    expect(days(await read())).toEqual(['2026-11-05'])
  })

  it('is read anew where Meta has forgotten how far it was', async () => {
    const forgotten = failed(2642, '(#2642) Invalid cursors values were given')
    refuse(reportUrl(from, to, 500, 'OLD'), forgotten)
    refuse(reportUrl(from, to, 100, 'OLD'), forgotten)
    expectCalls([order(from, to)], shown)
    give(job, { async_status: 'Job Completed' })
    give(`${job}/insights?limit=100`, { data: [campaign('1', '2026-11-02'), campaign('1', '2026-11-05')] })
    const state = { day: from, days: 31, limit: 500, after: 'OLD', job: null }
    expect(days(await read(JSON.stringify(state)))).toEqual(['2026-11-02', '2026-11-05'])
  })

  it('is not what an outage is, and a lost account is not waited for', async () => {
    refuse(reportUrl(from, to), failed(960, 'Request processing failed'))
    await expect(read()).rejects.toMatchObject({ kind: 'transient', reason: '960' })
    const url = `${GRAPH}/act_1018112345/insights`
    refuse(url, TOO_MUCH, 500, 'POST')
    const state = { day: from, days: 4, limit: 100, after: null, job: '' }
    await expect(read(JSON.stringify(state))).rejects.toMatchObject({ kind: 'transient', reason: '1' })
    const gone = failed(100, 'Object does not exist, cannot be loaded due to missing permissions')
    for (let looks = 0; looks < 4; looks++) refuse(job, gone)
    const waiting = JSON.stringify({ ...state, job: '6023920149050' })
    await expect(read(waiting)).rejects.toMatchObject({ kind: 'account_lost' })
  })
})

describe('Usage headers', () => {
  const rest = (headers: Record<string, string>) =>
    meta.restSeconds?.({ status: 200, headers, body: {}, text: '{}' } satisfies Reply)
  const cases: [string, Record<string, string>, number | null][] = [
    ['nothing said', {}, null],
    ['little used', { 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":74}' }, null],
    ['much used', { 'x-fb-ads-insights-throttle': '{"app_id_util_pct":10,"acc_id_util_pct":75.5}' }, 2],
    ['all used', { 'x-ad-account-usage': '{"acc_id_util_pct":95}' }, 300],
    [
      'all used until a reset',
      { 'x-ad-account-usage': '{"acc_id_util_pct":99,"reset_time_duration":40}' },
      40,
    ],
    [
      'minutes to wait, of the worst of several use cases',
      {
        'x-business-use-case-usage':
          '{"1":[{"type":"ads_insights","call_count":5,"estimated_time_to_regain_access":0}],"2":[{"call_count":1},{"call_count":100,"estimated_time_to_regain_access":7}]}',
      },
      420,
    ],
    ['nonsense', { 'x-app-usage': '[1,2', 'x-business-use-case-usage': '{"1":[null,3]}' }, null],
  ]
  it.each(cases)('%s', (_, headers, seconds) => expect(rest(headers)).toBe(seconds))
})

describe('Tokens', () => {
  const renewed = async (answer: Json) => {
    nock('https://graph.facebook.com')
      .post('/v26.0/oauth/access_token')
      .reply(200, answer as nock.Body)
    return meta.renew?.(open(ads), app, 'refresh-fixture')
  }
  const week = 7 * 24 * 3_600

  it('are extended weekly, and never after their own end', async () => {
    expect(await renewed({ access_token: 'EAAB', expires_in: 5_184_000 })).toMatchObject({
      ...{ refreshToken: 'EAAB', expiresInSeconds: week, grantExpiresInSeconds: 5_184_000 },
    })
    expect(await renewed({ access_token: 'EAAB', expires_in: 3_600 })).toMatchObject({
      ...{ expiresInSeconds: 3_600, grantExpiresInSeconds: 3_600 },
    })
  })

  it('without an end are extended all the same', async () => {
    expect(await renewed({ access_token: 'EAAB', expires_in: 0 })).toMatchObject({
      ...{ expiresInSeconds: week, grantExpiresInSeconds: null },
    })
    const unsaid = await renewed({ access_token: 'EAAB' })
    expect(unsaid).toMatchObject({ expiresInSeconds: week })
    expect(unsaid).not.toHaveProperty('grantExpiresInSeconds')
  })

  it('are withdrawn without standing in an address', () => {
    const request = meta.revoke?.('EAAB', '', app)
    expect(request).toMatchObject({ method: 'DELETE', headers: { authorization: 'Bearer EAAB' } })
    expect(JSON.stringify([request?.url, request?.query])).not.toContain('EAAB')
  })
})

it('an Instagram day with too few viewers is a day without figures, not a lost permission', async () => {
  const day = '2026-11-05'
  refuse(dayUrl(day), failed(10, '(#10) Not enough viewers for the media to show insights'))
  const pages = await Array.fromAsync(
    instagram.report.pages(open(social, instagram), social.account, { from: day, to: day }, null),
  )
  expect(pages).toEqual([{ rows: [], next: null, timeZone: 'Etc/UTC' }])
})
