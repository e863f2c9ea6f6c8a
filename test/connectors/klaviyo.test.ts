/** Whose midnight Klaviyo’s days have, and where its next page lies. */
import nock from 'nock'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { klaviyo } from '../../connectors/klaviyo.ts'

const API = 'https://a.klaviyo.com'

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.enableNetConnect())

type Page = { dates: string[]; count: Json[]; next?: string }

/** The orders of each day, of an account in this zone, and the attributes of every question. */
async function orders(timeZone: string, range: { from: string; to: string }, ...pages: Page[]) {
  const placed = { type: 'metric', id: 'Sho444', attributes: { name: 'Placed Order' } }
  nock(API)
    .get('/api/metrics')
    .reply(200, { data: [placed], links: { next: null } })
  const asked: Json[] = []
  for (const { dates, count, next = null } of pages)
    nock(API)
      .post('/api/metric-aggregates', ({ data }) => asked.push(data.attributes) > 0)
      .reply(200, {
        data: { attributes: { dates, data: [{ dimensions: [], measurements: { count } }] } },
        links: { self: `${API}/api/metric-aggregates`, next },
      })
  const context = openContext({
    ...{ provider: klaviyo.provider, connector: klaviyo, accessToken: 'pk_1', app: null },
    signal: new AbortController().signal,
  })
  const account = { id: 'Abc123', name: 'Northwind', timeZone }
  const read = await Array.fromAsync(klaviyo.report.pages(context, account, range, null))
  expect(nock.isDone()).toBe(true)
  return {
    asked,
    days: read.flatMap(({ rows }) => rows.map(({ date, metrics }) => [date, metrics.placed_order])),
  }
}

it.for([
  ['Europe/Berlin', '2026-10-24T00:00:00+02:00', '2026-10-26T00:00:00+01:00'],
  ['America/Los_Angeles', '2026-10-24T00:00:00-07:00', '2026-10-26T00:00:00-07:00'],
] as const)('asks for whole days of %s, by its midnights with their offset', async ([zone, from, to]) => {
  const { asked } = await orders(zone, { from: '2026-10-24', to: '2026-10-25' }, { dates: [], count: [] })
  expect(asked).toMatchObject([
    { timezone: zone, filter: [`greater-or-equal(datetime,${from})`, `less-than(datetime,${to})`] },
  ])
})

it.for([
  ['in UTC', ['2026-11-01T04:00:00+00:00', '2026-11-02T05:00:00+00:00']],
  ['with the offset of the day', ['2026-11-01T00:00:00-04:00', '2026-11-02T00:00:00-05:00']],
  ['as midnights', ['2026-11-01T00:00:00+00:00', '2026-11-02T00:00:00+00:00']],
  ['as dates', ['2026-11-01', '2026-11-02']],
] as const)('reads days written %s', async ([, dates]) => {
  const range = { from: '2026-11-01', to: '2026-11-02' }
  const { days } = await orders('US/Eastern', range, { dates: [...dates], count: [12, 9.0] })
  expect(days).toEqual([
    ['2026-11-01', 12],
    ['2026-11-02', 9],
  ])
})

it.for(['page_cursor', 'page%5Bcursor%5D'])('follows a next page named by %s', async (name) => {
  const day = { from: '2026-11-02', to: '2026-11-02' }
  const dates = ['2026-11-02T05:00:00+00:00']
  const next = `${API}/api/metric-aggregates/?${name}=bmV4dA`
  const { asked, days } = await orders('US/Eastern', day, { dates, count: [2], next }, { dates, count: [3] })
  expect(asked[1]).toMatchObject({ page_cursor: 'bmV4dA' })
  expect(days).toEqual([['2026-11-02', 5]])
})
