/** Google Analytics 4 as far as Latchkey asks: account summaries and one report. */
import { channels, type Property, properties } from './cast.ts'
import { amount, chance, days, settled, todayIn } from './figures.ts'
import { type Answer, type Ask, refusal } from './state.ts'

export function accountSummaries({ state, person, query }: Ask): Answer {
  const visible = properties.filter(({ id }) => person.ga4.includes(id) && !state.removed.has(id))
  const accounts = [...new Set(visible.map(({ account }) => account))]
  const size = Math.min(Number(query.get('pageSize') ?? 50), 200, state.pageRows)
  const start = Number(query.get('pageToken') ?? 0)
  const summaries = accounts.slice(start, start + size).map((account) => ({
    name: `accountSummaries/${account.id}`,
    account: `accounts/${account.id}`,
    displayName: account.name,
    propertySummaries: visible
      .filter((property) => property.account === account)
      .map(({ id, name }) => ({
        property: `properties/${id}`,
        displayName: name,
        propertyType: 'PROPERTY_TYPE_ORDINARY',
        parent: `accounts/${account.id}`,
      })),
  }))
  return {
    status: 200,
    body: {
      ...(summaries.length > 0 && { accountSummaries: summaries }),
      ...(accounts.length > start + size && { nextPageToken: String(start + size) }),
    },
  }
}

/** Whatever is asked, the answer has Latchkey's dimensions and metrics. */
export function runReport(ask: Ask): Answer {
  const id = /properties\/(\d+):/.exec(ask.path)?.[1] ?? ''
  const property = properties.find((one) => one.id === id)
  if (!property || !ask.person.ga4.includes(id) || ask.state.removed.has(id))
    return refusal(
      ...([403, 'PERMISSION_DENIED'] as const),
      'User does not have sufficient permissions for this property. To learn more about Property ID, see https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.',
    )
  const rows = report(ask, property)
  const offset = Number(ask.json.offset ?? 0)
  const limit = Math.min(Number(ask.json.limit ?? 10_000), 250_000, ask.state.pageRows)
  const page = rows.slice(offset, offset + limit)
  return {
    status: 200,
    body: { ...headers, ...(page.length > 0 && { rows: page }), ...footer(rows, property) },
  }
}

const headers = {
  dimensionHeaders: [{ name: 'date' }, { name: 'sessionDefaultChannelGroup' }],
  metricHeaders: [
    { name: 'sessions', type: 'TYPE_INTEGER' },
    { name: 'totalUsers', type: 'TYPE_INTEGER' },
    { name: 'keyEvents', type: 'TYPE_FLOAT' },
    { name: 'totalRevenue', type: 'TYPE_CURRENCY' },
  ],
}

function footer(rows: object[], { currency, zone }: Property): object {
  return {
    ...(rows.length > 0 && { rowCount: rows.length }),
    metadata: { currencyCode: currency, timeZone: zone, dataLossFromOtherRow: false },
    propertyQuota: { tokensPerDay: { consumed: 3, remaining: 199_997 } },
    kind: 'analyticsData#runReport',
  }
}

function report({ state, json }: Ask, { id, zone, daily }: Property): object[] {
  const [range] = json.dateRanges as { startDate: string; endDate: string }[]
  const today = todayIn(zone, state.now())
  return days(range?.startDate ?? '', range?.endDate ?? '', today).flatMap((day) =>
    channels.map(([channel, share]) => {
      const key = `ga4 ${id} ${channel}`
      const sessions = Math.round(amount(key, day, daily * share) * settled(day, today, 'traffic'))
      const users = Math.round(sessions * (0.8 + 0.1 * chance(`users ${key} ${day}`)))
      const rate = 0.015 + 0.015 * chance(`rate ${key} ${day}`)
      const events = Math.round(sessions * rate * settled(day, today, 'conversions'))
      const revenue = (events * (55 + 40 * chance(`revenue ${key} ${day}`))).toFixed(2)
      const values = [String(sessions), String(users), String(events), revenue]
      return {
        dimensionValues: [{ value: day.replaceAll('-', '') }, { value: channel }],
        metricValues: values.map((value) => ({ value })),
      }
    }),
  )
}
