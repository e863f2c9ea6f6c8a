/** ActiveCampaign as its API answers: one account on a host of its own, a campaign a day, its totals as text. */
import { addDays } from '../../connectors/days.ts'
import type { Fake, World } from './fake.ts'

const KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d'
const SITE = 'https://fjord-dental.api-us1.example'
const CAMPAIGNS = 30_000

const user = {
  ...{ id: '3', username: 'soeren', firstName: 'Sören', lastName: 'Åberg' },
  email: 'soeren@fjord-dental.example',
}

export const fake: Fake = {
  origins: [SITE],
  keys: { apiUrl: SITE, apiKey: KEY },
  answer({ url, headers }, world) {
    if (!world.accepts(headers['api-token'] ?? '')) return { status: 403, body: { message: 'Forbidden' } }
    if (url.pathname === '/api/3/users/me') return { body: { user } }
    if (url.pathname !== '/api/3/campaigns') return null
    const limit = Math.min(100, Number(url.searchParams.get('limit') ?? 20))
    const offset = Number(url.searchParams.get('offset') ?? 0)
    const today = new Date().toISOString().slice(0, 10)
    const some = Array.from({ length: Math.min(limit, CAMPAIGNS - offset) }, (_, at) => offset + at)
    const campaigns = some.map((at) => campaignOn(addDays(today, -at), at, world))
    return { body: { campaigns, meta: { total: String(CAMPAIGNS) } } }
  },
}

function campaignOn(day: string, at: number, { figure }: World) {
  const sent = figure('activecampaign', day, 5_200)
  const part = (share: number) => String(Math.round(sent * share))
  return {
    ...{ id: String(90_000 - at), name: `Rundbrief ${day}`, type: 'single', status: '5' },
    ...{ cdate: `${addDays(day, -1)}T09:00:00-05:00`, sdate: `${day}T09:00:00-05:00` },
    ...{ ldate: `${day}T09:05:00-05:00`, send_amt: String(sent), total_amt: String(sent) },
    ...{ opens: part(0.46), uniqueopens: part(0.35), linkclicks: part(0.04), uniquelinkclicks: part(0.03) },
    ...{ hardbounces: part(0.001), softbounces: part(0.002), unsubscribes: part(0.001), replies: '1' },
  }
}
