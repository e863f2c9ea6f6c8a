/**
 * Salesforce: one row per day for the organisation; leads and opportunities, counted by Salesforce itself.
 * (SOQL reference: aggregates, date functions)
 */
import { valuesAt } from './classify.ts'
import type { Account, Context, DayRange, Json, Row } from './connector.ts'
import { ConnectorError, defineConnector } from './connector.ts'
import { addDays, daysOf, localDate, startOfLocalDay, windowFrom, zoneOf } from './days.ts'
import { listing, walk } from './paging.ts'
import { salesforce } from './providers/salesforce.ts'
import { decimalAt, given, numberAt, sumOf, textAt, valueAt } from './values.ts'

const VERSION = 'v67.0'
/** Hourly sums of so many days stay far below the 2,000 rows an aggregate may have. */
const WINDOW_DAYS = 31
const HOUR_MS = 3_600_000

export const salesforceSales = defineConnector({
  ...{ id: 'salesforce', name: 'Salesforce' },
  provider: salesforce,
  origins: ['https://*.salesforce.com', 'https://*.force.com'],
  scopes: ['api'],
  scopeWords: { api: 'See how many leads and opportunities come in and are won, and their amounts' },
  writeWarning:
    'Salesforce has no read-only permission for its API, so this permission would also allow the changes your login may make; Latchkey contains no code that makes any.',
  ...{ accountWord: 'organisation', alsoCalled: 'crm leads opportunities sales' },
  help: {
    signInWith: 'the Salesforce login you use for your sales reports',
    role: 'it needs “API Enabled” and read access to opportunities and leads',
    friction: 'Your Salesforce administrator may have to allow the app for your organisation first.',
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
      new_leads: { unit: 'count', says: 'Leads created' },
      new_opportunities: { unit: 'count', says: 'Opportunities created' },
      new_amount: { unit: 'money', says: 'Amount of the opportunities created, as it stands by now' },
      won_opportunities: { unit: 'count', common: 'conversions', says: 'Opportunities won, by close date' },
      won_amount: {
        unit: 'money',
        common: 'revenue',
        says: 'Amount of the opportunities won, by close date',
      },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 0 }, // it counts calls a day, not a second
  version: { pinned: VERSION },
})

/** All records of a query, of every page. */
async function ask(context: Context, q: string): Promise<Json[]> {
  const records: Json[] = []
  const first = { url: `${context.site}/services/data/${VERSION}/query`, query: { q } }
  const bodies = listing(context, first, ({ body }) => {
    const next = valueAt(body, 'done') === false ? textAt(body, 'nextRecordsUrl') : null
    return next?.startsWith('/services/data/') ? { url: context.site + next } : null
  })
  for await (const body of bodies) records.push(...valuesAt(body, 'records[]'))
  return records
}

/** Null where the organisation has no such objects, or this login may not see them. */
const askIfThere = (context: Context, q: string): Promise<Json[] | null> =>
  ask(context, q).catch((error: unknown) => {
    if (error instanceof ConnectorError && /^INVALID_(TYPE|FIELD)$/.test(error.reason ?? '')) return null
    throw error
  })

/** Sums are in the corporate currency, which only organisations with several currencies tell. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const found = await ask(context, 'SELECT Id,Name,TimeZoneSidKey,InstanceName,IsSandbox FROM Organization')
  const corporate = await askIfThere(context, 'SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true')
  const currency = textAt(corporate?.[0] ?? null, 'IsoCode')
  for (const one of found) {
    const id = textAt(one, 'Id')
    const group = valueAt(one, 'IsSandbox') === true ? 'Sandbox' : null
    const shared = given({ currency, timeZone: textAt(one, 'TimeZoneSidKey'), group })
    if (id !== null) yield { id, name: textAt(one, 'Name') ?? id, ...shared }
  }
}

/**
 * The state is the day to go on with. SOQL's days are UTC's, or the login's own, so hours are asked for and put into
 * the organisation's days; where its midnights are not on the hour, one day at a time.
 */
function pages(context: Context, { currency, timeZone }: Account, range: DayRange, cursor: string | null) {
  const zone = zoneOf(timeZone)
  const begins = (day: string) => startOfLocalDay(day, zone)
  return walk<string>(range.from, cursor, async (day) => {
    const wide = daysOf(windowFrom(day, range, WINDOW_DAYS) ?? { from: day, to: day })
    const days = wide.every((one) => begins(one).getTime() % HOUR_MS === 0) ? wide : [day]
    const end = addDays(days.at(-1) ?? day, 1)
    const dayOf = (record: Json) => (days.length === 1 ? day : placed(record, zone))
    const created = `WHERE CreatedDate >= ${soql(begins(day))} AND CreatedDate < ${soql(begins(end))} GROUP BY DAY_ONLY(CreatedDate), HOUR_IN_DAY(CreatedDate)`
    const hours = 'SELECT DAY_ONLY(CreatedDate) d, HOUR_IN_DAY(CreatedDate) h, COUNT(Id) n'
    const closed = `WHERE IsWon = true AND CloseDate >= ${day} AND CloseDate < ${end} GROUP BY CloseDate`
    const leads = await askIfThere(context, `${hours} FROM Lead ${created}`)
    const opened = await ask(context, `${hours}, SUM(Amount) amt FROM Opportunity ${created}`)
    const won = await ask(
      context,
      `SELECT CloseDate d, COUNT(Id) n, SUM(Amount) amt FROM Opportunity ${closed}`,
    )
    const by = [leads ?? [], opened, won].map((records) => Map.groupBy(records, dayOf))
    const known = days.filter((one) => by.some((records) => records.has(one)))
    const rows = known.map((date) =>
      rowOf(
        date,
        by.map((records) => records.get(date) ?? []),
        leads === null,
      ),
    )
    return {
      rows,
      ...given({ currency: currency ?? null, timeZone: timeZone ?? null }),
      after: end > range.to ? null : end,
    }
  })
}

const soql = (at: Date) => at.toISOString().replace('.000Z', 'Z')

/** Of an hour in UTC; a day without an hour is a date by itself. */
function placed(record: Json, zone: string): string {
  const [day, hour] = [textAt(record, 'd'), numberAt(record, 'h')]
  if (day === null)
    throw new ConnectorError('unknown', salesforce.id, 'Salesforce answered a sum without its day')
  return hour === null ? day : localDate(Date.parse(`${day}T00:00:00Z`) + hour * HOUR_MS, zone)
}

function rowOf(date: string, [leads = [], opened = [], won = []]: Json[][], noLeads: boolean): Row {
  const count = (records: Json[]) => Number(sumOf(records.map((record) => decimalAt(record, 'n'))) ?? 0)
  const amount = (records: Json[]) =>
    records.length === 0 ? '0' : sumOf(records.map((one) => decimalAt(one, 'amt')))
  const metrics = {
    ...{
      new_leads: noLeads ? null : count(leads),
      new_opportunities: count(opened),
      new_amount: amount(opened),
    },
    ...{ won_opportunities: count(won), won_amount: amount(won) },
  }
  return { date, dimensions: {}, metrics }
}
