/** The cookies that tie a browser to its link sessions, one per link. */
import type { Request, Response } from 'express'

/** Links live three days at most; the page after Finish stays readable one day longer. */
const MAX_AGE_SECONDS = 4 * 86_400
const COOKIES_MAX = 20

/** `__Host-` needs Secure, which a browser grants plain http only on some localhosts: a local trial uses another name. */
const prefix = (publicUrl: URL) => (publicUrl.protocol === 'https:' ? '__Host-ls_' : 'ls_')

/** Every link-session cookie of this browser; which of them belongs to a link only its row can tell. */
export function sessionCookies(req: Request, publicUrl: URL): string[] {
  const wanted = prefix(publicUrl)
  return (req.headers.cookie ?? '')
    .split('; ')
    .filter((pair) => pair.startsWith(wanted))
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
    .filter((value) => /^[\w-]{43}$/.test(value))
    .slice(-COOKIES_MAX) // browsers send the oldest first, and the newest is the one in use
}

/** Lax: the provider's redirect back must bring it along. */
export function setSessionCookie(res: Response, publicUrl: URL, linkId: string, value: string): void {
  const secure = publicUrl.protocol === 'https:' ? '; Secure' : ''
  const name = `${prefix(publicUrl)}${linkId.slice(0, 8)}`
  res.append(
    'set-cookie',
    `${name}=${value}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  )
}
