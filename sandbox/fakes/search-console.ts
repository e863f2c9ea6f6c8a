/** Google Search Console as its API answers: three sites, one of them unverified, and figures by day. */
import { daysOf } from '../../connectors/days.ts'
import { numberAt, textAt } from '../../connectors/values.ts'
import type { Fake } from './fake.ts'
import { googleFake, rowsFrom } from './google.ts'

const sites = [
  { siteUrl: 'sc-domain:mueller-moebel.example', permissionLevel: 'siteOwner' },
  { siteUrl: 'https://fjord.example/', permissionLevel: 'siteRestrictedUser' },
  { siteUrl: 'https://blog.competitor.example/', permissionLevel: 'siteUnverifiedUser' },
]

export const fake: Fake = googleFake(['https://www.googleapis.com'], ({ url, json }, { figure }) => {
  if (url.pathname === '/webmasters/v3/sites') return { body: { siteEntry: sites } }
  const site = /^\/webmasters\/v3\/sites\/([^/]+)\/searchAnalytics\/query$/.exec(url.pathname)?.[1]
  if (site === undefined) return null
  const range = { from: textAt(json, 'startDate') ?? '', to: textAt(json, 'endDate') ?? '' }
  const [start, limit] = [numberAt(json, 'startRow') ?? 0, numberAt(json, 'rowLimit') ?? 1_000]
  const { rows } = rowsFrom([daysOf(range), [site]], start, limit, (day) => {
    const impressions = figure(`gsc ${site}`, day, 3_200)
    const clicks = Math.round(impressions * 0.027)
    return { keys: [day], clicks, impressions, ctr: clicks / impressions, position: 11.4 }
  })
  return { body: { ...(rows.length > 0 && { rows }), responseAggregationType: 'byProperty' } }
})
