/** Snapchat Ads as its Marketing API answers: two organisations, three ad accounts, stats in pages of campaigns. */
import type { Json } from '../../connectors/call.ts'
import { addDays, daysOf, localDate, midnightIn } from '../../connectors/days.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const SITE = 'https://adsapi.snapchat.com'
const LONGEST_DAYS = 32
const DAY_MS = 86_400_000
const account = (id: string, name: string, currency: string, timezone: string) => ({
  ...{ id, name, currency, timezone, type: 'PARTNER', status: 'ACTIVE' },
})
const organizations = [
  {
    ...{ id: '5cf59a0a-9063-4ea0-8c4e-1a2b3c4d5e6f', name: 'Müller Möbel GmbH' },
    ad_accounts: [
      account('8adc3db7-8148-4fbf-999c-8d2266369d01', 'Müller Möbel', 'EUR', 'Europe/Berlin'),
      account('8adc3db7-8148-4fbf-999c-8d2266369d02', 'Müller Möbel USA', 'USD', 'America/Los_Angeles'),
    ],
  },
  {
    ...{ id: '5cf59a0a-9063-4ea0-8c4e-1a2b3c4d5e70', name: 'Fjord Outdoor AS' },
    ad_accounts: [account('8adc3db7-8148-4fbf-999c-8d2266369d03', 'Fjord Outdoor', 'NOK', 'Europe/Oslo')],
  },
]

export const fake: Fake = {
  origins: ['https://accounts.snapchat.com', SITE],
  signIn: {
    token({ url, form }, mint) {
      if (url.pathname !== '/login/oauth2/access_token') return null
      if (!form.code && !form.refresh_token) return { status: 400, body: { error: 'invalid_grant' } }
      const granted = { token_type: 'Bearer', expires_in: 3600, scope: 'snapchat-marketing-api' }
      return { body: { access_token: mint(), refresh_token: 'sandbox-snapchat-refresh', ...granted } }
    },
  },
  answer(call, world) {
    const { origin, pathname } = call.url
    if (origin !== SITE) return null
    if (!world.accepts((call.headers.authorization ?? '').replace('Bearer ', '')))
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        body: { ...failed('E3002'), debug_message: 'The access token expired or was revoked' },
      }
    if (pathname === '/v1/me')
      return good({
        me: { id: '2f297908-6e84-4a3b-8e8a', email: 'jana@mueller.example', display_name: 'Jana' },
      })
    if (pathname === '/v1/me/organizations')
      return good({
        organizations: organizations.map((organization) => ({ sub_request_status: 'SUCCESS', organization })),
      })
    const [, id, what] = /^\/v1\/adaccounts\/([\w-]+)\/(campaigns|stats)$/.exec(pathname) ?? []
    if (id === undefined) return null
    return what === 'stats' ? stats(call, id, world) : campaigns(call, id, world)
  },
}

/** The part of a list that `cursor` and `limit` mean, and the address of the next. */
function paged<T>({ url }: Call, all: T[]): { some: T[]; paging: Json } {
  const first = Number(url.searchParams.get('cursor') ?? 0)
  const end = first + Math.max(50, Math.min(1_000, Number(url.searchParams.get('limit') ?? 1_000)))
  const next = new URL(url)
  next.searchParams.set('cursor', String(end))
  return { some: all.slice(first, end), paging: end < all.length ? { next_link: next.href } : {} }
}

function campaigns(call: Call, id: string, { splits }: World): Answer {
  const { some, paging } = paged(call, splits(id))
  const list = some.map((one) => ({ sub_request_status: 'SUCCESS', campaign: { ...one, ad_account_id: id } }))
  return good({ paging, campaigns: list })
}

function stats(call: Call, id: string, { splits, figure }: World): Answer {
  const asked = (name: string) => call.url.searchParams.get(name) ?? ''
  const zone = organizations.flatMap((one) => one.ad_accounts).find((one) => one.id === id)?.timezone
  const [start, end] = [Date.parse(asked('start_time')), Date.parse(asked('end_time'))]
  const place = zone ?? 'America/Los_Angeles'
  const from = localDate(start, place)
  const isMidnight = Date.parse(midnightIn(from, place)) === start
  if (!isMidnight || end - start > LONGEST_DAYS * DAY_MS)
    return { status: 400, body: { ...failed('E1008'), debug_message: 'Unsupported Stats Query' } }
  const times = daysOf({ from, to: localDate(end - 1, place) }).map((date) => ({
    ...{ date, start_time: midnightIn(date, place), end_time: midnightIn(addDays(date, 1), place) },
  }))
  const { some, paging } = paged(call, splits(id))
  const campaign = some.map((one) => ({
    ...{ id: one.id, type: 'CAMPAIGN', granularity: 'DAY' },
    timeseries: times.map(({ date, start_time, end_time }) => {
      const impressions = figure(`snapchat ${id} ${one.id}`, date, 19_000)
      const swipes = Math.round(impressions * 0.011)
      const bought = Math.round(swipes / 45)
      const spent = { spend: swipes * 390_000, conversion_purchases_value: bought * 74_900_000 }
      return { start_time, end_time, stats: { impressions, swipes, conversion_purchases: bought, ...spent } }
    }),
  }))
  const timeseries_stat = { id, type: 'AD_ACCOUNT', granularity: 'DAY', breakdown_stats: { campaign } }
  return good({ paging, timeseries_stats: [{ sub_request_status: 'SUCCESS', timeseries_stat }] })
}

const good = (more: Record<string, Json>): Answer => ({
  body: { request_status: 'SUCCESS', request_id: '57ad1ad600076e58fa35e192', ...more },
})
const failed = (error_code: string) => ({
  ...{ request_status: 'ERROR', request_id: '57ad1ad600076e58fa35e193', error_code },
})
