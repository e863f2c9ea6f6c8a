/** Which trips to providers a request still needs (pure): items of one provider share one consent. */
import type { Connector, Provider } from '../../connectors/connector.ts'
import { routed } from '../../connectors/http.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import type { LinkView } from '../../storage/link-views.ts'
import type { Services } from '../services.ts'

export type Stop = {
  provider: Provider
  items: { connector: Connector; accountHint: string }[]
  /** Union of its connectors' scopes and the provider's own, each once. */
  scopes: string[]
  held: HeldCredential | null
  /** Where the browser goes; what the owner sees in the address bar. */
  goesTo: { host: string; origin: string }
}

/** In the order of the request's items. Items whose connector is not offered any more are left out. */
export function stopsOf(services: Services, link: LinkView, held: HeldCredential[]): Stop[] {
  const stops = new Map<string, Stop>()
  for (const item of link.items) {
    const connector = services.connectors.get(item.connectorId)
    if (!connector) continue
    const { provider } = connector
    const stop = stops.get(provider.id) ?? {
      provider,
      items: [],
      scopes: [...provider.baseScopes],
      held: held.find((credential) => credential.provider === provider.id) ?? null,
      goesTo: destination(provider),
    }
    stop.items.push({ connector, accountHint: item.accountHint })
    stop.scopes = [...new Set([...stop.scopes, ...connector.scopes])]
    stops.set(provider.id, stop)
  }
  return [...stops.values()]
}

function destination(provider: Provider): Stop['goesTo'] {
  const { host, origin } = new URL(routed(provider.authorizeUrl))
  return { host, origin }
}

/** Scopes a connector needs that this authorisation lacks. */
export function missingScopes(connector: Connector, granted: string[]): string[] {
  return connector.scopes.filter((scope) => !granted.includes(scope))
}
