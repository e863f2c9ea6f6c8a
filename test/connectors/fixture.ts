/** What the conformance suite needs to know about a connector, in the shapes its provider documents. */
import nock from 'nock'
import type {
  Account,
  CallBack,
  DayRange,
  FailureClass,
  Identity,
  Json,
  OAuthApp,
  Row,
  TokenSet,
} from '../../connectors/connector.ts'
import type { Fake } from '../../sandbox/fakes/fake.ts'

/** One call the connector is expected to make, and the answer it gets. */
export type Exchange = {
  method: 'GET' | 'POST'
  /** With the whole query. */
  url: string
  /** Headers that must be sent, beside the token. */
  headers?: Record<string, string>
  /** The part of the JSON or form body that matters. */
  body?: Record<string, Json>
  answer: Json | Buffer
  answerHeaders?: Record<string, string>
  /** Carries no token: a download, or a token endpoint. */
  bare?: boolean
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
  /** How the connection stands; the access token is `ya29.fixture` and no site where nothing is said. */
  opening?: { accessToken?: string; site?: string; answers?: Record<string, string>; known?: string[] }
  /** Headers by which the token must be shown; a Bearer where nothing is said. Null: another test looks at them. */
  shows?: Record<string, string> | null
  /** Who signed in: what the token answer held, further calls, and who that is. */
  identity: { idToken?: Json; raw?: Json; exchanges: Exchange[]; expected: Identity }
  /** At least two pages where the provider pages its listing. */
  accounts: { exchanges: Exchange[]; expected: Account[] }
  noAccounts: Exchange[]
  account: Account
  range: DayRange
  /** At least two pages (several exchanges may make one); `expected` are the rows of all of them. */
  report: { pages: (Exchange | Exchange[])[]; expected: Row[]; currency?: string; timeZone?: string }
  emptyReport: Exchange | Exchange[]
  errors: ErrorCase[]
  /** Of OAuth: a renewal's good answer and its refusal. Null for keys, and where tokens do not end. */
  renewal: { good: Json; revoked: ErrorCase } | null
  /** Where the provider has an exchange of its own. */
  exchange?: {
    back: Partial<CallBack>
    exchanges: Exchange[]
    expected: Partial<TokenSet>
    refused: ErrorCase
  }
  /** By field that the provider or the data source asks for: good answers, how they are read, and what is refused. */
  fields?: Record<string, { good: [typed: string, read: string][]; bad: string[] }>
  /** Its pretended provider, sandbox/fakes/<id>.ts. */
  fake: Fake
  /** True where its fake gives a row for each of the world's `splits`; false where a day has one row. */
  split: boolean
  /** Days of the long reading, where a call a day makes 4,000 too slow. */
  longDays?: number
}

export const TOKEN = 'ya29.fixture'
export const app: OAuthApp = { id: 'latchkey', secret: 'shh-fixture', developerToken: 'dev-fixture' }

export type Shown = { accessToken: string; shows: Record<string, string> | null }

export function shownBy({ opening, shows }: Fixture): Shown {
  const accessToken = opening?.accessToken ?? TOKEN
  return { accessToken, shows: shows === undefined ? { authorization: `Bearer ${accessToken}` } : shows }
}

/** The address each interceptor waits for. */
const awaited = new WeakMap<object, string>()
let strays: string[] = []
nock.emitter.on('no match', ({ method, url }, [nearest] = []) => {
  if (new URL(url).hostname === '127.0.0.1') return
  const differs = nearest?.reasons.join('; ') ?? 'nothing is left there'
  const near = nearest && awaited.get(nearest.interceptor)
  strays.push(`${method} ${url}: ${differs}${near ? `; the fixture has ${near}` : ''}`)
})

/** Calls no exchange answered since it was last asked, each with what differs from the one that comes nearest. */
export function strayCalls(): string[] {
  const called = strays
  strays = []
  return called
}

/** Expects the calls in this order, each once, each with the token. */
export function expectCalls(exchanges: (Exchange | Exchange[])[], shown: Shown): void {
  for (const exchange of exchanges.flat())
    interceptor(exchange, shown).reply(200, exchange.answer as nock.Body, {
      ...(Buffer.isBuffer(exchange.answer) ? {} : { 'content-type': 'application/json' }),
      ...exchange.answerHeaders,
    })
}

export function interceptor(
  { method, url, headers, body, bare }: Exchange,
  { shows }: Shown,
): nock.Interceptor {
  const { origin, pathname, search } = new URL(url)
  const scope = nock(origin, {
    reqheaders: { ...(bare ? {} : shows), ...headers },
    ...(bare && { badheaders: ['authorization', ...Object.keys(shows ?? {})] }),
  })
  const matches = (sent: unknown) =>
    body === undefined ||
    Object.entries(body).every(
      ([name, value]) =>
        JSON.stringify((sent as Record<string, Json>)[name] ?? null) === JSON.stringify(value),
    )
  const address = pathname + search
  const waiting = method === 'GET' ? scope.get(address) : scope.post(address, matches)
  awaited.set(waiting, `${method} ${url}`)
  return waiting
}
