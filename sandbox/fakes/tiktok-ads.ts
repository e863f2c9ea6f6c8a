/** TikTok Ads as its API answers: everything wrapped, refusals with HTTP 200, three advertisers. */
import type { Json } from '../../connectors/call.ts'
import { daysOf } from '../../connectors/days.ts'
import { textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const API = '/open_api/v1.3'
const LONGEST_DAYS = 30
const DAY_MS = 86_400_000
const advertisers = [
  ['7312045678901234561', 'Müller Möbel', 'EUR', 'Europe/Berlin'],
  ['7312045678901234579', 'Fjord Outdoor', 'NOK', 'Europe/Oslo'],
  ['7312045678901234587', 'Käsehaus Bühler', 'CHF', 'Europe/Zurich'],
].map(([advertiser_id = '', name = '', currency = '', timezone = '']) => ({
  ...{ advertiser_id, name, currency, timezone, status: 'STATUS_ENABLE' },
}))

export const fake: Fake = {
  origins: ['https://business-api.tiktok.com'],
  signIn: {
    callback: (code) => ({ auth_code: code, code }),
    token({ url, json }, mint) {
      if (url.pathname !== `${API}/oauth2/access_token/`) return null
      if (!textAt(json, 'auth_code')) return refused(40110, 'Auth_code is used/expired/canceled')
      const advertiser_ids = advertisers.map(({ advertiser_id }) => advertiser_id)
      return good({ access_token: mint(), advertiser_ids, scope: [1, 4] })
    },
  },
  answer(call, world) {
    if (!call.url.pathname.startsWith(API)) return null
    if (!call.url.pathname.endsWith('/')) return { status: 404, body: Buffer.from('404 page not found') }
    if (!world.accepts(call.headers['access-token'] ?? ''))
      return refused(40105, 'Access token is incorrect or has been revoked.')
    const { searchParams } = call.url
    switch (call.url.pathname.slice(API.length)) {
      case '/user/info/':
        return good({
          core_user_id: '7098700011122233344',
          display_name: 'Jana M.',
          email: 'j***a@mueller.example',
        })
      case '/oauth2/advertiser/get/':
        return good({
          list: advertisers.map(({ advertiser_id, name }) => ({ advertiser_id, advertiser_name: name })),
        })
      case '/advertiser/info/': {
        const asked = JSON.parse(searchParams.get('advertiser_ids') ?? '[]') as string[]
        return good({ list: advertisers.filter(({ advertiser_id }) => asked.includes(advertiser_id)) })
      }
      case '/report/integrated/get/':
        return report(call, world)
      case '/oauth2/revoke_token/':
        return good({})
      default:
        return null
    }
  },
}

function report({ url: { searchParams } }: Call, { splits, figure }: World): Answer {
  const asked = (name: string) => searchParams.get(name) ?? ''
  const [from, to, id] = [asked('start_date'), asked('end_date'), asked('advertiser_id')]
  if ((Date.parse(to) - Date.parse(from)) / DAY_MS >= LONGEST_DAYS)
    return refused(40002, 'The time span cannot exceed 30 days.')
  const [page, page_size] = [Number(asked('page')), Number(asked('page_size'))]
  const campaigns = splits(id)
  const days = daysOf({ from, to })
  const total_number = days.length * campaigns.length
  const first = (page - 1) * page_size
  const length = Math.max(0, Math.min(page_size, total_number - first))
  const list = Array.from({ length }, (_, at) => {
    const day = days[Math.floor((first + at) / campaigns.length)] ?? to
    const campaign = campaigns[(first + at) % campaigns.length] ?? { id: '', name: '' }
    const impressions = figure(`tiktok ${id} ${campaign.id}`, day, 42_000)
    const clicks = Math.round(impressions * 0.013)
    return {
      dimensions: { campaign_id: campaign.id, stat_time_day: `${day} 00:00:00` },
      metrics: {
        ...{ campaign_name: campaign.name, spend: (clicks * 0.23).toFixed(2) },
        ...{ impressions: String(impressions), clicks: String(clicks) },
        conversion: String(Math.round(clicks / 40)),
      },
    }
  })
  const total_page = Math.ceil(total_number / page_size)
  return good({ list, page_info: { page, page_size, total_number, total_page } })
}

const good = (data: Json): Answer => ({ body: { code: 0, message: 'OK', request_id: '2026112010AA', data } })
const refused = (code: number, message: string): Answer => ({
  body: { code, message, request_id: '2026112010BB', data: {} },
})
