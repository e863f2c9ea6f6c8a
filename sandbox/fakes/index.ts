/** The pretended provider of each connector. */

import { fake as activecampaign } from './activecampaign.ts'
import { fake as amazonAds } from './amazon-ads.ts'
import { fake as callrail } from './callrail.ts'
import type { Fake } from './fake.ts'
import { fake as ga4 } from './ga4.ts'
import { fake as googleAds } from './google-ads.ts'
import { fake as googleBusinessProfile } from './google-business-profile.ts'
import { fake as googleSheets } from './google-sheets.ts'
import { fake as hubspot } from './hubspot.ts'
import { fake as instagram } from './instagram.ts'
import { fake as klaviyo } from './klaviyo.ts'
import { fake as linkedinAds } from './linkedin-ads.ts'
import { fake as mailchimp } from './mailchimp.ts'
import { fake as metaAds } from './meta-ads.ts'
import { fake as microsoftAds } from './microsoft-ads.ts'
import { fake as pinterestAds } from './pinterest-ads.ts'
import { fake as salesforce } from './salesforce.ts'
import { fake as searchConsole } from './search-console.ts'
import { fake as shopify } from './shopify.ts'
import { fake as snapchatAds } from './snapchat-ads.ts'
import { fake as stripe } from './stripe.ts'
import { fake as tiktokAds } from './tiktok-ads.ts'
import { fake as woocommerce } from './woocommerce.ts'
import { fake as xAds } from './x-ads.ts'
import { fake as youtubeAnalytics } from './youtube-analytics.ts'

export const fakes: Record<string, Fake> = {
  activecampaign,
  'amazon-ads': amazonAds,
  callrail,
  ga4,
  'google-ads': googleAds,
  'google-business-profile': googleBusinessProfile,
  'google-sheets': googleSheets,
  instagram,
  klaviyo,
  'linkedin-ads': linkedinAds,
  mailchimp,
  'meta-ads': metaAds,
  'microsoft-ads': microsoftAds,
  'pinterest-ads': pinterestAds,
  salesforce,
  'search-console': searchConsole,
  shopify,
  'snapchat-ads': snapchatAds,
  stripe,
  'tiktok-ads': tiktokAds,
  woocommerce,
  'x-ads': xAds,
  'youtube-analytics': youtubeAnalytics,
  hubspot,
}
