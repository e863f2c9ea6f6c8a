/** Mailchimp as one account answers: three audiences in data centre us19, activity with the newest day first. */
import type { Json } from '../../connectors/call.ts'
import { addDays } from '../../connectors/days.ts'
import type { Answer, Fake, World } from './fake.ts'

const SITE = 'https://us19.api.mailchimp.com'
/** The real one keeps 180 days. More are given, before and after today, so that no clock runs out of them. */
const [BEFORE, AFTER] = [6_000, 400]
const audiences = [
  { id: '4be2c91d07', name: 'Käsehaus Bühler Newsletter', stats: { member_count: 20_411 } },
  { id: '93f0a6c2e8', name: 'Müller Möbel VIP', stats: { member_count: 912 } },
  { id: 'd17b5e40aa', name: 'Fjord Outdoor updates', stats: { member_count: 6_730 } },
]

const metadata: Json = {
  ...{ dc: 'us19', role: 'owner', accountname: 'Käsehaus Bühler AG', user_id: 15_433_221 },
  login: { login_id: 77_120, login_name: 'jana', login_email: 'jana@kaesehaus-buehler.example' },
  ...{ login_url: 'https://login.mailchimp.com', api_endpoint: SITE },
}

export const fake: Fake = {
  origins: ['https://login.mailchimp.com', SITE],
  signIn: {
    token({ url, form }, mint) {
      if (url.pathname !== '/oauth2/token') return null
      if (!form.code) return { status: 400, body: { error: 'invalid_grant' } }
      return { body: { access_token: mint(), expires_in: 0, scope: null } }
    },
  },
  answer(call, world) {
    const { pathname, searchParams } = call.url
    if (!pathname.startsWith('/3.0') && pathname !== '/oauth2/metadata') return null
    if (!world.accepts((call.headers.authorization ?? '').replace(/^(OAuth|Bearer) /, '')))
      return problem(401, 'API Key Invalid', 'Your API key may be invalid.')
    if (pathname === '/oauth2/metadata') return { body: metadata }
    if (pathname === '/3.0/')
      return { body: { account_name: 'Käsehaus Bühler AG', account_timezone: 'Europe/Zurich' } }
    const [count, offset] = [Number(searchParams.get('count') ?? 10), Number(searchParams.get('offset') ?? 0)]
    if (pathname === '/3.0/lists')
      return { body: { lists: audiences.slice(offset, offset + count), total_items: audiences.length } }
    const id = /^\/3\.0\/lists\/(\w+)\/activity$/.exec(pathname)?.[1]
    if (id === undefined)
      return problem(404, 'Resource Not Found', 'The requested resource could not be found.')
    return { body: activity(id, Math.min(count, 1_000), offset, world) }
  },
}

const problem = (status: number, title: string, detail: string): Answer => ({
  ...{ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
  body: { type: 'https://mailchimp.com/developer/marketing/docs/errors/', title, status, detail },
})

function activity(list_id: string, count: number, offset: number, { figure }: World): Json {
  const newest = addDays(new Date().toISOString().slice(0, 10), AFTER)
  const total_items = BEFORE + AFTER
  const length = Math.max(0, Math.min(count, total_items - offset))
  const days = Array.from({ length }, (_, at) => {
    const day = addDays(newest, -(offset + at))
    const of = (what: string, size: number) => figure(`mailchimp ${list_id} ${what}`, day, size)
    const emails_sent = of('sent', 2_600)
    return {
      ...{ day, emails_sent, unique_opens: Math.round(emails_sent * 0.33) },
      ...{ recipient_clicks: Math.round(emails_sent * 0.041), hard_bounce: of('hard', 3) },
      ...{ soft_bounce: of('soft', 7), subs: of('subs', 14), unsubs: of('unsubs', 5) },
      ...{ other_adds: 0, other_removes: 0 },
    }
  })
  return { activity: days, list_id, total_items }
}
