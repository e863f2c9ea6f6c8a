/** Amazon Ads as its API answers: profiles of two firms in one region, an agency, reports as gzip JSON on S3. */
import { gzipSync } from 'node:zlib'
import { daysOf } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const FILES = 'https://offline-report-storage-eu-west-1-prod.s3.eu-west-1.amazonaws.com'
const TOKENS = ['https://api.amazon.com', 'https://api.amazon.co.uk', 'https://api.amazon.co.jp']
const APIS = ['', '-eu', '-fe'].map((region) => `https://advertising-api${region}.amazon.com`)
const SIGN_IN = [
  ...['https://www.amazon.com', 'https://eu.account.amazon.com', 'https://apac.account.amazon.com'],
]
const LONGEST_DAYS = 31
/** As text: profile ids are longer than JavaScript's numbers. */
const PROFILES = `[${[
  profile('3312345678901234567', 'DE', 'EUR', 'Europe/Berlin', 'seller', 'Müller Möbel'),
  profile('3312345678901234583', 'GB', 'GBP', 'Europe/London', 'seller', 'Müller Möbel'),
  profile('2234567890123456', 'DE', 'EUR', 'Europe/Berlin', 'vendor', 'Käsehaus Bühler'),
  profile('2234567890123499', 'DE', 'EUR', 'Europe/Berlin', 'agency', 'Agentur Brücke'),
].join(',')}]`

export const fake: Fake = {
  origins: [...SIGN_IN, ...TOKENS, ...APIS, FILES],
  signIn: {
    token({ url, form }, mint) {
      if (url.pathname !== '/auth/o2/token') return null
      if (!form.code && !form.refresh_token)
        return {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'The request is missing it' },
        }
      const refresh_token = form.refresh_token ?? `Atzr|${mint()}`
      return { body: { access_token: mint(), refresh_token, token_type: 'bearer', expires_in: 3600 } }
    },
  },
  answer(call, world) {
    const { pathname, origin } = call.url
    if (origin === FILES) return { body: file(pathname, world) }
    const found = answered(call)
    if (found === null || world.accepts((call.headers.authorization ?? '').replace(/^Bearer /, '')))
      return found
    return { status: 401, body: { code: 'UNAUTHORIZED', details: 'Unauthorized' } }
  },
}

function answered({ method, url: { pathname }, json, headers }: Call): Answer | null {
  if (pathname === '/user/profile')
    return {
      body: { user_id: 'amzn1.account.K2LI23KL2LK2', email: 'dana@northwind.example', name: 'Dana Weber' },
    }
  if (pathname === '/v2/profiles') return { body: Buffer.from(PROFILES) }
  if (method === 'POST' && pathname === '/reporting/reports') {
    const [from, to] = [textAt(json, 'startDate') ?? '', textAt(json, 'endDate') ?? '']
    if (daysOf({ from, to }).length > LONGEST_DAYS)
      return { status: 400, body: { code: '400', detail: 'Report date range is too long' } }
    const reportId = [headers['amazon-advertising-api-scope'], from, to].join('_')
    return { body: { reportId, status: 'PENDING', url: null, failureReason: null } }
  }
  const [, reportId] = /^\/reporting\/reports\/([\w-]+)$/.exec(pathname) ?? []
  if (reportId === undefined) return null
  const url = `${FILES}/${reportId}.json.gz?X-Amz-Expires=3600&X-Amz-Signature=sandbox`
  return { body: { reportId, status: 'COMPLETED', url, fileSize: 1 } }
}

function file(pathname: string, { splits, figure }: World): Buffer {
  const [, id = '', from = '', to = ''] = /\/(\d+)_([\d-]+)_([\d-]+)\.json\.gz$/.exec(pathname) ?? []
  const campaigns = splits(id)
  const days = daysOf({ from, to }).map((day) =>
    campaigns
      .map((campaign) => {
        const impressions = figure(`amazon ${id} ${campaign.id}`, day, 9_500)
        const clicks = Math.round(impressions * 0.009)
        const purchases = Math.round(clicks / 9)
        return `{"date":"${day}","campaignId":${campaign.id},"campaignName":${JSON.stringify(campaign.name)},"impressions":${impressions},"clicks":${clicks},"cost":${(clicks * 0.62).toFixed(2)},"purchases14d":${purchases},"sales14d":${(purchases * 39.9).toFixed(2)}}`
      })
      .join(','),
  )
  return gzipSync(`[${days.filter(Boolean).join(',')}]`)
}

function profile(
  id: string,
  countryCode: string,
  currencyCode: string,
  timezone: string,
  type: string,
  name: string,
): string {
  const accountInfo = { marketplaceStringId: 'A1PA6795UKMFR9', id: 'ENTITY1ABC', type, name }
  const rest = { countryCode, currencyCode, timezone, accountInfo }
  return `{"profileId":${id},${JSON.stringify(rest).slice(1)}`
}
