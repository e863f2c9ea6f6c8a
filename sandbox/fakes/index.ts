/** The pretended provider of each connector. */
import type { Fake } from './fake.ts'
import { fake as ga4 } from './ga4.ts'
import { fake as googleAds } from './google-ads.ts'
import { fake as instagram } from './instagram.ts'
import { fake as linkedinAds } from './linkedin-ads.ts'
import { fake as metaAds } from './meta-ads.ts'
import { fake as searchConsole } from './search-console.ts'
import { fake as snapchatAds } from './snapchat-ads.ts'
import { fake as tiktokAds } from './tiktok-ads.ts'
import { fake as xAds } from './x-ads.ts'

export const fakes: Record<string, Fake> = {
  'meta-ads': metaAds,
  'linkedin-ads': linkedinAds,
  instagram,
  ga4,
  'google-ads': googleAds,
  'search-console': searchConsole,
  'tiktok-ads': tiktokAds,
  'snapchat-ads': snapchatAds,
  'x-ads': xAds,
}
