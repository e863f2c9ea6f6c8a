/** From a page to rows: which currency the money of a row is in. */
import { expect, test } from 'vitest'
import { stripe } from '../../connectors/stripe.ts'
import { metricRows } from '../../flows/rows.ts'

const range = { from: '2026-11-05', to: '2026-11-06' }
const row = (currency?: string) => ({
  date: '2026-11-05',
  dimensions: { reporting_category: 'charge', balance_currency: currency?.toLowerCase() ?? '' },
  metrics: { transactions: 1, amount: '5', fee: null, net: null, sales: '5' },
  ...(currency && { currency }),
})

test('a row says its own currency, else the page, else the account', () => {
  const rows = [row('JPY'), row('EUR'), row()]
  const currencies = (page: string | undefined, account: string | null) =>
    metricRows(stripe.report, { rows, next: null, ...(page && { currency: page }) }, range, account).map(
      ({ currency, revenue }) => [currency, revenue],
    )
  expect(currencies('USD', 'CHF')).toEqual([
    ['JPY', '5'],
    ['EUR', '5'],
    ['USD', '5'],
  ])
  expect(currencies(undefined, 'CHF').at(-1)).toEqual(['CHF', '5'])
  expect(currencies(undefined, null).at(-1)).toEqual([null, '5'])
})
