/** WooCommerce as a shop answers: its settings, and sales by day, by month where more than 31 days are asked for. */
import { daysOf } from '../../connectors/days.ts'
import type { Answer, Fake, World } from './fake.ts'

const SITE = 'https://laden.mueller-moebel.example'
const hex = (digits: string) => digits.repeat(10)
const [KEY, SECRET] = [`ck_${hex('3fa0')}`, `cs_${hex('9be1')}`]
const API = '/wp-json/wc/v3'

const settings = [
  { id: 'woocommerce_store_city', label: 'City', value: 'Köln' },
  { id: 'woocommerce_default_country', label: 'Country / State', value: 'DE:DE-NW' },
  { id: 'woocommerce_currency', label: 'Currency', value: 'EUR' },
]
const reports = [{ slug: 'sales', description: 'List of sales reports.' }]

export const fake: Fake = {
  origins: [SITE],
  keys: { storeUrl: SITE, username: KEY, password: SECRET },
  answer({ url, headers }, world) {
    const shown = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    if (!world.accepts(shown))
      return refusal(401, 'woocommerce_rest_cannot_view', 'Sorry, you cannot list resources.')
    const path = url.pathname.slice(url.pathname.indexOf(API)) // the shop may lie below a path
    if (path === `${API}/reports`) return { body: reports }
    if (path === `${API}/settings/general`)
      return { headers: { 'x-wp-totalpages': '1', 'x-wp-total': '3' }, body: settings }
    if (path === `${API}/reports/sales`) return { body: [salesOf(url, world)] }
    return refusal(404, 'rest_no_route', 'No route was found matching the URL and request method.')
  },
}

const refusal = (status: number, code: string, message: string): Answer => ({
  ...{ status, body: { code, message, data: { status } } },
})

function salesOf(url: URL, { figure }: World) {
  const range = { from: url.searchParams.get('date_min') ?? '', to: url.searchParams.get('date_max') ?? '' }
  const days = daysOf(range)
  const grouped = days.length > 31 ? 'month' : 'day'
  const totals = days.map((day) => {
    const orders = figure('woo orders', day, 14)
    const cents = orders * 8_790 + figure('woo cents', day, 99)
    const part = (share: number) => (Math.round(cents * share) / 100).toFixed(2)
    const row = {
      ...{
        sales: part(1),
        orders,
        items: orders * 2,
        tax: part(0.19),
        shipping: part(0.04),
        discount: part(0.02),
      },
      customers: figure('woo customers', day, 3),
    }
    return [grouped === 'day' ? day : day.slice(0, 7), row] as const
  })
  return { totals_grouped_by: grouped, total_orders: days.length, totals: Object.fromEntries(totals) }
}
