/** The catalogue. Adding a connector: one new file here and one line below. */
import { activecampaign } from './activecampaign.ts'
import { amazonAds } from './amazon-ads.ts'
import { callrail } from './callrail.ts'
import type { Catalogue, Connector } from './connector.ts'
import { ga4 } from './ga4.ts'
import { googleAds } from './google-ads.ts'
import { googleBusinessProfile } from './google-business-profile.ts'
import { googleSheets } from './google-sheets.ts'
import { hubspotPortal } from './hubspot.ts'
import { instagram } from './instagram.ts'
import { klaviyo } from './klaviyo.ts'
import { linkedinAds } from './linkedin-ads.ts'
import { mailchimpAudiences } from './mailchimp.ts'
import { metaAds } from './meta-ads.ts'
import { microsoftAds } from './microsoft-ads.ts'
import { pinterestAds } from './pinterest-ads.ts'
import { salesforceSales } from './salesforce.ts'
import { searchConsole } from './search-console.ts'
import { shopifyOrders } from './shopify.ts'
import { snapchatAds } from './snapchat-ads.ts'
import { stripe } from './stripe.ts'
import { tiktokAds } from './tiktok-ads.ts'
import { woocommerce } from './woocommerce.ts'
import { xAds } from './x-ads.ts'
import { youtubeAnalytics } from './youtube-analytics.ts'

export const allConnectors: Connector[] = [
  googleAds,
  ga4,
  searchConsole,
  metaAds,
  linkedinAds,
  microsoftAds,
  tiktokAds,
  hubspotPortal,
  instagram,
  youtubeAnalytics,
  googleBusinessProfile,
  pinterestAds,
  snapchatAds,
  shopifyOrders,
  mailchimpAudiences,
  salesforceSales,
  klaviyo,
  callrail,
  activecampaign,
  stripe,
  woocommerce,
  amazonAds,
  xAds,
  googleSheets,
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
