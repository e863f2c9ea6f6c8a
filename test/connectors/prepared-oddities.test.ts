/** What only one of the connectors with prepared reports has to cope with. */
import nock from 'nock'
import { afterEach, describe, expect, it } from 'vitest'
import { amazonAds } from '../../connectors/amazon-ads.ts'
import type { Connector, DayRange, OAuthProvider } from '../../connectors/connector.ts'
import { addDays, isZone } from '../../connectors/days.ts'
import { openContext } from '../../connectors/http.ts'
import { microsoftAds } from '../../connectors/microsoft-ads.ts'
import { pinterestAds } from '../../connectors/pinterest-ads.ts'
import { reportZone, zoneNamed } from '../../connectors/providers/microsoft-zones.ts'
import { app, expectCalls, type Fixture, shownBy, TOKEN } from './fixture.ts'
import { fixture as amazon } from './fixtures/amazon-ads.ts'
import { fixture as microsoft } from './fixtures/microsoft-ads.ts'
import { fixture as pinterest } from './fixtures/pinterest-ads.ts'

afterEach(() => nock.cleanAll())

const open = (connector: Connector | null, provider: OAuthProvider, { account, opening }: Fixture) =>
  openContext({
    ...{ provider, connector, account, app, accessToken: TOKEN, ...opening },
    signal: new AbortController().signal,
  })
const oauth = ({ provider }: Connector) => provider as OAuthProvider
const read = (
  connector: Connector,
  fixture: Fixture,
  cursor: string | null,
  range: DayRange = fixture.range,
) =>
  Array.fromAsync(
    connector.report.pages(open(connector, oauth(connector), fixture), fixture.account, range, cursor),
  )

describe('A prepared report', () => {
  const REPORTS = '/Reporting/v13/GenerateReport'
  const api = () => nock('https://reporting.api.bingads.microsoft.com')
  const held = (id: string) => JSON.stringify({ from: '2026-11-06', to: '2026-11-06', id })
  const day = { from: '2026-11-06', to: '2026-11-06' }
  const status = (Status: string, ReportDownloadUrl: string | null = null) => ({
    ReportRequestStatus: { Status, ReportDownloadUrl },
  })

  it('that failed while nobody looked is ordered once more, and fails if it fails again', async () => {
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'old' }).reply(200, status('Error'))
    api().post(`${REPORTS}/Submit`).reply(200, { ReportRequestId: 'new' })
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'new' }).reply(200, status('Error'))
    await expect(read(microsoftAds, microsoft, held('old'), day)).rejects.toMatchObject({ kind: 'transient' })
    expect(nock.isDone()).toBe(true)
  })

  it('that fails every time after a while is said after three, and ordered again by the next attempt', async () => {
    const place = { ...JSON.parse(held('third')), tries: 2 }
    let cursor = JSON.stringify(place)
    const attempt = async () => {
      const context = open(microsoftAds, oauth(microsoftAds), microsoft)
      for await (const { next } of microsoftAds.report.pages(context, microsoft.account, day, cursor))
        cursor = next ?? ''
    }
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'third' }).reply(200, status('Error'))
    await expect(attempt()).rejects.toThrow('A prepared report failed at the provider')
    api().post(`${REPORTS}/Submit`).reply(200, { ReportRequestId: 'fourth' })
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'fourth' }).reply(200, status('Success'))
    await attempt()
    expect(cursor).toBe('')
  })

  it('that Microsoft no longer knows is ordered once more, and one it took without an id waits', async () => {
    const unknown = {
      Type: 'ApiFaultDetail',
      OperationErrors: [{ Code: 2100, ErrorCode: 'InvalidReportId' }],
    }
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'old' }).reply(400, unknown)
    api().post(`${REPORTS}/Submit`).reply(200, { ReportRequestId: null })
    await expect(read(microsoftAds, microsoft, held('old'), day)).rejects.toMatchObject({ kind: 'transient' })
    api().post(`${REPORTS}/Submit`).reply(200, { ReportRequestId: 'new' })
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'new' }).reply(400, unknown)
    await expect(read(microsoftAds, microsoft, null, day)).rejects.toMatchObject({ kind: 'unknown' })
  })

  it('that is never finished is ordered once more after half a day', async () => {
    const waiting = JSON.stringify({ ...JSON.parse(held('old')), since: Date.now() - 12 * 3_600_000 - 1_000 })
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'old' }).reply(200, status('Pending'))
    api().post(`${REPORTS}/Submit`).reply(200, { ReportRequestId: 'new' })
    api().post(`${REPORTS}/Poll`, { ReportRequestId: 'new' }).reply(200, status('Success'))
    const pages = await read(microsoftAds, microsoft, waiting, day)
    expect(pages.map(({ next }) => next?.includes('"new"') ?? null)).toEqual([false, true, null])
  })

  it.each([
    ['a page of HTML', '<html>Server failed to authenticate the request</html>'],
    ['half a ZIP', Buffer.from('PK\x03\x04 and then nothing', 'latin1')],
  ])('that comes as %s is fetched again later', async (_what, file) => {
    const url = 'https://bingadsappsstorageprod.blob.core.windows.net/a.zip'
    api().post(`${REPORTS}/Poll`).reply(200, status('Success', url))
    nock(new URL(url).origin).get('/a.zip').reply(200, file)
    await expect(read(microsoftAds, microsoft, held('x'), day)).rejects.toMatchObject({ kind: 'transient' })
  })

  it.each([
    'https://10.0.0.1/report.zip',
    'https://[::1]/report.zip',
    'http://169.254.169.254/latest/meta-data',
    'no address at all',
  ])('is fetched from no private or plain address: %s', async (url) => {
    api().post(`${REPORTS}/Poll`).reply(200, status('Success', url))
    await expect(read(microsoftAds, microsoft, held('x'), day)).rejects.toMatchObject({ kind: 'unknown' })
  })

  it('is fetched from wherever Microsoft keeps its files these days', async () => {
    api().post(`${REPORTS}/Poll`).reply(200, status('Success', 'https://download.example/a.csv'))
    nock('https://download.example').get('/a.csv').reply(200, 'TimePeriod,CampaignId\n2026-11-06,1\n')
    const [page] = await read(microsoftAds, microsoft, held('x'), day)
    expect(page?.rows).toMatchObject([{ date: '2026-11-06', dimensions: { campaign_id: '1' } }])
  })

  it('whose row lacks its day is no report of ours', async () => {
    const url = 'https://bingadsappsstorageprod.blob.core.windows.net/a.csv'
    api().post(`${REPORTS}/Poll`).reply(200, status('Success', url))
    nock(new URL(url).origin).get('/a.csv').reply(200, 'TimePeriod,CampaignId\n11/6/2026,1\n')
    await expect(read(microsoftAds, microsoft, held('x'), day)).rejects.toThrow('the day of a row')
  })
})

describe('Microsoft Advertising', () => {
  it('asks who signed in where the id token does not say', async () => {
    nock('https://clientcenter.api.bingads.microsoft.com', { reqheaders: { developertoken: 'dev-fixture' } })
      .post('/CustomerManagement/v13/User/Query', { UserId: null })
      .reply(200, { User: { Id: '13000777', UserName: 'jo@northwind.example' } })
    const provider = oauth(microsoftAds)
    const idToken = `x.${Buffer.from('{"sub":"pairwise"}').toString('base64url')}.`
    expect(await provider.identity(open(null, provider, microsoft), { idToken, raw: null })).toEqual({
      id: '13000777',
      label: 'jo@northwind.example',
    })
  })

  it('names the permission again when it renews, and keeps the newest refresh token', async () => {
    const provider = oauth(microsoftAds)
    const sent: Record<string, string>[] = []
    nock('https://login.microsoftonline.com')
      .post('/common/oauth2/v2.0/token', (form) => sent.push(form) > 0)
      .reply(200, { access_token: 'a', refresh_token: 'next', expires_in: 3599 })
    const renewed = await provider.renew?.(open(null, provider, microsoft), app, 'before')
    expect(renewed?.refreshToken).toBe('next')
    expect(sent[0]?.scope?.split(' ')).toEqual(
      expect.arrayContaining([...microsoftAds.scopes, 'offline_access']),
    )
  })

  it('finds from each of its time zones the name reports take', () => {
    expect(zoneNamed('EasternTimeUSCanada')).toBe('America/New_York')
    expect(reportZone('America/New_York')).toBe('EasternTimeUSCanada')
    for (const [theirs, reported] of [
      ['AthensBuckarestIstanbul', 'AthensIslandanbulMinsk'],
      ['IslamabadKarachiTashkent', 'IslandamabadKarachiTashkent'],
      ['MidwayIslandAndSamoa', 'MidwayIslandandSamoa'],
      ['SolomonIslandNewCaledonia', 'MagadanSolomonIslandNewCaledonia'],
      ['Nukualofa', 'Nukualofa'],
      ['InternationalDateLineWest', 'InternationalDateLineWest'],
    ] as const) {
      const zone = zoneNamed(theirs)
      expect([theirs, zone !== null && isZone(zone)]).toEqual([theirs, true])
      expect(reportZone(zone ?? '')).toBe(reported)
    }
    expect(zoneNamed('SomewhereNew')).toBeNull()
    expect(reportZone(undefined)).toBe('CasablancaMonrovia')
  })
})

describe('Amazon Ads', () => {
  const [ordered, fetched] = amazon.report.pages
  const site = nock.bind(null, 'https://advertising-api-eu.amazon.com')

  it('reads the report it has ordered before, which a second order names', async () => {
    if (!ordered || !Array.isArray(fetched)) throw new Error('no pages')
    const id = 'dc0dd969-3eb3-4067-b1ff-d36631b07eb5'
    site()
      .post('/reporting/reports')
      .reply(425, { code: '425', detail: `The Request is a duplicate of : ${id}` })
    expectCalls(fetched, shownBy(amazon))
    const pages = await read(amazonAds, amazon, null, { from: '2026-10-06', to: '2026-11-05' })
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(2)
    expect(pages[0]?.next).toContain(id)
  })

  it('signs in, renews and calls where the owner advertises', () => {
    const provider = oauth(amazonAds)
    const places = ['NA', 'EU', 'FE'].map((region) => {
      const api = provider.site?.({ region }) ?? ''
      return [api, ...Object.values(provider.endpoints?.(api) ?? {})]
    })
    expect(places).toEqual([
      [
        'https://advertising-api.amazon.com',
        'https://www.amazon.com/ap/oa',
        'https://api.amazon.com/auth/o2/token',
      ],
      [
        'https://advertising-api-eu.amazon.com',
        'https://eu.account.amazon.com/ap/oa',
        'https://api.amazon.co.uk/auth/o2/token',
      ],
      [
        'https://advertising-api-fe.amazon.com',
        'https://apac.account.amazon.com/ap/oa',
        'https://api.amazon.co.jp/auth/o2/token',
      ],
    ])
  })
})

describe('Pinterest Ads', () => {
  const today = new Date().toISOString().slice(0, 10)
  const api = () => nock('https://api.pinterest.com')

  it('asks at once for the days it is read every night', async () => {
    const range = { from: addDays(today, -30), to: addDays(today, -1) }
    api()
      .get('/v5/ad_accounts/549755880001/analytics')
      .query((query) => query.start_date === range.from && query.end_date === range.to)
      .reply(200, [{ DATE: range.to, SPEND_IN_DOLLAR: 1 }])
    const pages = await read(pinterestAds, pinterest, null, range)
    expect(pages).toMatchObject([{ rows: [{ date: range.to }], next: null }])
  })

  it('reads a backfilled month from one prepared report, also where it is a bare list', async () => {
    const range = { from: addDays(today, -300), to: addDays(today, -270) }
    const url = 'https://pinterest-dublin.s3.eu-west-1.amazonaws.com/x/metrics_report.txt'
    api().post('/v5/ad_accounts/549755880001/reports').reply(200, { token: 't' })
    api().get('/v5/ad_accounts/549755880001/reports?token=t').reply(200, { report_status: 'FINISHED', url })
    nock(new URL(url).origin)
      .get('/x/metrics_report.txt')
      .reply(200, [{ DATE: range.to, SPEND_IN_DOLLAR: 2.5 }])
    const pages = await read(pinterestAds, pinterest, null, range)
    expect(pages.flatMap(({ rows }) => rows)).toMatchObject([{ date: range.to, metrics: { spend: '2.5' } }])
    expect(pages.at(-1)?.next).toBeNull()
  })

  it('goes on from a cursor whose days have grown too old to be answered at once', async () => {
    const range = { from: addDays(today, -120), to: addDays(today, -80) }
    const cursor = JSON.stringify({ from: addDays(today, -91) })
    const asked: string[] = []
    api()
      .post('/v5/ad_accounts/549755880001/reports', (body) => asked.push(body.start_date, body.end_date) > 0)
      .reply(200, { token: 't' })
    api()
      .get('/v5/ad_accounts/549755880001/reports?token=t')
      .reply(200, { report_status: 'FINISHED', url: null })
    api()
      .get('/v5/ad_accounts/549755880001/analytics')
      .query(({ start_date }) => asked.push(String(start_date)) > 0)
      .reply(200, [])
    await read(pinterestAds, pinterest, cursor, range)
    expect(asked).toEqual([addDays(today, -91), addDays(today, -90), addDays(today, -89)])
  })
})
