/** Google Search Console as far as Latchkey asks: the sites, and final figures by Pacific day. */
import { sites } from './cast.ts'
import { amount, chance, days, settled, todayIn } from './figures.ts'
import { type Answer, type Ask, refusal } from './state.ts'

const FINAL_AFTER_DAYS = 2

export function listSites({ state, person }: Ask): Answer {
  const visible = person.sites.filter((site) => !state.removed.has(site))
  const entries = visible.map((siteUrl) => ({ siteUrl, permissionLevel: 'siteOwner' }))
  if (entries.length === 0) return { status: 200, body: {} }
  const unverified = { siteUrl: 'https://blog.competitor.example/', permissionLevel: 'siteUnverifiedUser' }
  return { status: 200, body: { siteEntry: [...entries, unverified] } }
}

export function querySite({ state, person, path, json }: Ask): Answer {
  const site = decodeURIComponent(/sites\/([^/]+)\//.exec(path)?.[1] ?? '')
  if (!person.sites.includes(site) || state.removed.has(site))
    return refusal(
      ...([403, 'PERMISSION_DENIED'] as const),
      `User does not have sufficient permission for site '${site}'. See also: https://support.google.com/webmasters/answer/2451999.`,
      'forbidden',
    )
  const start = Number(json.startRow ?? 0)
  const rows = report(state.now(), site, String(json.startDate), String(json.endDate))
  const page = rows.slice(start, start + Number(json.rowLimit ?? 1_000))
  return {
    status: 200,
    body: { ...(page.length > 0 && { rows: page }), responseAggregationType: 'byProperty' },
  }
}

function report(now: Date, site: string, from: string, to: string): object[] {
  const today = todayIn('America/Los_Angeles', now)
  const final = new Date(Date.parse(today) - FINAL_AFTER_DAYS * 86_400_000).toISOString().slice(0, 10)
  return days(from, to, final).map((day) => {
    const known = settled(day, today, 'traffic')
    const impressions = Math.round(amount(`gsc ${site}`, day, sites[site] ?? 0) * known)
    const clicks = Math.round(impressions * (0.02 + 0.012 * chance(`clicks ${site} ${day}`)))
    const position = 9 + 6 * chance(`position ${site} ${day}`)
    return { keys: [day], clicks, impressions, ctr: impressions === 0 ? 0 : clicks / impressions, position }
  })
}
