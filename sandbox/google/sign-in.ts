/** A person's consent without a browser: the same pages, code, PKCE and exchange. For tests of what comes after. */
import { createHash, randomBytes } from 'node:crypto'

export type SignedIn = { accessToken: string; refreshToken: string; idToken: string; scopes: string[] }

/** `url` is the sandbox Google's. Throws when consent or exchange is refused. `refuse`: boxes left unticked. */
export async function signIn(
  url: string,
  email: string,
  scopes: string[],
  options: { app?: { id: string; secret: string; redirectUri?: string }; refuse?: string[] } = {},
): Promise<SignedIn> {
  const {
    id,
    secret,
    redirectUri = 'http://localhost/connect/google/callback',
  } = options.app ?? {
    id: 'sandbox',
    secret: 'sandbox',
  }
  const verifier = randomBytes(32).toString('base64url')
  const asked = new URLSearchParams({
    ...{ client_id: id, redirect_uri: redirectUri, response_type: 'code', state: 's' },
    ...{ scope: ['openid', 'email', ...scopes].join(' '), include_granted_scopes: 'true' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const pressed = new URLSearchParams({ email, answer: 'continue' })
  for (const scope of scopes) if (!options.refuse?.includes(scope)) pressed.append('scope', scope)
  const agreed = await fetch(`${url}/o/oauth2/v2/consent?${asked}`, {
    method: 'POST',
    body: pressed,
    redirect: 'manual',
  })
  const code = new URL(agreed.headers.get('location') ?? '', url).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
  const body = new URLSearchParams({ ...form, client_id: id, client_secret: secret })
  const answer = await fetch(`${url}/token`, { method: 'POST', body })
  const got = (await answer.json()) as Record<string, string>
  if (!answer.ok) throw new Error(`The sandbox's Google refused the code: ${got.error}`)
  const { access_token = '', refresh_token = '', id_token = '', scope = '' } = got
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    idToken: id_token,
    scopes: scope.split(' '),
  }
}
