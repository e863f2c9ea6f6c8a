/** Which trips to providers a request still needs (pure): items of one provider share one consent. */
import type { Connector, Field, Provider } from '../../connectors/connector.ts'
import { landings, routed } from '../../connectors/http.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import type { LinkView } from '../../storage/link-views.ts'
import type { Services } from '../services.ts'

export type Stop = {
  provider: Provider
  items: { connector: Connector; accountHint: string }[]
  /** Union of its connectors' scopes and the provider's own, each once. */
  scopes: string[]
  held: HeldCredential | null
  /** What the owner answers first, e.g. which shop, or the key itself. */
  fields: Field[]
  /** Where the browser goes, as the address bar will show it; null: nowhere, a key is entered here. */
  goesTo: string | null
  /** Origins its forms may end at. */
  formsTo: string[]
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
      fields: [...(provider.ask ?? [])],
      goesTo: hostOf(provider),
      formsTo: formsTo(provider),
    }
    stop.items.push({ connector, accountHint: item.accountHint })
    stop.fields.push(...(connector.ask ?? []))
    stop.scopes = [...new Set([...stop.scopes, ...connector.scopes, ...(connector.optionalScopes ?? [])])]
    stops.set(provider.id, stop)
  }
  return [...stops.values()]
}

function hostOf(provider: Provider): string | null {
  if (provider.auth === 'key') return null
  return provider.goesTo ?? new URL(routed(provider.authorizeUrl)).host
}

/** Every origin between our page and the sign-in; where that has an address per shop or region, each it may have. */
function formsTo(provider: Provider): string[] {
  if (provider.auth === 'key') return []
  const first = [new URL(routed(provider.authorizeUrl)).origin, ...(provider.passes ?? [])]
  if (!provider.endpoints) return first
  const choices = (provider.ask ?? []).flatMap(({ name, choices = [] }) =>
    choices.map(({ value }) => provider.site?.({ [name]: value }) ?? ''),
  )
  const known = choices.map((site) => provider.endpoints?.(site).authorizeUrl ?? provider.authorizeUrl)
  return [...first, ...known.map((url) => new URL(routed(url)).origin), ...provider.origins.flatMap(landings)]
}

/** Scopes a connector needs that this authorisation lacks. */
export function missingScopes(connector: Connector, granted: string[]): string[] {
  return connector.scopes.filter((scope) => !granted.includes(scope))
}
