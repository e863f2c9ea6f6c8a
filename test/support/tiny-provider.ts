/** A provider on localhost with rotating refresh tokens and a paged report, and a connector that reads it over HTTP. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connector, DayRange, Json, Page } from '../../connectors/connector.ts'
import { eachDay, rowOf, tinyConnector } from './reading.ts'

export type TinyServer = {
  origin: string
  /** Calls of the token endpoint. */
  tokenCalls: number
  /** Report pages asked for, e.g. `2026-11-01 p2`. */
  asked: string[]
  /** What the token endpoint and the API do from now on. */
  mode: {
    token: 'rotate' | 'extend' | 'refuse' | 'down'
    api: 'check' | 'refuse' | 'limit' | 'down' | 'odd' | 'no-report'
  }
  /** Access tokens the API takes: those issued, until emptied. */
  valid: Set<string>
  refreshToken: string
  /** What renewals say of the end of the whole authorisation, in seconds; null: nothing. */
  grantEnds: number | null
  onPage: (() => void) | null
  close(): Promise<void>
}

const DAYS_PER_PAGE = 5
/** So that many callers are in need of the same renewal while it is under way. */
const TOKEN_MS = 120

export async function startTinyProvider(): Promise<TinyServer> {
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [status, answer, headers = {}] = await reply(tiny, request, body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const tiny: TinyServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ tokenCalls: 0, asked: [], mode: { token: 'rotate', api: 'check' }, onPage: null },
    ...{ valid: new Set(['access-0']), refreshToken: 'refresh-0', grantEnds: null },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return tiny
}

export const remoteConnector = (origin: string): Connector =>
  tinyConnector(
    async function* (context, _account, range, cursor) {
      for (let at: string | null = cursor ?? '0'; at !== null; ) {
        const { body } = await context.call({ url: `${origin}/report`, query: { ...range, page: at } })
        const { rows, next } = body as { rows: Page['rows']; next: string | null }
        yield { rows, next, currency: 'EUR' }
        at = next
      }
    },
    { origin },
  )

type Answer = [status: number, body: Json, headers?: Record<string, string>]

async function reply(tiny: TinyServer, request: http.IncomingMessage, body: string): Promise<Answer> {
  const url = new URL(request.url ?? '/', tiny.origin)
  if (url.pathname === '/token') return renewal(tiny, new URLSearchParams(body).get('refresh_token') ?? '')
  if (tiny.mode.api === 'limit') return [429, { error: 'slow_down' }, { 'retry-after': '90' }]
  if (tiny.mode.api === 'down') return [503, { error: 'unavailable' }]
  const noReport = tiny.mode.api === 'no-report' && url.pathname === '/report'
  if (tiny.mode.api === 'odd' || noReport) return [418, { error: 'teapot' }]
  const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
  if (tiny.mode.api === 'refuse' || !tiny.valid.has(token)) return [401, { error: 'unauthorized' }]
  if (url.pathname !== '/report') return [200, { accounts: ['a1'] }]
  const range = { from: url.searchParams.get('from') ?? '', to: url.searchParams.get('to') ?? '' }
  const page = Number(url.searchParams.get('page'))
  tiny.asked.push(`${range.from} p${page}`)
  tiny.onPage?.()
  return [200, reportPage(range, page)]
}

async function renewal(tiny: TinyServer, given: string): Promise<Answer> {
  tiny.tokenCalls++
  await new Promise((done) => setTimeout(done, TOKEN_MS))
  if (tiny.mode.token === 'down') return [503, { error: 'unavailable' }]
  if (tiny.mode.token === 'extend')
    return [200, { access_token: given, refresh_token: given, expires_in: 3600 }]
  if (tiny.mode.token === 'refuse' || given !== tiny.refreshToken) return [400, { error: 'invalid_grant' }]
  tiny.refreshToken = `refresh-${tiny.tokenCalls}` // the old one is dead from now on
  const access = `access-${tiny.tokenCalls}`
  tiny.valid.add(access)
  const ends = tiny.grantEnds === null ? {} : { refresh_expires_in: tiny.grantEnds }
  return [200, { access_token: access, refresh_token: tiny.refreshToken, expires_in: 3600, ...ends }]
}

/** Two rows a day, five days a page. */
function reportPage(range: DayRange, page: number): Json {
  const days = eachDay(range)
  const from = page * DAYS_PER_PAGE
  const rows = days.slice(from, from + DAYS_PER_PAGE).flatMap((day) => [rowOf(day, 'one'), rowOf(day, 'two')])
  return { rows, next: days.length > from + DAYS_PER_PAGE ? String(page + 1) : null } as Json
}
