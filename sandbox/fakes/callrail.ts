/** CallRail as its API answers: two accounts and their calls, two hundred and fifty a page, newest first. */
import { daysOf } from '../../connectors/days.ts'
import type { Answer, Fake, World } from './fake.ts'

const ORIGIN = 'https://api.callrail.com'
const accounts = [
  { id: 'ACC7340218', name: 'Müller Möbel – Filialen', hipaa_account: false, numeric_id: 7340218 },
  { id: 'ACC7340566', name: 'Fjord Dental Care', hipaa_account: true, numeric_id: 7340566 },
]
const SOURCES = [
  { source: 'Google Ads', medium: 'CPC' },
  { source: 'Facebook', medium: 'Social' },
  { source: 'Google Organic', medium: 'Organic' },
]

export const fake: Fake = {
  origins: [ORIGIN],
  keys: { apiKey: '3f9a1c7d5e2b8046af13d97c20b4e685' },
  answer({ url, headers }, world) {
    const key = /^Token token="(.+)"$/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!world.accepts(key)) return { status: 401, body: { error: 'HTTP Token: Access denied.' } }
    const paging = { page: 1, per_page: 250, total_pages: 1, total_records: accounts.length }
    if (url.pathname === '/v3/a.json') return { body: { ...paging, accounts } }
    const account = /^\/v3\/a\/([^/]+)\/calls\.json$/.exec(url.pathname)?.[1]
    if (account === undefined) return null
    if (!accounts.some(({ id }) => id === account) && !/^ACC\d+$/.test(account))
      return { status: 404, body: { error: 'Not found' } }
    return callsOf(account, url, world)
  },
}

function callsOf(account: string, url: URL, world: World): Answer {
  const asked = (name: string) => url.searchParams.get(name) ?? ''
  const size = Math.min(250, Number(asked('per_page') || 100))
  const offset = Number(asked('offset') || 0)
  const from = asked('start_date')
  const calls: object[] = []
  let seen = 0
  for (const day of daysOf({ from, to: asked('end_date') || from }).toReversed())
    for (const [at, split] of world.splits(account).entries()) {
      const many = Math.max(1, world.figure(`callrail ${account} ${split.id}`, day, 1))
      for (let number = 0; number < many; number++) {
        seen++
        if (seen > offset && calls.length < size)
          calls.push(callOf(account, day, { at, number, name: split.name }))
      }
    }
  const next = new URL(url)
  next.searchParams.set('offset', String(offset + size))
  const more = seen > offset + size
  return { body: { has_next_page: more, next_page: more ? next.href : null, per_page: size, calls } as never }
}

type Placed = { at: number; number: number; name: string }

function callOf(account: string, day: string, { at, number, name }: Placed): object {
  const seed = at * 7 + number * 3
  const { source, medium } = SOURCES[at % SOURCES.length] ?? SOURCES[0] ?? { source: '', medium: '' }
  return {
    id: `CAL${day.replaceAll('-', '')}${at}${number}`,
    ...{
      answered: seed % 4 !== 0,
      direction: 'inbound',
      duration: 40 + ((seed * 37) % 400),
      voicemail: false,
    },
    start_time: `${day}T${String(9 + (seed % 9)).padStart(2, '0')}:22:13.000-05:00`,
    ...{
      customer_phone_number: '+15550100',
      customer_name: 'Erika Muster',
      tracking_phone_number: '+15550199',
    },
    ...{ source, medium, campaign: name, company_id: `COM${account.slice(-4)}`, first_call: seed % 3 === 0 },
  }
}
