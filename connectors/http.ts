/** The one place that calls a provider. */

let origins: Record<string, string> = {}

/** Where calls and redirects to an origin really go (PROVIDER_ORIGINS). Set once at start. */
export function routeOrigins(map: Record<string, string>): void {
  origins = map
}

/** The URL with its origin replaced where PROVIDER_ORIGINS says so. */
export function routed(url: string): string {
  const { origin } = new URL(url)
  const instead = origins[origin]
  return instead ? instead + url.slice(origin.length) : url
}
