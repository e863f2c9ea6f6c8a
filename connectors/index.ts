/** The catalogue. Adding a connector: one new file here and one line below. */
import type { Catalogue, Connector } from './connector.ts'
import { ga4 } from './ga4.ts'
import { googleAds } from './google-ads.ts'
import { instagram } from './instagram.ts'
import { linkedinAds } from './linkedin-ads.ts'
import { metaAds } from './meta-ads.ts'
import { searchConsole } from './search-console.ts'
import { snapchatAds } from './snapchat-ads.ts'
import { tiktokAds } from './tiktok-ads.ts'
import { xAds } from './x-ads.ts'

export const allConnectors: Connector[] = [
  googleAds,
  ga4,
  searchConsole,
  metaAds,
  linkedinAds,
  tiktokAds,
  instagram,
  snapchatAds,
  xAds,
]

/** Only what is given is offered; app.ts gives the connectors whose provider is configured. */
export function catalogue(connectors: Connector[]): Catalogue {
  const byId = new Map(connectors.map((connector) => [connector.id, connector]))
  const providers = new Map(connectors.map(({ provider }) => [provider.id, provider]))
  return {
    get: (id) => byId.get(id),
    all: () => [...byId.values()],
    providers: () => [...providers.values()],
    require(id) {
      const connector = byId.get(id)
      if (!connector) throw new Error(`Connector ${id} is not offered here`)
      return connector
    },
  }
}
