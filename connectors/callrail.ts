/**
 * CallRail: one row per day, company, source, campaign and medium. Its calls are counted here, a day at a time, because a
 * row must be whole when it is given; callers' names and numbers are read past and kept nowhere. (API v3)
 */
import { ConnectorError, type Context, type HttpRequest, type Json, type Reply } from './call.ts'
import { valuesAt } from './classify.ts'
import { type Account, type DayRange, defineConnector, type KeyProvider, type Row } from './connector.ts'
import { addDays } from './days.ts'
import { secretField } from './fields.ts'
import { listing, walk } from './paging.ts'
import { numberAt, textAt, valueAt } from './values.ts'

const ORIGIN = 'https://api.callrail.com'
const API = `${ORIGIN}/v3`
const PAGE_SIZE = '250'
const HOUR_MS = 3_600_000
/**
 * It counts the day on the account's clock and writes the company's, which differs by some hours where it does. Some
 * answers have UTC's instead (API v3, Field Selection), which may be half a day from any other.
 */
const [CLOCKS_APART_MS, UTC_APART_MS] = [6 * HOUR_MS, 14 * HOUR_MS]
/** Its limits are by the hour and the day, and it does not say when they end. */
const WAIT_S = 600

const provider: KeyProvider = {
  auth: 'key',
  authWord: 'API key',
  id: 'callrail',
  name: 'CallRail',
  permissionsUrl: 'https://app.callrail.com/settings',
  origins: [ORIGIN],
  baseScopes: [],
  ask: [
    secretField({
      name: 'apiKey',
      label: 'API key',
      hint: 'Letters a to f and figures, 32 or more of them; newer keys begin with ctrk_',
      pattern: /^(ctrk_)?[a-f0-9]{32,}$/,
      problem:
        'This is not a CallRail API v3 key: 32 or more of the letters a to f and figures, maybe after ctrk_. An account number or an address will not do.',
    }),
  ],
  accessToken: ({ apiKey = '' }) => apiKey,
  authorization: (accessToken) => ({
    authorization: `Token token="${accessToken}"`,
    'request-from': 'latchkey', // CallRail asks integrations to say who they are
  }),

  /** A key has no name: the lowest of its user's account ids stays the same when the key is replaced. */
  async identity(context) {
    const found = await Array.fromAsync(accounts(context))
    const [lowest] = found.toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
    if (!lowest) throw new ConnectorError('account_lost', provider.id, 'This CallRail key sees no account')
    const more = found.length > 1 ? ` and ${found.length - 1} more` : ''
    return { id: lowest.id, label: `${lowest.name}${more}` }
  },

  errors: [
    { kind: 'revoked', at: 'api', http: [401] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', at: 'api', http: [429] },
    { kind: 'transient', at: 'api', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error',
  retryAfterSeconds: ({ status }) => (status === 429 ? WAIT_S : null),
  limit: { concurrency: 10, minTimeMs: 0 },
}

export const callrail = defineConnector({
  id: 'callrail',
  name: 'CallRail',
  provider,
  origins: [],
  scopes: [],
  scopeWords: { calls: 'See your calls: when, how long, answered or not, and which campaign led to them' },
  writeWarning:
    'A CallRail key can do whatever its user can, so it would also allow changes; Latchkey contains no code that makes any, and keeps no caller’s name or number.',
  ...{ accountWord: 'account', alsoCalled: 'calls phone tracking' },
  help: {
    signInWith: 'a CallRail API v3 key',
    role: 'in CallRail open Settings, then API Keys under Integrations, choose Create API V3 Key, and copy it',
    friction: 'The key sees what the user who makes it sees.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 3, deep: 7 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['company_id', 'source', 'campaign', 'medium'],
    metrics: {
      calls: { unit: 'count', says: 'Calls' },
      answered: { unit: 'count', says: 'Calls that were answered' },
      first_calls: { unit: 'count', says: 'Calls of people who had not called before' },
      duration: { unit: 'count', says: 'Seconds of all those calls together' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 50 },
  version: { pinned: 'v3' },
})

async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = { url: `${API}/a.json`, query: { per_page: PAGE_SIZE } }
  for await (const body of listing(context, first, ({ body }, asked) => pageAfter(body, asked)))
    for (const account of valuesAt(body, 'accounts[]')) {
      const id = textAt(account, 'id')
      if (id !== null) yield { id, name: textAt(account, 'name') ?? id }
    }
}

/** Null after the last page, and where another page came than was asked for. */
function pageAfter(body: Json, { url, query }: HttpRequest): HttpRequest | null {
  const asked = Number(query?.page ?? 1)
  if ((numberAt(body, 'page') ?? asked) !== asked) return null
  return asked < (numberAt(body, 'total_pages') ?? 1)
    ? { url, query: { ...query, page: String(asked + 1) } }
    : null
}

/** The cursor is the day to be read next. */
function pages(context: Context, account: Account, range: DayRange, cursor: string | null) {
  return walk({ day: range.from }, cursor, async ({ day }) => {
    const rows = new Map<string, Row>()
    const url = `${API}/a/${encodeURIComponent(account.id)}/calls.json`
    const fields = 'source,campaign,medium,company_id,first_call'
    const query = { relative_pagination: 'true', per_page: PAGE_SIZE, start_date: day, end_date: day, fields }
    for await (const body of listing(context, { url, query }, following))
      for (const call of valuesAt(body, 'calls[]')) if (isOf(day, call)) count(call, day, rows)
    return { rows: [...rows.values()], after: day < range.to ? { day: addDays(day, 1) } : null }
  })
}

/** The next page is given as a whole address, to be asked as it is but for its host; or pages are counted. */
function following({ body }: Reply, asked: HttpRequest): HttpRequest | null {
  const next = textAt(body, 'next_page')
  if (next === null) return pageAfter(body, asked)
  if (valueAt(body, 'has_next_page') === false) return null
  const { pathname, search } = new URL(next, asked.url)
  if (search === '')
    throw new ConnectorError('unknown', provider.id, 'CallRail gave no address of the next page')
  return { url: ORIGIN + pathname + search }
}

function isOf(day: string, call: Json): boolean {
  const start = textAt(call, 'start_time')
  const local = Date.parse(`${start?.slice(0, 19)}Z`)
  if (Number.isNaN(local))
    throw new ConnectorError('unknown', provider.id, 'CallRail answered a call without its start')
  const since = local - Date.parse(`${day}T00:00:00Z`)
  const apart = /(Z|[+-]00:?00)$/.test(start ?? '') ? UTC_APART_MS : CLOCKS_APART_MS
  return since >= -apart && since < 24 * HOUR_MS + apart
}

function count(call: Json, day: string, rows: Map<string, Row>): void {
  const dimensions = {
    company_id: textAt(call, 'company_id') ?? '',
    source: textAt(call, 'source') ?? '',
    campaign: textAt(call, 'campaign') ?? '',
    medium: textAt(call, 'medium') ?? '',
  }
  const key = JSON.stringify(Object.values(dimensions))
  const before: Row['metrics'] = rows.get(key)?.metrics ?? {}
  const plus = (name: string, more: number | null) =>
    more === null ? (before[name] ?? null) : Number(before[name] ?? 0) + more
  rows.set(key, {
    ...{ date: day, dimensions },
    metrics: {
      calls: plus('calls', 1),
      answered: plus('answered', yes(call, 'answered')),
      first_calls: plus('first_calls', yes(call, 'first_call')),
      duration: plus('duration', numberAt(call, 'duration')),
    },
  })
}

/** Null: not said. */
function yes(call: Json, path: string): number | null {
  const said = valueAt(call, path)
  return typeof said === 'boolean' ? Number(said) : null
}
