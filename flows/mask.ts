/** Addresses as logs and threads may show them: recognisable for who knows them, no help for who does not. */

/** `dana@acme.com` → `d…@acme.com`. Anything that is no address becomes `…`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return at > 0 ? `${Array.from(email)[0]}…${email.slice(at)}` : '…'
}
