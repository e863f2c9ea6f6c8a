/** X and its Ads API: request tokens, prepared reports in gzipped files, two ad accounts. */
import { gzipSync } from 'node:zlib'
import type { Json } from '../../connectors/call.ts'
import { daysOf } from '../../connectors/days.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const FILES = 'https://ton.twimg.com'
const DAY_MS = 86_400_000
const accounts = [
  { id: '18ce55mueller', name: 'Müller Möbel', timezone: 'Europe/Berlin', currency: 'EUR' },
  { id: '18ce55fjord0', name: 'Fjord Outdoor', timezone: 'Europe/Oslo', currency: 'NOK' },
]

type Order = { account: string; ids: string[]; from: string; to: string }
/** The newest thousand, by their id. */
const orders = new Map<string, Order>()

export const fake: Fake = {
  origins: ['https://api.twitter.com', 'https://ads-api.x.com', FILES],
  signIn: {
    callback: (code, leftAt) => ({
      oauth_token: leftAt.searchParams.get('oauth_token') ?? '',
      oauth_verifier: code,
    }),
    returnsTo: (leftAt) => Buffer.from(leftAt.searchParams.get('oauth_token') ?? '', 'base64url').toString(),
    token(call, mint) {
      // A request token is the address to come back to: nothing has to be remembered.
      const goingOut = Buffer.from(signed(call, 'oauth_callback')).toString('base64url')
      if (call.url.pathname === '/oauth/request_token')
        return form({ oauth_token: goingOut, oauth_token_secret: 'r', oauth_callback_confirmed: 'true' })
      if (call.url.pathname !== '/oauth/access_token') return null
      if (signed(call, 'oauth_verifier') === '')
        return { status: 401, body: Buffer.from('Invalid oauth_verifier parameter') }
      const user = { user_id: '90210', screen_name: 'mueller_moebel' }
      return form({ oauth_token: mint(), oauth_token_secret: 'sandbox-secret', ...user })
    },
  },
  answer(call, world) {
    const { origin, pathname } = call.url
    if (origin === FILES) return file(pathname, world)
    if (!world.accepts(signed(call, 'oauth_token')))
      return refused(401, 'UNAUTHORIZED_ACCESS', 'This request is not properly authenticated')
    if (pathname === '/1.1/oauth/invalidate_token.json') return { body: { access_token: 'gone' } }
    if (pathname === '/12/accounts') return listed(accounts.map(({ currency, ...account }) => account))
    const campaigns = /^\/12\/accounts\/(\w+)\/campaigns$/.exec(pathname)?.[1]
    if (campaigns !== undefined) return campaignsOf(call, campaigns, world)
    const now = /^\/12\/stats\/accounts\/(\w+)$/.exec(pathname)?.[1]
    if (now !== undefined) return answered(call, now, world)
    const account = /^\/12\/stats\/jobs\/accounts\/(\w+)$/.exec(pathname)?.[1]
    if (account === undefined) return null
    return call.method === 'POST' ? ordered(call, account) : jobsOf(call)
  },
}

function campaignsOf({ url: { searchParams } }: Call, account: string, { splits }: World): Answer {
  const all = splits(account)
  const [first, count] = [Number(searchParams.get('cursor') ?? 0), Number(searchParams.get('count') ?? 200)]
  const currency = accounts.find(({ id }) => id === account)?.currency ?? 'EUR'
  const some = all.slice(first, first + count)
  const next = first + count < all.length ? String(first + count) : null
  return listed(
    some.map(({ id, name }) => ({ id, name, currency, entity_status: 'ACTIVE', deleted: false })),
    next,
  )
}

/** What a call asks for, or why X would refuse it. */
function asked({ url: { searchParams } }: Call, account: string, days: number): Order | Answer {
  const ids = (searchParams.get('entity_ids') ?? '').split(',')
  const [start, end] = [searchParams.get('start_time') ?? '', searchParams.get('end_time') ?? '']
  if (ids.length > 20) return refused(400, 'TOO_MANY_ENTITIES', 'entity_ids may hold 20 at most')
  // One more hour than days have: clocks are put back.
  if (Date.parse(end) - Date.parse(start) > days * DAY_MS + DAY_MS / 24)
    return refused(400, 'INVALID_TIME_WINDOW', `The time range may not be longer than ${days} days`)
  // Noon of the first and the last local day, whichever zone their midnights are of.
  const [from, to] = [day(Date.parse(start) + DAY_MS / 2), day(Date.parse(end) - DAY_MS / 2)]
  return { account, ids, from, to }
}

function ordered(call: Call, account: string): Answer {
  const order = asked(call, account, 90)
  if (!('ids' in order)) return order
  const id_str = String(BigInt(Date.now()) * 4_194_304n + BigInt(orders.size))
  orders.set(id_str, order)
  for (const [oldest] of orders) if (orders.size > 1_000) orders.delete(oldest)
  return { body: { data: { id_str, id: Number(id_str), status: 'QUEUED', url: null }, request: {} } }
}

function answered(call: Call, account: string, world: World): Answer {
  const order = asked(call, account, 7)
  return 'ids' in order ? { body: figuresOf(order, world) } : order
}

function jobsOf({ url: { searchParams } }: Call): Answer {
  const ids = (searchParams.get('job_ids') ?? '').split(',').filter((id) => orders.has(id))
  const url = (id: string) => `${FILES}/advertiser-api-async-analytics/stats_job_${id}.json.gz`
  return listed(ids.map((id) => ({ id_str: id, id: Number(id), status: 'SUCCESS', url: url(id) })))
}

function file(pathname: string, world: World): Answer {
  const order = orders.get(/stats_job_(\d+)\.json\.gz$/.exec(pathname)?.[1] ?? '')
  if (!order) return { status: 404, body: { errors: [] } }
  return { body: gzipSync(JSON.stringify(figuresOf(order, world))) }
}

function figuresOf(order: Order, { figure }: World): Json {
  const days = daysOf(order)
  const data = order.ids.map((id) => {
    const impressions = days.map((date) => figure(`x ${order.account} ${id}`, date, 23_000))
    const clicks = impressions.map((shown) => Math.round(shown * 0.012))
    const metrics = {
      ...{ impressions, clicks, url_clicks: clicks.map((all) => Math.round(all * 0.7)), likes: null },
      billed_charge_local_micro: clicks.map((all) => all * 380_000),
    }
    return { id, id_data: [{ segment: null, metrics }] }
  })
  return { data_type: 'stats', time_series_length: days.length, data }
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10)
const listed = (data: Json, next_cursor: string | null = null): Answer => ({
  body: { data, next_cursor, request: { params: {} } },
})
const refused = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ code, message }], request: { params: {} } },
})
const form = (fields: Record<string, string>): Answer => ({
  body: Buffer.from(new URLSearchParams(fields).toString()),
})

/** A field of the Authorization header; '' where it is not there. */
function signed({ headers }: Call, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(headers.authorization ?? '') ?? []
  return decodeURIComponent(value)
}
