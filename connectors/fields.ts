/** Questions that several providers ask their owners: keys, addresses. What people type is corrected before it is refused. */
import type { Field } from './provider.ts'

/** A secret of a known shape, e.g. an API key. Spaces and quotation marks around a pasted key are dropped. */
export function secretField(field: {
  name: string
  label: string
  hint: string
  pattern: RegExp
  problem: string
}): Field {
  const { pattern, ...shown } = field
  return {
    ...shown,
    secret: true,
    read(text) {
      const key = text.replace(/[\s"'\u200b]+/g, '')
      return pattern.test(key) ? key : null
    },
  }
}

/** An https address, e.g. of a shop: without a scheme https is meant; query, fragment and the last slash are dropped. */
export function addressField(field: { name: string; label: string; hint: string; problem: string }): Field {
  return { ...field, read: addressOf }
}

/** Null for anything but https, for user names and ports in it, and for names that are no public host's. */
export function addressOf(text: string): string | null {
  const typed = text.trim()
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`
  if (!URL.canParse(whole)) return null
  const url = new URL(whole)
  const odd = url.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== ''
  if (odd || !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(url.hostname) || /^[\d.]+$/.test(url.hostname)) return null
  return url.origin + url.pathname.replace(/\/+$/, '')
}
