/** Google Ads as far as Latchkey asks: who is reachable, what is below a manager, campaigns by day. */
import { type AdsAccount, adsAccounts } from './cast.ts'
import { amount, chance, days, settled, todayIn } from './figures.ts'
import type { Answer, Ask } from './state.ts'

export function listAccessible({ state, person }: Ask): Answer {
  if (person.ads.length === 0)
    return adsRefusal(
      ...([401, 'UNAUTHENTICATED', 'authenticationError', 'NOT_ADS_USER'] as const),
      'User in the cookie is not a valid Ads user.',
    )
  const reachable = person.ads.filter((id) => !state.removed.has(id))
  return { status: 200, body: { resourceNames: reachable.map((id) => `customers/${id}`) } }
}

/** `googleAds:search` for the two queries Latchkey makes. */
export function search(ask: Ask): Answer {
  const id = /customers\/(\d+)\//.exec(ask.path)?.[1] ?? ''
  const account = adsAccounts.find((one) => one.id === id)
  if (!account || !mayRead(ask, account))
    return adsRefusal(
      ...([403, 'PERMISSION_DENIED', 'authorizationError', 'USER_PERMISSION_DENIED'] as const),
      "User doesn't have permission to access customer.",
    )
  const query = String(ask.json.query)
  const results = / FROM customer_client/.test(query)
    ? clientsOf(ask, account)
    : campaigns(ask, account, query)
  return page(ask, results)
}

/** In the shape of GoogleAdsFailure. */
export function adsRefusal(
  status: number,
  code: string,
  family: string,
  failure: string,
  message: string,
  details?: object,
): Answer {
  const errors = [{ errorCode: { [family]: failure }, message, ...(details && { details }) }]
  const type = 'type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure'
  const error = {
    code: status,
    message,
    status: code,
    details: [{ '@type': type, errors, requestId: 'Sbx1' }],
  }
  return { status, body: { error } }
}

/** Directly, or through the manager above it when the caller says so as Google wants it said. */
function mayRead({ state, person, headers }: Ask, account: AdsAccount): boolean {
  if (state.removed.has(account.id)) return false
  const login = headers['login-customer-id']
  if (login !== undefined && login !== account.id)
    return login === account.manager && person.ads.includes(account.manager)
  return person.ads.includes(account.id)
}

function clientsOf({ state }: Ask, root: AdsAccount): object[] {
  const below = adsAccounts.filter((one) => one.manager === root.id && !state.removed.has(one.id))
  return [root, ...below].map((one) => ({
    customerClient: {
      resourceName: `customers/${root.id}/customerClients/${one.id}`,
      id: one.id,
      descriptiveName: one.name,
      currencyCode: one.currency,
      timeZone: one.zone,
      manager: one.isManager ?? false,
      level: one === root ? '0' : '1',
      status: 'ENABLED',
    },
  }))
}

function campaigns({ state }: Ask, account: AdsAccount, query: string): object[] {
  const [, from = '', to = ''] = /BETWEEN '([\d-]+)' AND '([\d-]+)'/.exec(query) ?? []
  const today = todayIn(account.zone, state.now())
  return days(from, to, today).flatMap((day) =>
    account.campaigns.map(({ id, name, daily }) => ({
      campaign: {
        resourceName: `customers/${account.id}/campaigns/${id}`,
        ...{ id, name, status: 'ENABLED' },
      },
      customer: { resourceName: `customers/${account.id}`, currencyCode: account.currency },
      segments: { date: day },
      metrics: metrics(id, day, today, daily),
    })),
  )
}

function metrics(id: string, day: string, today: string, daily: number): object {
  const traffic = settled(day, today, 'traffic')
  const impressions = Math.round(amount(`ads ${id}`, day, daily) * traffic)
  const clicks = Math.round(impressions * (0.025 + 0.02 * chance(`ctr ${id} ${day}`)))
  const cost = Math.round(clicks * (0.55 + 0.5 * chance(`cpc ${id} ${day}`)) * 100) * 10_000
  const rate = 0.03 + 0.03 * chance(`cvr ${id} ${day}`)
  const conversions = Math.round(clicks * rate * settled(day, today, 'conversions') * 2) / 2
  const value = Math.round(conversions * (60 + 70 * chance(`value ${id} ${day}`)) * 100) / 100
  return {
    impressions: String(impressions),
    clicks: String(clicks),
    costMicros: String(cost),
    conversions,
    conversionsValue: value,
  }
}

function page({ state, json }: Ask, results: object[]): Answer {
  const size = Math.min(state.pageRows, 10_000)
  const token = typeof json.pageToken === 'string' && json.pageToken !== '' ? json.pageToken : null
  const start = token === null ? 0 : Number(/^sbx-(\d+)$/.exec(token)?.[1] ?? Number.NaN)
  if (Number.isNaN(start))
    return adsRefusal(
      ...([400, 'INVALID_ARGUMENT', 'requestError', 'INVALID_PAGE_TOKEN'] as const),
      'Page token is invalid.',
    )
  const end = start + size
  return {
    status: 200,
    body: {
      ...(results.length > 0 && { results: results.slice(start, end) }),
      ...(results.length > end && { nextPageToken: `sbx-${end}` }),
      fieldMask: '',
      requestId: 'Sbx2',
    },
  }
}
