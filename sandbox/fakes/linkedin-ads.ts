/** LinkedIn Ads as its Rest.li API answers: three ad accounts, reports cut off at 15,000 rows, names on request. */
import { daysOf } from '../../connectors/days.ts'
import type { Answer, Call, Fake, World } from './fake.ts'
import { rowsFrom } from './google.ts'

const MOST_ROWS = 15_000
const [SIXTY_DAYS_S, YEAR_S] = [60 * 86_400, 365 * 86_400]
const accounts = [
  account(512345678, 'Müller Möbel B2B', 'EUR'),
  account(598765432, 'Fjord Outdoor', 'NOK'),
  account(598765440, 'Käsehaus Bühler', 'CHF'),
]

export const fake: Fake = {
  origins: ['https://www.linkedin.com', 'https://api.linkedin.com'],
  signIn: {
    token({ url }, mint) {
      if (url.pathname !== '/oauth/v2/accessToken') return null
      return {
        body: {
          ...{ access_token: mint(), expires_in: SIXTY_DAYS_S, token_type: 'Bearer' },
          ...{ refresh_token: 'sandbox-linkedin-refresh', refresh_token_expires_in: YEAR_S },
          scope: 'openid,profile,r_ads,r_ads_reporting',
        },
      }
    },
  },
  answer(call, world) {
    const found = answered(call, world)
    if (found === null || world.accepts((call.headers.authorization ?? '').replace(/^Bearer /, '')))
      return found
    return refusal(
      401,
      65_601,
      'REVOKED_ACCESS_TOKEN',
      'The token used in the request has been revoked by the user',
    )
  },
}

function answered(call: Call, world: World): Answer | null {
  const { pathname, search, searchParams } = call.url
  if (pathname === '/v2/userinfo') return { body: { sub: '782bbtaQ', name: 'Jörg Weiß', locale: 'de_DE' } }
  if (!pathname.startsWith('/rest/')) return null
  if (!call.headers['linkedin-version'])
    return refusal(400, 0, 'VERSION_MISSING', 'A version must be present. Please specify a version.')
  if (pathname === '/rest/adAnalytics') return report(search, world)
  const [, id, edge] = /^\/rest\/adAccounts(?:\/(\d+)(\/adCampaigns)?)?$/.exec(pathname) ?? []
  if (id === undefined && pathname === '/rest/adAccounts') return listed(searchParams)
  if (id === undefined) return null
  if (edge !== undefined) return campaigns(id, search, world)
  const found = accounts.find((each) => String(each.id) === id)
  return found ? { body: found } : refusal(404, 0, 'NOT_FOUND', 'Could not find entity')
}

function listed(asked: URLSearchParams): Answer {
  const [start, size] = [Number(asked.get('pageToken') ?? 0), Number(asked.get('pageSize') ?? 100)]
  const more = start + size < accounts.length
  const metadata = { nextPageToken: more ? String(start + size) : null }
  return { body: { elements: accounts.slice(start, start + size), metadata } }
}

/** Only as Rest.li wants it: parentheses and commas literal, the colons of URNs escaped. */
function report(search: string, { splits, figure }: World): Answer {
  const day = (of: string) => {
    const [, year, month, date] =
      new RegExp(`${of}:\\(year:(\\d+),month:(\\d+),day:(\\d+)\\)`).exec(search) ?? []
    return `${year}-${month?.padStart(2, '0')}-${date?.padStart(2, '0')}`
  }
  const id = /accounts=List\(urn%3Ali%3AsponsoredAccount%3A(\d+)\)/.exec(search)?.[1]
  if (id === undefined || day('end').length !== 10)
    return refusal(400, 0, 'ILLEGAL_ARGUMENT', 'Invalid query parameters passed to request')
  const days = daysOf({ from: day('start'), to: day('end') })
  const { rows } = rowsFrom([days, splits(id)], 0, MOST_ROWS, (date, campaign) => {
    const impressions = figure(`linkedin ${id} ${campaign.id}`, date, 5_200)
    const clicks = Math.round(impressions * 0.008)
    const conversions = Math.round(clicks / 14)
    return {
      dateRange: { start: partsOf(date), end: partsOf(date) },
      pivotValues: [`urn:li:sponsoredCampaign:${campaign.id}`],
      ...{ impressions, clicks, landingPageClicks: Math.round(clicks * 0.8), oneClickLeads: 0 },
      ...{ externalWebsiteConversions: conversions, costInLocalCurrency: (clicks * 4.49).toFixed(2) },
      conversionValueInLocalCurrency: (conversions * 120).toFixed(1),
    }
  })
  return { body: { elements: rows, paging: { start: 0, count: 10, links: [] } } }
}

function partsOf(date: string) {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return { year, month, day }
}

function campaigns(account: string, search: string, { splits }: World): Answer {
  const ids = new Set(/ids=List\(([\d,]*)\)/.exec(search)?.[1]?.split(',') ?? [])
  const found = splits(account).filter(({ id }) => ids.has(id))
  const results = Object.fromEntries(found.map(({ id, name }) => [id, { id: Number(id), name }]))
  return { body: { results, statuses: {}, errors: {} } }
}

function account(id: number, name: string, currency: string) {
  return { id, name, currency, status: 'ACTIVE', type: 'BUSINESS', test: false }
}

function refusal(status: number, serviceErrorCode: number, code: string, message: string): Answer {
  return { status, body: { status, serviceErrorCode, code, message } }
}
