/** OAuth 1.0a: every call carries a signature over its method, address and parameters (RFC 5849, HMAC-SHA1). */
import { createHmac, randomBytes } from 'node:crypto'
import type { HttpRequest, OAuthApp } from '../call.ts'

/** Nothing yet: `secret` is '' and there is no token. */
export type Signer = { app: OAuthApp; token?: string; secret: string }

/**
 * The Authorization header of one call. `more`: parameters that belong in the header, e.g. oauth_callback. Names in it
 * win over what is made here, so a published example can be signed again. `request.json` is not signed (3.4.1.3.1).
 */
export function signature(
  request: HttpRequest,
  { app, token, secret }: Signer,
  more: Record<string, string> = {},
): string {
  const oauth: Record<string, string> = {
    oauth_consumer_key: app.id,
    oauth_nonce: randomBytes(16).toString('hex'),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    ...(token !== undefined && { oauth_token: token }),
    oauth_version: '1.0',
    ...more,
  }
  const key = `${encoded(app.secret)}&${encoded(secret)}`
  const oauth_signature = createHmac('sha1', key).update(baseString(request, oauth)).digest('base64')
  const fields = Object.entries({ ...oauth, oauth_signature })
  return `OAuth ${fields.map(([name, value]) => `${encoded(name)}="${encoded(value)}"`).join(', ')}`
}

/** What is signed (RFC 5849 3.4.1): method, address without its query, and every parameter, sorted. */
export function baseString(request: HttpRequest, oauth: Record<string, string>): string {
  const url = new URL(request.url)
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
  const all = [...url.searchParams, ...Object.entries(request.form ?? {}), ...Object.entries(oauth)]
  const pairs = all.map(([name, value]) => [encoded(name), encoded(value)] as const)
  pairs.sort(([a, of], [b, to]) => compared(a, b) || compared(of, to))
  const parameters = pairs.map(([name, value]) => `${name}=${value}`).join('&')
  return [request.method ?? 'GET', url.origin + url.pathname, parameters].map(encoded).join('&')
}

/** Of the encoded text: all of it is ASCII, where JavaScript's order is the order of bytes. */
const compared = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** RFC 3986's unreserved characters stay; encodeURIComponent leaves five more. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
