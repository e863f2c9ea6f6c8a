/**
 * The sandbox's accounts.google.com and oauth2.googleapis.com. Codes, PKCE, tokens and id tokens are emulate's; what it
 * lacks is here: consent with boxes, expiry, and a revocation that ends everything a person granted to one OAuth app.
 */
import { randomBytes } from 'node:crypto'
import { boxes, chooserPage, consentPage, problemPage } from './consent.ts'
import { bearer, personOf, type State, type Token } from './state.ts'

export type Reply = { status: number; headers?: Record<string, string>; body: string }

/** The login chooser, then the consent page. `emulator` refuses unknown clients and redirect addresses. */
export async function authorise(state: State, emulator: string, url: URL): Promise<Reply> {
  const checked = await fetch(`${emulator}/o/oauth2/v2/auth${url.search}`)
  if (!checked.ok)
    return html(400, problemPage('Access blocked', 'This app’s request is invalid: client or redirect_uri.'))
  const email = url.searchParams.get('authuser') ?? ''
  return html(200, personOf(email) ? consentPage(url, email, state.unticked) : chooserPage(url))
}

/** What the person pressed: back to the OAuth app with a code, or with `access_denied`. */
export async function consent(
  state: State,
  emulator: string,
  url: URL,
  form: URLSearchParams,
): Promise<Reply> {
  const asked = url.searchParams
  if (form.get('answer') !== 'continue') return denied(asked)
  const email = form.get('email') ?? ''
  const granted = grant(state, email, asked, form.getAll('scope'))
  const fields = new URLSearchParams({ email, scope: granted.join(' ') })
  for (const name of [
    'redirect_uri',
    'state',
    'client_id',
    'nonce',
    'code_challenge',
    'code_challenge_method',
  ])
    fields.set(name, asked.get(name) ?? '')
  const agreed = await fetch(`${emulator}/o/oauth2/v2/auth/callback`, {
    method: 'POST',
    body: fields,
    redirect: 'manual',
  })
  return redirect(agreed.headers.get('location') ?? '/')
}

/** Code exchange and renewal. */
export async function token(state: State, emulator: string, form: URLSearchParams): Promise<Reply> {
  const renewing = form.get('grant_type') === 'refresh_token'
  const old = state.refresh.get(form.get('refresh_token') ?? '')
  const answer = await fetch(`${emulator}/oauth2/token`, { method: 'POST', body: form })
  const body = (await answer.json()) as Record<string, unknown>
  if (!answer.ok && renewing && old) return json(200, renewed(state, old)) // from before a restart
  if (!answer.ok) {
    if (renewing && body.error === 'invalid_grant')
      body.error_description = 'Token has been expired or revoked.'
    return json(answer.status, body)
  }
  const held: Token = {
    email: old?.email ?? emailIn(String(body.id_token)),
    client: form.get('client_id') ?? '',
    scopes: String(body.scope).split(' '),
    expiresAt: state.now().getTime() + Number(body.expires_in) * 1000,
  }
  state.access.set(String(body.access_token), held)
  if (typeof body.refresh_token === 'string') state.refresh.set(body.refresh_token, held)
  return json(200, body)
}

/** The emulator forgets its tokens with its process; what the sandbox kept stays good. */
function renewed(state: State, old: Token): object {
  const seconds = 3_599
  const accessToken = `ya29.${randomBytes(24).toString('base64url')}`
  state.access.set(accessToken, { ...old, expiresAt: state.now().getTime() + seconds * 1000 })
  return { access_token: accessToken, expires_in: seconds, scope: old.scopes.join(' '), token_type: 'Bearer' }
}

/** Any one token ends all tokens of that person and OAuth app, as at Google. */
export async function revoke(state: State, emulator: string, form: URLSearchParams): Promise<Reply> {
  const given = form.get('token') ?? ''
  const held = state.access.get(given) ?? state.refresh.get(given)
  if (!held) return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' })
  await withdraw(state, emulator, (one) => one.email === held.email && one.client === held.client)
  return json(200, {})
}

/** Ends every token that is meant, here and at the emulator, and forgets what was granted. */
export async function withdraw(
  state: State,
  emulator: string,
  meant: (one: Token) => boolean,
): Promise<void> {
  for (const tokens of [state.access, state.refresh])
    for (const [value, one] of tokens) {
      if (!meant(one)) continue
      tokens.delete(value)
      state.grants.delete(`${one.email} ${one.client}`)
      await fetch(`${emulator}/oauth2/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: value }),
      })
    }
}

export async function userInfo(
  state: State,
  emulator: string,
  authorization: string | undefined,
): Promise<Reply> {
  const held = bearer(state, authorization)
  if (!held) return json(401, { error: 'invalid_request', error_description: 'Invalid Credentials' })
  const answer = await fetch(`${emulator}/oauth2/v2/userinfo`, {
    headers: { authorization: authorization ?? '' },
  })
  return json(answer.status, await answer.json())
}

const EMAIL = 'https://www.googleapis.com/auth/userinfo.email'

/** Ticked boxes, the scopes without one, and with `include_granted_scopes` what was granted to this app before. */
function grant(state: State, email: string, asked: URLSearchParams, ticked: string[]): string[] {
  const wanted = (asked.get('scope') ?? '').split(' ').filter(Boolean)
  const key = `${email} ${asked.get('client_id') ?? ''}`
  const before = asked.get('include_granted_scopes') === 'true' ? (state.grants.get(key) ?? []) : []
  const earlier = [...before].filter((scope) => !wanted.includes(scope))
  const now = wanted.filter((scope) => !(scope in boxes) || ticked.includes(scope))
  // Google answers `email` under its long name.
  const named = now.map((scope) => (scope === 'email' ? EMAIL : scope))
  const granted = new Set([...named, ...earlier])
  state.grants.set(key, granted)
  return [...granted]
}

function denied(asked: URLSearchParams): Reply {
  const back = new URL(asked.get('redirect_uri') ?? 'http://invalid.example')
  back.searchParams.set('error', 'access_denied')
  back.searchParams.set('state', asked.get('state') ?? '')
  return redirect(back.href)
}

function emailIn(idToken: string): string {
  const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as {
    email: string
  }
  return claims.email
}

const html = (status: number, body: string): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body,
})
const json = (status: number, body: unknown): Reply => ({ status, body: JSON.stringify(body) })
const redirect = (location: string): Reply => ({ status: 303, headers: { location }, body: '' })
