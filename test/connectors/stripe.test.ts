/** What the suite cannot see of Stripe: keys that may not ask which account they belong to. */
import nock from 'nock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openContext } from '../../connectors/http.ts'
import { stripe } from '../../connectors/stripe.ts'

const API = 'https://api.stripe.com'
const REFUSED = { error: { type: 'invalid_request_error', message: 'The provided key does not have it.' } }

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())

function open(from: { answers?: Record<string, string>; known?: string[] }) {
  const signal = AbortSignal.timeout(5_000)
  return openContext({
    ...{ provider: stripe.provider, connector: stripe, accessToken: 'rk_test_1', app: null, signal },
    ...from,
  })
}
const narrow = () => nock(API).get('/v1/account').reply(403, REFUSED)
const accountsFor = (from: Parameters<typeof open>[0]) => Array.fromAsync(stripe.accounts(open(from)))

it('such a key is who the owner says, also after it was replaced by another one', async () => {
  for (const label of ['Northwind GmbH', 'northwind gmbh']) {
    nock(API).get('/v1/balance_transactions?limit=1').reply(200, { data: [] })
    narrow()
    const identity = await stripe.provider.identity(open({ answers: { label } }), {
      idToken: null,
      raw: null,
    })
    expect(identity).toEqual({ id: 'label:northwind gmbh', label })
  }
})

it('and stays the account it feeds when nobody is there to be asked', async () => {
  narrow()
  expect(await accountsFor({ known: ['label:northwind gmbh'] })).toEqual([
    { id: 'label:northwind gmbh', name: 'northwind gmbh' },
  ])
  narrow()
  expect(await accountsFor({ known: ['acct_1Nw0rthw1nd'] })).toMatchObject([{ id: 'acct_1Nw0rthw1nd' }])
  narrow()
  await expect(accountsFor({})).rejects.toMatchObject({ kind: 'scope_missing' })
})

it('without balance transactions is no use, and a dead key is dead', async () => {
  nock(API).get('/v1/balance_transactions?limit=1').reply(403, REFUSED)
  const answers = { label: 'Northwind' }
  await expect(
    stripe.provider.identity(open({ answers }), { idToken: null, raw: null }),
  ).rejects.toMatchObject({ kind: 'scope_missing' })
  nock(API).get('/v1/account').reply(401, REFUSED)
  await expect(accountsFor({ answers })).rejects.toMatchObject({ kind: 'revoked' })
})

it('counts the days of an account that does not say its zone in UTC, and says so', async () => {
  const created = Date.parse('2026-11-06T23:59:59Z') / 1000
  const transaction = { id: 'txn_1', amount: 1, fee: 0, net: 1, currency: 'eur', type: 'charge', created }
  nock(API)
    .get('/v1/balance_transactions')
    .query({ 'created[gte]': '1793923200', 'created[lt]': '1794009600', limit: '100' })
    .reply(200, { data: [transaction], has_more: false })
  const day = { from: '2026-11-06', to: '2026-11-06' }
  const [page] = await Array.fromAsync(stripe.report.pages(open({}), { id: 'label:x', name: 'x' }, day, null))
  expect(page).toMatchObject({
    timeZone: 'Etc/UTC',
    rows: [{ date: '2026-11-06', currency: 'EUR', metrics: { amount: '0.01', net: '0.01' } }],
  })
})
