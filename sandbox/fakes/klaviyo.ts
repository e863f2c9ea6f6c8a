/** Klaviyo as its API answers: one account a key, eight metrics over two pages, and a year of days at a time. */
import { valuesAt } from '../../connectors/classify.ts'
import { daysOf, localDate, startOfLocalDay } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake } from './fake.ts'

const KEY = 'pk_a1b2c3d4e5f60718293a4b5c6d7e8f9012'
const ORIGIN = 'https://a.klaviyo.com'

const account = {
  ...{ type: 'account', id: 'Mb7xQz' },
  attributes: {
    ...{ test_account: false, industry: 'Möbel', timezone: 'Europe/Berlin', preferred_currency: 'EUR' },
    contact_information: { organization_name: 'Müller Möbel', default_sender_email: 'post@mueller.example' },
    public_api_key: 'Mb7xQz',
  },
}

const SIZES: Record<string, number> = {
  'Viewed Product': 900,
  'Received Email': 4_200,
  'Opened Email': 1_650,
  'Clicked Email': 130,
  'Subscribed to List': 12,
  'Placed Order': 21,
}
const metrics = Object.keys(SIZES).map((name, at) => ({
  ...{ type: 'metric', id: `Mx${at}kP${at}`, attributes: { name, integration: { name: 'Klaviyo' } } },
}))

const error = (status: number, code: string, title: string): Answer => ({
  status,
  body: { errors: [{ id: 'e1f0', status, code, title, detail: title, source: { pointer: '/data/' } }] },
})

export const fake: Fake = {
  origins: [ORIGIN],
  keys: { apiKey: KEY },
  answer(call, { accepts, figure }) {
    const { url } = call
    if (!accepts((call.headers.authorization ?? '').replace('Klaviyo-API-Key ', '')))
      return error(401, 'authentication_failed', 'Incorrect authentication credentials.')
    if (!/^\d{4}-\d\d-\d\d$/.test(call.headers.revision ?? ''))
      return error(400, 'invalid', 'A revision header is required.')
    if (url.pathname === '/api/accounts') return { body: { data: [account], links: { next: null } } }
    if (url.pathname === '/api/metrics') return metricsPage(url)
    return url.pathname === '/api/metric-aggregates' ? aggregate(call, figure) : null
  },
}

function metricsPage(url: URL): Answer {
  const second = url.searchParams.get('page[cursor]') === 'bmV4dA'
  const next = `${ORIGIN}/api/metrics?page%5Bcursor%5D=bmV4dA`
  const data = second ? metrics.slice(3) : metrics.slice(0, 3)
  return { body: { data, links: { self: url.href, next: second ? null : next, prev: null } } }
}

function aggregate({ json }: Call, figure: (seed: string, day: string, size: number) => number): Answer {
  const asked = 'data.attributes'
  const filter = valuesAt(json, `${asked}.filter[]`).map(String)
  const zone = textAt(json, `${asked}.timezone`) ?? 'UTC'
  const instants = filter.map((one) => Date.parse(/datetime,([^)]*)/.exec(one)?.[1] ?? ''))
  if (instants.length !== 2 || instants.some(Number.isNaN)) return error(400, 'invalid', 'Invalid input.')
  const [from = '', to = ''] = instants.map((instant) => localDate(instant, zone))
  const id = textAt(json, `${asked}.metric_id`)
  const name = metrics.find((metric) => metric.id === id)?.attributes.name
  if (name === undefined) return error(404, 'not_found', 'A metric with this id does not exist.')
  const days = daysOf({ from, to }).slice(0, -1)
  const count = days.map((day) => figure(`klaviyo ${name}`, day, SIZES[name] ?? 1))
  const sum_value = days.map((day, at) =>
    name === 'Placed Order' ? (count[at] ?? 0) * 61 + figure('klaviyo cents', day, 50) / 100 : 0,
  )
  return {
    body: {
      data: {
        ...{ type: 'metric-aggregate', id: 'a1b2' },
        attributes: {
          dates: days.map((day) => startOfLocalDay(day, zone).toISOString().replace('.000Z', '+00:00')),
          data: [{ dimensions: [], measurements: { count, sum_value } }],
        },
      },
      links: { self: `${ORIGIN}/api/metric-aggregates`, next: null, prev: null },
    },
  }
}
