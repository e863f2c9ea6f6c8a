/** Stripe as its API answers: one account a key, and its balance transactions, newest first, in three currencies. */
import { addDays, daysOf, localDate, startOfLocalDay } from '../../connectors/days.ts'
import type { Answer, Fake, World } from './fake.ts'

const ZONE = 'America/New_York'
const ACCOUNT = {
  ...{ id: 'acct_1Qk7fJord5mBel0w', object: 'account', default_currency: 'usd' },
  business_profile: { name: 'Fjord & Søn' },
  settings: { dashboard: { display_name: 'Fjord & Søn', timezone: ZONE } },
}
const DAY_S = 86_400
/** As many of them as the account has campaigns. */
const KINDS = [
  { reporting_category: 'charge', currency: 'usd', cents: 8_450 },
  { reporting_category: 'charge', currency: 'jpy', cents: 12_800 },
  { reporting_category: 'refund', currency: 'usd', cents: -1_990 },
  { reporting_category: 'charge', currency: 'kwd', cents: 41_250 },
  { reporting_category: 'payout', currency: 'usd', cents: -250_000 },
]

export const fake: Fake = {
  origins: ['https://api.stripe.com'],
  keys: { apiKey: 'rk_test_51QkFjordSandboxOnly0000000000', label: 'Fjord & Søn' },
  answer({ url, headers }, world) {
    const key = (headers.authorization ?? '').replace('Bearer ', '')
    if (!world.accepts(key)) {
      const message = 'Invalid API Key provided: rk_test_********0000'
      return { status: 401, body: { error: { type: 'invalid_request_error', message } } }
    }
    if (url.pathname === '/v1/account') return { body: ACCOUNT }
    return url.pathname === '/v1/balance_transactions' ? transactions(url, world) : null
  },
}

function transactions(url: URL, world: World): Answer {
  const asked = (name: string) => url.searchParams.get(name)
  const limit = Math.min(100, Number(asked('limit') ?? 10))
  const until = Number(asked('created[lt]') ?? Date.now() / 1000)
  const since = Number(asked('created[gte]') ?? until - 7 * DAY_S)
  const after = asked('starting_after')
  const range = { from: localDate(since * 1000, ZONE), to: localDate((until - 1) * 1000, ZONE) }
  const all = daysOf(range)
    .toReversed()
    .flatMap((day) => transactionsOf(day, world))
    .filter(({ created }) => created >= since && created < until)
  const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
  const data = all.slice(start, start + limit)
  return {
    body: { object: 'list', url: '/v1/balance_transactions', has_more: start + limit < all.length, data },
  }
}

/** Within the day's first eight hours, which every clock has. */
function transactionsOf(day: string, { splits, figure }: World) {
  const midnight = startOfLocalDay(day, ZONE).getTime() / 1000
  return KINDS.slice(0, splits(ACCOUNT.id).length).flatMap(({ cents, ...kind }, at) => {
    const many = kind.reporting_category === 'charge' ? Math.min(30, figure(`stripe ${at}`, day, 14)) : 1
    return Array.from({ length: many }, (_, number) => {
      const amount = cents + number * 10
      const fee = kind.reporting_category === 'charge' ? Math.round(cents * 0.029) + 30 : 0
      return {
        ...{ id: `txn_${day.replaceAll('-', '')}${at}x${number}`, object: 'balance_transaction', ...kind },
        ...{ type: kind.reporting_category, amount, fee, net: amount - fee, status: 'available' },
        created: midnight + at * 3_600 + number * 60,
        available_on: startOfLocalDay(addDays(day, 2), ZONE).getTime() / 1000,
      }
    })
  })
}
