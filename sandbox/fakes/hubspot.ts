/** HubSpot as one portal answers: counters of e-mails by day, and searches for the contacts and deals of a span. */
import type { Json } from '../../connectors/call.ts'
import { addDays, localDate, startOfLocalDay } from '../../connectors/days.ts'
import { numberAt, textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const API = 'https://api.hubapi.com'
const ZONE = 'Europe/Oslo'
const PAGED_TO = 10_000
const portal = {
  ...{ portalId: 24_001_122, accountType: 'STANDARD', timeZone: ZONE, companyCurrency: 'NOK' },
  ...{ additionalCurrencies: ['EUR'], uiDomain: 'app-eu1.hubspot.com', dataHostingLocation: 'eu1' },
}
const whose = {
  ...{ active: true, token_type: 'access_token', hub_id: portal.portalId, user_id: 55_120_884 },
  ...{ user: 'ingrid@fjord.example', hub_domain: 'fjord.example' },
}

export const fake: Fake = {
  origins: ['https://app.hubspot.com', API],
  signIn: {
    token({ url, form }, mint) {
      if (url.pathname.endsWith('/token/introspect')) return { body: whose }
      if (url.pathname.endsWith('/token/revoke')) return { body: {} }
      if (!/^\/oauth\/[\d-]+\/token$/.test(url.pathname)) return null
      const isRenewal = form.grant_type === 'refresh_token'
      if (!(isRenewal ? form.refresh_token : form.code))
        return { status: 400, body: { error: 'invalid_grant', status: 'BAD_AUTH_CODE', message: 'no code' } }
      const refresh_token = isRenewal ? (form.refresh_token ?? '') : `na1-${mint()}`
      return { body: { access_token: mint(), refresh_token, expires_in: 1800, token_type: 'bearer' } }
    },
  },
  answer(call, world) {
    const { pathname } = call.url
    if (!/^\/(account-info|marketing|crm)\//.test(pathname)) return null
    if (!world.accepts((call.headers.authorization ?? '').replace(/^Bearer /, ''))) return refused()
    if (pathname.endsWith('/details')) return { headers: remaining, body: portal }
    if (pathname.endsWith('/statistics/histogram'))
      return { headers: remaining, body: histogram(call, world) }
    const object = /^\/crm\/objects\/[\d-]+\/(contacts|deals)\/search$/.exec(pathname)?.[1]
    return object === undefined ? null : search(object, call.json, world)
  },
}

const remaining = {
  ...{ 'x-hubspot-ratelimit-remaining': '104', 'x-hubspot-ratelimit-daily-remaining': '248120' },
  'x-hubspot-ratelimit-interval-milliseconds': '10000',
}

const refused = (): Answer => ({
  status: 401,
  body: {
    ...{ status: 'error', category: 'INVALID_AUTHENTICATION', correlationId: 'a5c0' },
    message: 'Authentication credentials not found.',
  },
})

function histogram({ url: { searchParams } }: Call, { figure }: World): Json {
  const [from, to] = ['startTimestamp', 'endTimestamp'].map((name) => new Date(searchParams.get(name) ?? ''))
  const results: Json[] = []
  if (!from || !to) return { results }
  for (let day = localDate(from, ZONE); startOfLocalDay(day, ZONE) < to; day = addDays(day, 1)) {
    const sent = figure('hubspot mails', day, 1_150)
    const [start, end] = [day, addDays(day, 1)].map((one) => startOfLocalDay(one, ZONE).toISOString())
    const counters = {
      ...{ sent, delivered: Math.round(sent * 0.989), open: Math.round(sent * 0.34), selected: sent },
      ...{
        click: Math.round(sent * 0.05),
        bounce: Math.round(sent * 0.011),
        unsubscribed: Math.round(sent / 400),
      },
    }
    results.push({ interval: { start: start ?? '', end: end ?? '' }, aggregations: { counters } })
  }
  return { total: results.length, results }
}

/** Everything of a day is created around noon, one a minute. */
function search(object: string, asked: Json, { figure }: World): Answer {
  const filter = 'filterGroups[].filters[]'
  const [low, high] = [numberAt(asked, `${filter}.value`) ?? 0, numberAt(asked, `${filter}.highValue`) ?? 0]
  const [limit, after] = [numberAt(asked, 'limit') ?? 10, Number(textAt(asked, 'after') ?? 0)]
  if (after + limit > PAGED_TO)
    return { status: 400, body: { status: 'error', category: 'VALIDATION_ERROR', message: 'paged too far' } }
  let total = 0
  const results: Json[] = []
  for (let day = localDate(low, ZONE); day <= localDate(high, ZONE); day = addDays(day, 1)) {
    const noon = Date.parse(`${day}T11:00:00Z`)
    const many = noon < low || noon > high ? 0 : figure(`hubspot ${object}`, day, object === 'deals' ? 2 : 5)
    for (let at = Math.max(0, after - total); at < many && results.length < limit; at++) {
      const createdate = new Date(noon + at * 1_000).toISOString()
      results.push({
        id: `${noon / 1_000}${at}`,
        properties: { createdate },
        createdAt: createdate,
        archived: false,
      })
    }
    total += many
  }
  const next = after + results.length
  return { body: { total, results, ...(next < total && { paging: { next: { after: String(next) } } }) } }
}
