/**
 * HubSpot: one row per day for a portal; what became of the marketing e-mails sent that day, and how many contacts and
 * deals are new. (HubSpot API 2026-09: OAuth, account information, marketing e-mail statistics, CRM search)
 */
import { valuesAt } from './classify.ts'
import type { Account, Context, DayRange, Json, Reply, Row } from './connector.ts'
import { ConnectorError, defineConnector } from './connector.ts'
import { addDays, daysOf, localDate, startOfLocalDay, windowFrom, zoneOf } from './days.ts'
import { listing, walk } from './paging.ts'
import { hubspot } from './providers/hubspot.ts'
import { given, numberAt, textAt, valueAt } from './values.ts'

const VERSION = '2026-09'
const API = 'https://api.hubapi.com'
const WINDOW_DAYS = 31
const FOUND = 200
/** Their counter → ours. They count more, which is left out. */
const COUNTERS = {
  sent: 'emails_sent',
  delivered: 'emails_delivered',
  open: 'opens',
  click: 'clicks',
  bounce: 'bounces',
  unsubscribed: 'unsubscribes',
}
/** Five searches a second are allowed. */
const SEARCH_MS = 200

export const hubspotPortal = defineConnector({
  ...{ id: 'hubspot', name: 'HubSpot' },
  provider: hubspot,
  origins: [API],
  scopes: ['content', 'crm.objects.contacts.read', 'crm.objects.deals.read'],
  scopeWords: {
    content: 'See how your marketing e-mails did',
    'crm.objects.contacts.read': 'See your contacts; Latchkey only counts the new ones of each day',
    'crm.objects.deals.read': 'See your deals; Latchkey only counts the new ones of each day',
  },
  writeWarning:
    'HubSpot has no read-only permission for marketing e-mails, so this permission would also allow changes to e-mails and pages; Latchkey contains no code that makes any.',
  ...{ accountWord: 'portal', alsoCalled: 'crm email marketing contacts deals' },
  help: {
    signInWith: 'your HubSpot login',
    role: 'it needs the permission to install apps in the portal, which super admins have',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 7, deep: 30 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: [],
    metrics: {
      emails_sent: { unit: 'count', says: 'Marketing e-mails sent' },
      emails_delivered: { unit: 'count', says: 'Of those, delivered' },
      opens: { unit: 'count', says: 'Of those, opened, on whichever day' },
      clicks: { unit: 'count', common: 'clicks', says: 'Of those, clicked, on whichever day' },
      bounces: { unit: 'count', says: 'Of those, bounced' },
      unsubscribes: { unit: 'count', says: 'People who unsubscribed from those' },
      new_contacts: { unit: 'count', says: 'Contacts created' },
      new_deals: { unit: 'count', says: 'Deals created' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 0 },
  version: { pinned: VERSION },
})

/** One portal. The answer has no name for it. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${API}/account-info/${VERSION}/details` })
  const id = textAt(body, 'portalId')
  const said = given({ currency: textAt(body, 'companyCurrency'), timeZone: textAt(body, 'timeZone') })
  if (id !== null) yield { id, name: `HubSpot portal ${id}`, ...said }
}

/** The state is the day to go on with. */
function pages(context: Context, { timeZone }: Account, range: DayRange, cursor: string | null) {
  const zone = zoneOf(timeZone)
  return walk<string>(range.from, cursor, async (day) => {
    const days = daysOf(windowFrom(day, range, WINDOW_DAYS) ?? { from: day, to: day })
    const end = addDays(days.at(-1) ?? day, 1)
    const mails = await mailsByDay(context, [day, end], zone)
    const contacts = await newByDay(context, 'contacts', days, zone)
    const deals = await newByDay(context, 'deals', days, zone)
    const known = days.filter((one) => [mails, contacts, deals].some((found) => found.has(one)))
    const rows = known.map((date): Row => {
      const counters = mails.get(date) ?? null
      const sent = Object.entries(COUNTERS).map(([theirs, ours]) => [ours, numberAt(counters, theirs)])
      const created = { new_contacts: contacts.get(date) ?? 0, new_deals: deals.get(date) ?? 0 }
      return { date, dimensions: {}, metrics: { ...Object.fromEntries(sent), ...created } }
    })
    return { rows, ...given({ timeZone: timeZone ?? null }), after: end > range.to ? null : end }
  })
}

/** Counters by the day the e-mails were sent. An interval is its middle's day, wherever HubSpot begins its days. */
async function mailsByDay(context: Context, [from, end]: [string, string], zone: string) {
  const [startTimestamp, endTimestamp] = [from, end].map((day) => startOfLocalDay(day, zone).toISOString())
  const query = { startTimestamp: startTimestamp ?? '', endTimestamp: endTimestamp ?? '', interval: 'DAY' }
  const url = `${API}/marketing/emails/${VERSION}/statistics/histogram`
  const next = ({ body }: Reply) => {
    const after = textAt(body, 'paging.next.after')
    return after === null ? null : { url, query: { ...query, after } }
  }
  const days = new Map<string, Json>()
  for await (const body of listing(context, { url, query }, next))
    for (const one of valuesAt(body, 'results[]')) {
      const ends = ['start', 'end'].map((end) => Date.parse(textAt(one, `interval.${end}`) ?? ''))
      const middle = ends.reduce((sum, at) => sum + at / 2, 0)
      if (Number.isNaN(middle))
        throw new ConnectorError('unknown', hubspot.id, 'HubSpot answered counters without their day')
      const counters = valueAt(one, 'aggregations.counters|aggregateStatistic.counters')
      if (Object.keys(counters ?? {}).length > 0) days.set(localDate(middle, zone), counters)
    }
  return days
}

/**
 * How many were created each day. A search gives so many at a time and 10,000 at most: where there are more of them than
 * days times that, or not all of them came, each day's total is asked for instead.
 */
async function newByDay(
  context: Context,
  object: string,
  days: string[],
  zone: string,
): Promise<Map<string, number>> {
  const ask = async (from: string, to: string, limit: number, after = '0') => {
    const [value, high] = [from, addDays(to, 1)].map((day) => startOfLocalDay(day, zone).getTime())
    const filter = {
      propertyName: 'createdate',
      operator: 'BETWEEN',
      value: String(value),
      highValue: String(Number(high) - 1),
    }
    const sorts = [{ propertyName: 'createdate', direction: 'ASCENDING' }]
    const json = { filterGroups: [{ filters: [filter] }], properties: ['createdate'], sorts, limit, after }
    return (
      await context.call({ method: 'POST', url: `${API}/crm/objects/${VERSION}/${object}/search`, json })
    ).body
  }
  const totals = async () => {
    const counts = new Map<string, number>()
    for (const day of days) {
      await context.sleep(SEARCH_MS)
      const many = numberAt(await ask(day, day, 1), 'total') ?? 0
      if (many > 0) counts.set(day, many)
    }
    return counts
  }
  const [first = '', last = ''] = [days[0], days.at(-1)]
  const counts = new Map<string, number>()
  let read = 0
  for (let [asked, found] = ['0', await ask(first, last, FOUND)]; ; ) {
    const total = numberAt(found, 'total')
    if ((total ?? 0) > FOUND * days.length) return totals()
    const created = valuesAt(found, 'results[]').map(createdAt)
    if (created.some((at) => Number.isNaN(at))) return totals()
    for (const day of created.map((at) => localDate(at, zone))) counts.set(day, 1 + (counts.get(day) ?? 0))
    read += created.length
    const after = textAt(found, 'paging.next.after')
    if (after === null) return total === null || total === read ? counts : totals()
    if (after === asked) return totals() // pages that lead to themselves
    await context.sleep(SEARCH_MS)
    ;[asked, found] = [after, await ask(first, last, FOUND, after)]
  }
}

/** NaN where it is not said. Dates are ISO 8601 or milliseconds; the record itself has one beside its properties. */
function createdAt(record: Json): number {
  const at = textAt(record, 'properties.createdate|createdAt') ?? ''
  return /^\d+$/.test(at) ? Number(at) : Date.parse(at)
}
