/** Which origins may be called, and where calls to them really go (PROVIDER_ORIGINS). */

let instead: Record<string, string> = {}

/** Where calls and redirects to an origin really go (PROVIDER_ORIGINS); `https://*.x` on the left is any subdomain. Set once at start. */
export function routeOrigins(map: Record<string, string>): void {
  instead = map
}

/** The URL with its origin replaced where PROVIDER_ORIGINS says so. */
export function routed(url: string): string {
  const { origin, pathname, search, hash } = new URL(url)
  const to = instead[origin] ?? Object.entries(instead).find(([from]) => matches(from, origin))?.[1]
  return to ? to + pathname + search + hash : url
}

/** Every origin a browser sent to this pattern may end at: itself, and where PROVIDER_ORIGINS leads its matches. */
export function landings(pattern: string): string[] {
  const led = Object.entries(instead).filter(([from]) => from === pattern || matches(pattern, from))
  return [...(pattern === 'site' ? [] : [pattern]), ...led.map(([, to]) => to)]
}

/**
 * How a call to this URL is allowed: `declared` by its connector or provider, `site` because it is the connection's
 * own address, which a stranger typed. Throws, as a mistake of ours, where it is neither.
 */
export function checkOrigin(url: string, allowed: string[], site: string, who: string): 'declared' | 'site' {
  const { origin } = new URL(url)
  if (allowed.some((pattern) => matches(pattern, origin))) return 'declared'
  if (site !== '' && allowed.includes('site') && new URL(site).origin === origin) return 'site'
  throw new Error(`${who} may not call ${origin}: it is not among its origins`)
}

/** For connectors whose provider forbids to count on an address of its files. */
const ANYWHERE = 'https://*'

/** A prepared file lies where the connector says, or where PROVIDER_ORIGINS leads its calls: rewriting proxies say so. */
export function isDownload(url: string, allowed: string[], called: string[]): boolean {
  if (!URL.canParse(url)) return false
  const { origin } = new URL(url)
  if (allowed.includes(ANYWHERE) && origin.startsWith('https://')) return true
  return allowed.some((pattern) => matches(pattern, origin)) || isLanding(url, [...allowed, ...called])
}

/** True where the URL leads to the right side of PROVIDER_ORIGINS already, for one of these patterns. */
export function isLanding(url: string, patterns: string[]): boolean {
  const { origin } = new URL(url)
  return Object.entries(instead).some(
    ([from, to]) =>
      origin === new URL(to).origin &&
      patterns.some((pattern) => from === pattern || matches(pattern, from) || matches(from, pattern)),
  )
}

function matches(pattern: string, origin: string): boolean {
  const wild = /^https:\/\/\*\.([a-z0-9.-]+)$/.exec(pattern)
  return wild ? origin.startsWith('https://') && origin.endsWith(`.${wild[1]}`) : pattern === origin
}
