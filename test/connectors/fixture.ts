/** What the conformance suite needs to know about a connector, in the shapes its provider documents. */
import nock from 'nock'
import type { Account, DayRange, FailureClass, Json, Row } from '../../connectors/connector.ts'

/** One call the connector is expected to make, and the answer it gets. */
export type Exchange = {
  method: 'GET' | 'POST'
  url: string
  /** Headers that must be sent, beside the token. */
  headers?: Record<string, string>
  /** The part of the JSON body that matters. */
  body?: Record<string, Json>
  answer: Json
}

export type ErrorCase = {
  says: string
  at: 'api' | 'token'
  status: number
  body: Json | string
  headers?: Record<string, string>
  kind: FailureClass
  retryAfterSeconds?: number
  /** A part of what the owner is told to do. */
  ownerAction?: string
  reason?: string
}

export type Fixture = {
  /** At least two pages where the provider pages its listing. */
  accounts: { exchanges: Exchange[]; expected: Account[] }
  noAccounts: Exchange[]
  account: Account
  range: DayRange
  /** At least two pages; `expected` are the rows of all of them. */
  report: { pages: Exchange[]; expected: Row[]; currency?: string; timeZone?: string }
  emptyReport: Exchange
  /** The page a request asks for of a report of `rows` rows, at the provider's size of page. */
  manyRows(body: Record<string, Json>, rows: number): Json
  errors: ErrorCase[]
  renewal: { good: Json; revoked: ErrorCase }
}

const TOKEN = 'ya29.fixture'

/** Expects the calls in this order, each once, each with the access token. */
export function expectCalls(exchanges: Exchange[], accessToken = TOKEN): void {
  for (const exchange of exchanges)
    interceptor(exchange, accessToken).reply(200, exchange.answer as nock.Body)
}

export function interceptor({ method, url, headers, body }: Exchange, accessToken = TOKEN): nock.Interceptor {
  const { origin, pathname, search } = new URL(url)
  const scope = nock(origin, { reqheaders: { authorization: `Bearer ${accessToken}`, ...headers } })
  const matches = (sent: unknown) =>
    body === undefined ||
    Object.entries(body).every(
      ([name, value]) =>
        JSON.stringify((sent as Record<string, Json>)[name] ?? null) === JSON.stringify(value),
    )
  const address = pathname + search
  return method === 'GET' ? scope.get(address) : scope.post(address, matches)
}
