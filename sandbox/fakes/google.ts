/** What the Google fakes share: token endpoint, who signed in, the refused token, days of a range. */
import { refusal } from '../google/state.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const SIGN_IN = ['https://oauth2.googleapis.com', 'https://openidconnect.googleapis.com']
const REFUSED =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.'

/** `answer` is asked only with a good token; null: not a call of this API. */
export function googleFake(apis: string[], answer: Fake['answer']): Fake {
  return {
    origins: [...SIGN_IN, ...apis],
    signIn: {
      token: ({ url, form }, mint) => (url.pathname === '/token' ? { body: tokens(form, mint) } : null),
    },
    answer(call, world) {
      const found = call.url.pathname === '/v1/userinfo' ? { body: person } : answer(call, world)
      if (found === null || isGood(call, world)) return found
      return refusal(401, 'UNAUTHENTICATED', REFUSED) as Answer
    },
  }
}

const person = { sub: '108900', email: 'dana@northwind.example' }

/** Google keeps the refresh token: a renewal brings none. */
const tokens = ({ grant_type }: Record<string, string>, mint: () => string) => ({
  ...{ access_token: mint(), expires_in: 3599, token_type: 'Bearer' },
  ...(grant_type === 'refresh_token' ? {} : { refresh_token: `1//${mint()}` }),
})

const isGood = ({ headers }: Call, world: World) =>
  world.accepts((headers.authorization ?? '').replace(/^Bearer /, ''))

/** So many rows from `start` on, of a table that has one for every day and every split, made as they are asked for. */
export function rowsFrom<Split, Made>(
  [days, splits]: [string[], Split[]],
  start: number,
  many: number,
  make: (day: string, split: Split) => Made,
): { rows: Made[]; total: number } {
  const total = days.length * splits.length
  const rows: Made[] = []
  for (let at = start; at < Math.min(start + many, total); at++)
    rows.push(make(days[Math.floor(at / splits.length)] as string, splits[at % splits.length] as Split))
  return { rows, total }
}
