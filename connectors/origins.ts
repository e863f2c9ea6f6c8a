/** Which origins may be called, and where calls to them really go (PROVIDER_ORIGINS). */
import type { Connector, Provider } from './connector.ts'

let instead: Record<string, string> = {}

/** Where calls and redirects to an origin really go (PROVIDER_ORIGINS). Set once at start. */
export function routeOrigins(map: Record<string, string>): void {
  instead = map
}

/** The URL with its origin replaced where PROVIDER_ORIGINS says so. */
export function routed(url: string): string {
  const { origin } = new URL(url)
  const to = instead[origin]
  return to ? to + url.slice(origin.length) : url
}

/** Throws, as a mistake of ours, on an origin neither the provider nor the connector declares. */
export function checkOrigin(url: string, provider: Provider, connector: Connector | null): void {
  const { origin } = new URL(url)
  if (provider.origins.includes(origin) || connector?.origins.includes(origin)) return
  throw new Error(`${connector?.id ?? provider.id} may not call ${origin}: it is not among its origins`)
}
