/** What the Meta fakes share: sign-in without refresh tokens, who signed in, and refusals with HTTP 400. */
import type { Json } from '../../connectors/call.ts'
import type { Answer, Call, Fake, World } from './fake.ts'

const GRAPH = '/v26.0'
const [HOUR_S, SIXTY_DAYS_S] = [3_600, 60 * 24 * 3_600]
const PERMISSIONS = [
  ...['public_profile', 'ads_read', 'business_management', 'instagram_basic', 'instagram_manage_insights'],
  ...['pages_show_list', 'pages_read_engagement'],
]

/** `answer` is asked only with a good token, by the path below the version; null: not a call of this API. */
export function metaFake(answer: (path: string, call: Call, world: World) => Answer | null): Fake {
  return {
    origins: ['https://www.facebook.com', 'https://graph.facebook.com'],
    signIn: {
      refused: refusal(190, 'Error validating access token: the user has not authorized application.', 458),
      token({ url, form }, mint) {
        if (url.pathname !== `${GRAPH}/oauth/access_token`) return null
        const long = form.grant_type === 'fb_exchange_token'
        if (!form[long ? 'fb_exchange_token' : 'code'])
          return refusal(100, 'Invalid verification code format.')
        const expires_in = long ? SIXTY_DAYS_S : 2 * HOUR_S
        return { body: { access_token: mint(), token_type: 'bearer', expires_in } }
      },
    },
    answer(call, world) {
      const path = call.url.pathname.slice(GRAPH.length)
      const found = shared(path, call) ?? answer(path, call, world)
      const token = (call.headers.authorization ?? '').replace(/^Bearer /, '')
      if (found === null || world.accepts(token)) return found
      return refusal(190, 'Error validating access token: the user has not authorized application.', 458)
    },
  }
}

function shared(path: string, { method }: Call): Answer | null {
  if (path === '/me') return { body: { id: '10158000000000042', name: 'Jörg Weiß' } }
  if (path !== '/me/permissions') return null
  if (method === 'DELETE') return { body: { success: true } }
  return { body: { data: PERMISSIONS.map((permission) => ({ permission, status: 'granted' })) } }
}

export function refusal(code: number, message: string, error_subcode?: number): Answer {
  const error = { message: `(#${code}) ${message}`, type: 'OAuthException', code, fbtrace_id: 'AbCdEfGhIjK' }
  return { status: 400, body: { error: error_subcode === undefined ? error : { ...error, error_subcode } } }
}

/** `after` is the number of elements before the page; `next` holds the whole address, as Meta's does. */
export function paged(url: URL, data: Json[], read: number, total: number): Answer {
  const cursors = { before: cursorOf(read - data.length), after: cursorOf(read) }
  const next = new URL(url)
  next.searchParams.set('after', cursors.after)
  return { body: { data, paging: { cursors, ...(read < total && { next: next.href }) } } }
}

const cursorOf = (at: number) => Buffer.from(String(at)).toString('base64url')

export function startOf(url: URL): number {
  const after = url.searchParams.get('after')
  return after === null ? 0 : Number(Buffer.from(after, 'base64url').toString())
}
