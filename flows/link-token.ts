/** Link and receipt tokens: derived from SECRET_KEYS and the link's id, never stored, only their hashes are. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Deriver } from '../storage/seal.ts'

/** Fixed prefix, so that secret scanners can find a leaked one. */
const PREFIX = 'lk_'

/** The secret part of /l/<token>; the key id is kept with the link, so a rotated key still derives it. */
export function linkToken(tokens: Deriver, link: { id: string; keyId: string }): string {
  return PREFIX + tokens.derive(link.keyId, `link:${link.id}`)
}

/** The secret part of /r/<token>, the owner's standing page. */
export function receiptToken(tokens: Deriver, link: { id: string; keyId: string }): string {
  return PREFIX + tokens.derive(link.keyId, `receipt:${link.id}`)
}

/** SHA-256; what the database holds and looks up by. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Binds a form to the link session's cookie. */
export function formToken(cookie: string): string {
  return createHmac('sha256', cookie).update('form').digest('base64url')
}

export function isFormToken(cookie: string, given: string): boolean {
  const [a, b] = [hashToken(formToken(cookie)), hashToken(given)]
  return timingSafeEqual(a, b)
}
