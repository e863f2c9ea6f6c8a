/** Google Ads as its API answers: a manager with two firms below it, campaigns by day. */
import { daysOf } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Fake } from './fake.ts'
import { googleFake, rowsFrom } from './google.ts'

const PAGE = 10_000
const MANAGER = '8765432100'
const clients = [
  client(MANAGER, 'Agentur Brücke', { manager: true, level: '0' }),
  client('2345678911', 'Müller Möbel – Suche'),
  client('3456789022', 'Fjord Outdoor', { currencyCode: 'NOK', timeZone: 'Europe/Oslo' }),
]

export const fake: Fake = googleFake(
  ['https://googleads.googleapis.com'],
  ({ url, json }, { splits, figure }) => {
    if (url.pathname === '/v25/customers:listAccessibleCustomers')
      return { body: { resourceNames: [`customers/${MANAGER}`] } }
    const id = /^\/v25\/customers\/(\d+)\/googleAds:search$/.exec(url.pathname)?.[1]
    const query = textAt(json, 'query') ?? ''
    if (id === undefined) return null
    if (query.includes(' FROM customer_client')) return { body: { results: clients, fieldMask: '' } }
    const [, from = '', to = ''] = /BETWEEN '([\d-]+)' AND '([\d-]+)'/.exec(query) ?? []
    const start = Number(textAt(json, 'pageToken') ?? 0)
    const { rows, total } = rowsFrom([daysOf({ from, to }), splits(id)], start, PAGE, (day, campaign) => {
      const impressions = figure(`ads ${id} ${campaign.id}`, day, 14_000)
      const clicks = Math.round(impressions * 0.031)
      return {
        campaign: { ...campaign, status: 'ENABLED' },
        customer: { currencyCode: id === '3456789022' ? 'NOK' : 'EUR' },
        segments: { date: day },
        metrics: {
          ...{ impressions: String(impressions), clicks: String(clicks), costMicros: `${clicks * 71}0000` },
          ...{ conversions: Math.round(clicks / 12) / 2, conversionsValue: clicks * 4.5 },
        },
      }
    })
    const next = start + rows.length < total ? { nextPageToken: String(start + rows.length) } : {}
    return { body: { ...(rows.length > 0 && { results: rows }), ...next, fieldMask: '' } }
  },
)

function client(id: string, descriptiveName: string, more: Record<string, string | boolean> = {}) {
  const plain = {
    currencyCode: 'EUR',
    timeZone: 'Europe/Berlin',
    manager: false,
    level: '1',
    status: 'ENABLED',
  }
  return { customerClient: { id, descriptiveName, ...plain, ...more } }
}
