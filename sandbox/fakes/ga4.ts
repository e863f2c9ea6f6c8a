/** Google Analytics 4 as its Admin and Data APIs answer: two firms, three properties, one report. */
import type { Json } from '../../connectors/call.ts'
import { daysOf } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Fake } from './fake.ts'
import { googleFake, rowsFrom } from './google.ts'

const PAGE = 10_000
const summaries = [
  summary('1001', 'Müller Möbel', [['330031', 'mueller-moebel.example – GA4']]),
  summary('1002', 'Fjord Outdoor', [
    ['330041', 'fjord.example'],
    ['330042', 'Fjord app'],
  ]),
]

export const fake: Fake = googleFake(
  ['https://analyticsadmin.googleapis.com', 'https://analyticsdata.googleapis.com'],
  ({ url, json }, { splits, figure }) => {
    if (url.pathname === '/v1beta/accountSummaries') return { body: { accountSummaries: summaries } }
    const id = /^\/v1beta\/properties\/(\d+):runReport$/.exec(url.pathname)?.[1]
    if (id === undefined) return null
    const range = {
      from: textAt(json, 'dateRanges[].startDate') ?? '',
      to: textAt(json, 'dateRanges[].endDate') ?? '',
    }
    const start = Number(textAt(json, 'offset') ?? 0)
    const { rows, total } = rowsFrom([daysOf(range), splits(id)], start, PAGE, (day, { name }) => {
      const sessions = figure(`ga4 ${id} ${name}`, day, 600)
      const values = [sessions, Math.round(sessions * 0.84), Math.round(sessions / 40), `${sessions * 2}.50`]
      return {
        dimensionValues: [{ value: day.replaceAll('-', '') }, { value: name }],
        metricValues: values.map((value) => ({ value: String(value) })),
      }
    })
    return { body: { ...headers(id), ...(rows.length > 0 && { rows, rowCount: total }) } }
  },
)

const headers = (id: string) => ({
  dimensionHeaders: [{ name: 'date' }, { name: 'sessionDefaultChannelGroup' }],
  metricHeaders: [
    { name: 'sessions', type: 'TYPE_INTEGER' },
    { name: 'totalUsers', type: 'TYPE_INTEGER' },
    { name: 'keyEvents', type: 'TYPE_FLOAT' },
    { name: 'totalRevenue', type: 'TYPE_CURRENCY' },
  ],
  metadata:
    id === '330031'
      ? { currencyCode: 'EUR', timeZone: 'Europe/Berlin' }
      : { currencyCode: 'NOK', timeZone: 'Europe/Oslo' },
  kind: 'analyticsData#runReport',
})

function summary(id: string, name: string, properties: [id: string, name: string][]): Json {
  return {
    ...{ name: `accountSummaries/${id}`, account: `accounts/${id}`, displayName: name },
    propertySummaries: properties.map(([property, displayName]) => ({
      ...{ property: `properties/${property}`, displayName, parent: `accounts/${id}` },
      propertyType: 'PROPERTY_TYPE_ORDINARY',
    })),
  }
}
