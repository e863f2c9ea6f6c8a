/** Providers that say themselves where a connection's data lie: believed only where the address is their own. */
import nock from 'nock'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Json, OAuthProvider } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { mailchimpAudiences } from '../../connectors/mailchimp.ts'
import { salesforceSales } from '../../connectors/salesforce.ts'
import { app } from './fixture.ts'

const mailchimp = mailchimpAudiences.provider as OAuthProvider
const salesforce = salesforceSales.provider as OAuthProvider
const SITE = 'https://northwind.my.salesforce.com'
const back = { query: { code: 'x' }, redirectUri: 'https://access.example/', verifier: 'v', kept: '' }

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.enableNetConnect())

const open = (provider: OAuthProvider, connector = salesforceSales, site = '') =>
  openContext({
    ...{ provider, connector, accessToken: 'token', app, site },
    signal: new AbortController().signal,
  })

it.for(['evil.example/', 'us19.evil', '../us19', 'us19:8443', '', 'localhost'])(
  'asks no data centre called “%s”',
  async (dc) => {
    nock('https://login.mailchimp.com').post('/oauth2/token').reply(200, { access_token: 'new' })
    nock('https://login.mailchimp.com').get('/oauth2/metadata').reply(200, { dc, user_id: 1 })
    const exchanged = mailchimp.exchange?.(open(mailchimp, mailchimpAudiences), app, back)
    await expect(exchanged).rejects.toMatchObject({ kind: 'unknown' })
  },
)

const token = (body: Record<string, Json>) =>
  nock('https://login.salesforce.com')
    .post('/services/oauth2/token')
    .reply(200, { access_token: 'new', ...body })

it.for([
  ...['https://evil.example', 'https://evilsalesforce.com', 'https://salesforce.com.evil.example', ''],
  ...['http://northwind.my.salesforce.com', 'https://northwind.my.salesforce.com:8443', 'northwind'],
])('asks no organisation at “%s”', async (instance_url) => {
  token({ instance_url })
  await expect(salesforce.exchange?.(open(salesforce), app, back)).rejects.toMatchObject({ kind: 'unknown' })
})

it('follows an organisation that moves, and keeps a refresh token that came with a renewal', async () => {
  token({ instance_url: `${SITE}/`, refresh_token: 'rotated' })
  expect(await salesforce.renew?.(open(salesforce), app, 'old')).toMatchObject({
    ...{ accessToken: 'new', refreshToken: 'rotated', expiresInSeconds: null, site: SITE },
  })
  token({})
  const renewed = await salesforce.renew?.(open(salesforce), app, 'old')
  expect(renewed).toMatchObject({ accessToken: 'new', refreshToken: 'old' })
  expect(renewed && 'site' in renewed).toBe(false)
})

it('reads a day at a time where midnight is not on the hour, so that no hour is split between days', async () => {
  const asked: string[] = []
  const answer = (object: string, times: number, records: Json[]) =>
    nock(SITE)
      .get('/services/data/v67.0/query')
      .query(({ q }) => String(q).includes(`FROM ${object} `) && asked.push(String(q)) > 0)
      .times(times)
      .reply(200, { done: true, records })
  answer('Lead', 2, [{ d: '2026-11-05', h: 18, n: 1 }])
  answer('Opportunity', 4, [])
  const account = { id: '1', name: 'Chai', timeZone: 'Asia/Kolkata' }
  const range = { from: '2026-11-05', to: '2026-11-06' }
  const pages = await Array.fromAsync(
    salesforceSales.report.pages(open(salesforce, salesforceSales, SITE), account, range, null),
  )
  const spans = asked
    .filter((q) => q.includes('FROM Lead'))
    .map((q) => /CreatedDate >= (\S+) AND CreatedDate < (\S+)/.exec(q)?.slice(1))
  expect([...new Set(spans.map(String))]).toEqual([
    '2026-11-04T18:30:00Z,2026-11-05T18:30:00Z',
    '2026-11-05T18:30:00Z,2026-11-06T18:30:00Z',
  ])
  expect(pages.flatMap(({ rows }) => rows.map(({ date }) => date))).toEqual(['2026-11-05', '2026-11-06'])
})

it('counts opportunities where the login sees no leads: those are unknown, not zero', async () => {
  nock(SITE)
    .get('/services/data/v67.0/query')
    .query(({ q }) => String(q).includes('FROM Lead'))
    .reply(400, [{ errorCode: 'INVALID_TYPE', message: "sObject type 'Lead' is not supported." }])
  nock(SITE)
    .get('/services/data/v67.0/query')
    .query(({ q }) => String(q).includes('FROM Opportunity'))
    .times(2)
    .reply(200, { done: true, records: [{ d: '2026-11-05', n: 2, amt: 10 }] })
  const range = { from: '2026-11-05', to: '2026-11-05' }
  const account = { id: '1', name: 'Northwind', timeZone: 'Europe/Berlin' }
  const context = open(salesforce, salesforceSales, SITE)
  const [page] = await Array.fromAsync(salesforceSales.report.pages(context, account, range, null))
  expect(page?.rows[0]?.metrics).toMatchObject({ new_leads: null, new_opportunities: 2, new_amount: '10' })
})

it('leaves the last calls of a day to the organisation’s other tools', () => {
  const rest = (usage: string) =>
    salesforce.restSeconds?.({ status: 200, headers: { 'sforce-limit-info': usage }, body: {}, text: '' })
  expect([rest('api-usage=18/5000'), rest('api-usage=4800/5000'), rest('')]).toEqual([null, 900, null])
})
