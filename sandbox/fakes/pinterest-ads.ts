/** Pinterest Ads as its API answers: three ad accounts, the last 90 days at once, older ones as prepared reports. */
import { addDays, daysOf } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const API = 'https://api.pinterest.com'
const FILES = 'https://pinterest-dublin.s3.eu-west-1.amazonaws.com'
const [AT_ONCE_DAYS, ORDER_DAYS] = [90, 186]
const person = { id: '2783136121146311751', username: 'danaweber', account_type: 'BUSINESS' }
const items = [
  ['549755880001', 'Müller Möbel', 'EUR', 'DE', 'OWNER'],
  ['549755880002', 'Käsehaus Bühler', 'CHF', 'CH', 'ANALYST'],
  ['549755880003', 'Fjord Outdoor', 'EUR', 'NO', 'ANALYST'],
].map(([id = '', name = '', currency = '', country = '', permission = '']) => ({
  ...{ id, name, currency, country, owner: { id: person.id, username: person.username } },
  ...{ permissions: [permission], created_time: 1_651_234_567, updated_time: 1_701_234_567 },
}))

export const fake: Fake = {
  origins: ['https://www.pinterest.com', API, FILES],
  signIn: {
    token({ url, form, headers }, mint) {
      if (url.pathname !== '/v5/oauth/token') return null
      if (!headers.authorization?.startsWith('Basic ')) return refused(401, 2, 'Authentication failed.')
      if (!form.code && !form.refresh_token) return refused(400, 283, 'The authorization grant is invalid')
      return {
        body: {
          ...{ response_type: form.grant_type ?? '', token_type: 'bearer', access_token: mint() },
          ...{ expires_in: 2_592_000, scope: 'ads:read user_accounts:read' },
          ...{ refresh_token: `pinr.${mint()}`, refresh_token_expires_in: 5_184_000 },
        },
      }
    },
  },
  answer(call, world) {
    const { pathname, origin } = call.url
    if (origin === FILES) return { body: file(pathname, world) }
    const found = answered(call, world)
    if (found === null || world.accepts((call.headers.authorization ?? '').replace(/^Bearer /, '')))
      return found
    return refused(401, 2, 'Authentication failed.')
  },
}

function answered({ method, url: { pathname, searchParams }, json }: Call, world: World): Answer | null {
  if (pathname === '/v5/user_account') return { body: person }
  if (pathname === '/v5/ad_accounts') {
    const start = Number(searchParams.get('bookmark') ?? 0)
    const end = start + Number(searchParams.get('page_size') ?? 25)
    return { body: { items: items.slice(start, end), bookmark: end < items.length ? String(end) : null } }
  }
  const [, id = '', what] = /^\/v5\/ad_accounts\/(\d+)\/(analytics|reports)$/.exec(pathname) ?? []
  if (what === 'analytics') return atOnce(id, searchParams, world)
  if (what !== 'reports') return null
  if (method === 'POST') {
    const [from, to] = [textAt(json, 'start_date') ?? '', textAt(json, 'end_date') ?? '']
    if (daysOf({ from, to }).length > ORDER_DAYS)
      return refused(400, 1, 'Invalid ad account ads analytics parameters.')
    return { body: { report_status: 'IN_PROGRESS', token: [id, from, to].join('_'), message: '' } }
  }
  const url = `${FILES}/async_reporting_v3/${searchParams.get('token')}/metrics_report.txt?X-Amz-Expires=300`
  return { body: { report_status: 'FINISHED', url, size: 1 } }
}

function atOnce(id: string, asked: URLSearchParams, world: World): Answer {
  const [from, to] = [asked.get('start_date') ?? '', asked.get('end_date') ?? '']
  if (
    from < addDays(new Date().toISOString().slice(0, 10), -AT_ONCE_DAYS) ||
    to > addDays(from, AT_ONCE_DAYS)
  )
    return refused(400, 1, 'Invalid ad account analytics parameters.')
  return { body: daysOf({ from, to }).map((day) => row(id, day, world)) }
}

function file(pathname: string, world: World): Buffer {
  const [, id = '', from = '', to = ''] = /\/(\d+)_([\d-]+)_([\d-]+)\//.exec(pathname) ?? []
  return Buffer.from(JSON.stringify({ [id]: daysOf({ from, to }).map((day) => row(id, day, world)) }))
}

function row(id: string, DATE: string, { figure }: World) {
  const impressions = figure(`pinterest ${id}`, DATE, 30_000)
  const clicks = Math.round(impressions * 0.013)
  return {
    ...{ DATE, AD_ACCOUNT_ID: id, SPEND_IN_DOLLAR: Math.round(clicks * 22) / 100, IMPRESSION_1: impressions },
    ...{ TOTAL_CLICKTHROUGH: clicks, TOTAL_CONVERSIONS: Math.round(clicks / 45) },
  }
}

const refused = (status: number, code: number, message: string): Answer => ({
  status,
  body: { code, message, status: 'failure' },
})
