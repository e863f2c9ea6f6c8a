/** Google Business Profile as its three APIs answer: an agency's group with three shops, figures by day. */
import type { Json } from '../../connectors/call.ts'
import { daysOf } from '../../connectors/days.ts'
import type { Fake } from './fake.ts'
import { googleFake } from './google.ts'

const accounts = [
  { name: 'accounts/1', accountName: 'Dana Whitfield', type: 'PERSONAL', role: 'PRIMARY_OWNER' },
  { name: 'accounts/2', accountName: 'Müller Möbel', type: 'LOCATION_GROUP', role: 'MANAGER' },
]
const locations: Record<string, Json[]> = {
  '1': [{ name: 'locations/7770001112223334445', title: 'Fjord Outdoor Bergen' }],
  '2': [
    { name: 'locations/7771112223334445551', title: 'Müller Möbel Köln', storeCode: 'K-01' },
    { name: 'locations/7772223334445556662', title: 'Müller Möbel Würzburg', storeCode: 'WÜ-02' },
  ],
}

export const fake: Fake = googleFake(
  [
    ...[
      'https://mybusinessaccountmanagement.googleapis.com',
      'https://businessprofileperformance.googleapis.com',
    ],
    'https://mybusinessbusinessinformation.googleapis.com',
  ],
  ({ url }, { figure }) => {
    if (url.pathname === '/v1/accounts') return { body: { accounts } }
    const owner = /^\/v1\/accounts\/(\d+)\/locations$/.exec(url.pathname)?.[1]
    if (owner !== undefined) return { body: { locations: locations[owner] ?? [] } }
    const id = /^\/v1\/locations\/(\d+):fetchMultiDailyMetricsTimeSeries$/.exec(url.pathname)?.[1]
    if (id === undefined) return null
    const range = { from: dayIn(url, 'startDate'), to: dayIn(url, 'endDate') }
    const series = url.searchParams.getAll('dailyMetrics').map((dailyMetric) => ({
      dailyMetric,
      timeSeries: {
        datedValues: daysOf(range).map((day) => {
          const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
          const value = figure(`gbp ${id} ${dailyMetric}`, day, dailyMetric.includes('IMPRESSIONS') ? 90 : 9)
          return { date: { year, month, day: date }, ...(value > 0 && { value: String(value) }) }
        }),
      },
    }))
    return { body: { multiDailyMetricTimeSeries: [{ dailyMetricTimeSeries: series }] } }
  },
)

function dayIn(url: URL, end: string): string {
  const part = (name: string) => (url.searchParams.get(`dailyRange.${end}.${name}`) ?? '').padStart(2, '0')
  return `${part('year')}-${part('month')}-${part('day')}`
}
