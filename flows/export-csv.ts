/** "Export CSV": the rows of one data source, in its own words, as a file for the member who asked. */
import { randomUUID } from 'node:crypto'
import type { DayRange } from '../connectors/connector.ts'
import * as audit from '../storage/audit.ts'
import * as exports from '../storage/exports.ts'
import * as zones from '../storage/refresh-zones.ts'
import { ownColumns } from '../storage/reporting.ts'
import { addDays, reportDay, subtractMonths } from './calendar.ts'
import { type Described, describe } from './described.ts'
import { memberOf } from './member.ts'
import { may } from './permission.ts'
import type { Services } from './services.ts'

export const PERIODS = ['last-13-months', 'last-30-days', 'this-month', 'last-month', 'everything'] as const
export type Period = (typeof PERIODS)[number]

/** What one sheet of the usual spreadsheets holds, less a little for the heading. */
const MOST_ROWS = 1_000_000
const BEGINNING = '0001-01-01'

type Named = { accountName: string; connectorName: string; clientName: string }

export type Exportable =
  | ({ kind: 'has-data' } & Named)
  | ({ kind: 'empty' } & Named)
  /** Its provider is not offered by this installation any more, so nobody knows its columns. */
  | ({ kind: 'not-offered' } & Named)
  | { kind: 'not-found' }

type Subject = { orgId: string; sourceId: string }

/** What a person should see before choosing a period. */
export async function beforeExport(
  services: Services,
  { orgId, sourceId }: Subject,
  range: DayRange | null = null,
): Promise<Exportable> {
  const found = await describe(services, services.db, orgId, sourceId)
  if (!found) return { kind: 'not-found' }
  if (!found.connector) return { kind: 'not-offered', ...namesOf(found) }
  const all = range ?? { from: BEGINNING, to: await today(services, found) }
  const { rows } = await exports.extent(services.db, orgId, sourceId, all, 1)
  return { kind: rows > 0 ? 'has-data' : 'empty', ...namesOf(found) }
}

export type ExportAsked = { kind: 'started' | 'empty' | 'not-offered'; named: Named } | { kind: 'not-found' }

/** The file follows as a direct message. An empty period is answered at once, and no file is made. */
export async function askExport(
  services: Services,
  { orgId, sourceId, by, period }: Subject & { by: string; period: Period },
): Promise<ExportAsked> {
  const found = await describe(services, services.db, orgId, sourceId)
  if (!found) return { kind: 'not-found' }
  const range = rangeOf(period, await today(services, found))
  const now = await beforeExport(services, { orgId, sourceId }, range)
  if (now.kind === 'not-found') return now
  if (now.kind !== 'has-data') return { kind: now.kind, named: namesOf(found) }
  return services.db.transaction(async (tx) => {
    const { clientId, connectionId } = found.source
    await audit.record(tx, orgId, {
      ...{ kind: 'source.exported', actor: `slack:${by}`, clientId, connectionId, sourceId },
      data: { as: 'csv', period, ...range },
    })
    const payload = { orgId, sourceId, userId: by, exportId: randomUUID(), ...range }
    const key = `${sourceId} ${by} ${range.from} ${range.to}` // pressed twice it is one file
    await services.queue.send('export-csv', payload, { db: tx, key })
    return { kind: 'started', named: namesOf(found) }
  })
}

export type Table = {
  /** As in the reporting view. */
  columns: string[]
  /** Numbers and days, which are what they are; all else is text from outside. */
  plain: boolean[]
  /** Gives every row to `take`, a few thousand at a time. */
  each(take: (rows: (string | null)[][]) => Promise<void>): Promise<void>
}

export type Exported =
  | { kind: 'written'; named: Named; rows: number; days: DayRange }
  | { kind: 'empty'; named: Named }
  | { kind: 'too-large'; named: Named; most: number }
  /** The source, or the member's right to see it, is gone since they asked. */
  | { kind: 'gone' }

/** Counts, then hands the table to `write`, both of one state of the data. `write` may be called again from the start. */
export async function readExport(
  services: Services,
  { orgId, sourceId, userId, from, to }: Subject & { userId: string } & DayRange,
  write: (table: Table) => Promise<void>,
  most = MOST_ROWS,
): Promise<Exported> {
  const member = await memberOf(services, orgId, userId)
  if (!member || !may(member, 'see')) return { kind: 'gone' }
  return services.db.transaction(async (tx) => {
    await exports.holdStill(tx)
    const found = await describe(services, tx, orgId, sourceId)
    if (!found?.connector) return { kind: 'gone' }
    const named = namesOf(found)
    const { rows, first, last } = await exports.extent(tx, orgId, sourceId, { from, to }, most + 1)
    if (first === null || last === null) return { kind: 'empty', named }
    if (rows > most) return { kind: 'too-large', named, most }
    const { id, name, report } = found.connector
    const own = ownColumns({ id, name, ...report })
    const isText = ({ kind }: { kind: string }) => kind === 'dimension' || kind === 'label'
    const before = [named.clientName, named.connectorName, named.accountName]
    await write({
      columns: ['client', 'data_source', 'account', 'date', ...own.map(({ column }) => column), 'currency'],
      plain: [false, false, false, true, ...own.map((column) => !isText(column)), false],
      each: (take) =>
        exports.eachRow(tx, orgId, sourceId, { from, to }, own, (cells) =>
          take(cells.map((row) => [...before, ...row])),
        ),
    })
    return { kind: 'written', named, rows, days: { from: first, to: last } }
  })
}

const namesOf = ({ source: { accountName }, connectorName, clientName }: Described): Named => ({
  ...{ accountName, connectorName, clientName },
})

async function today({ db }: Services, { source, connector }: Described): Promise<string> {
  return reportDay(await zones.clock(db), connector?.report.zone ?? 'utc', source.accountTimeZone)
}

/** Whole days by the clock of the source's reports. Today is never in the data, so it may be in the range. */
function rangeOf(period: Period, to: string): DayRange {
  const month = `${to.slice(0, 7)}-01`
  switch (period) {
    case 'last-13-months':
      return { from: subtractMonths(to, 13), to }
    case 'last-30-days':
      return { from: addDays(to, -30), to }
    case 'this-month':
      return { from: month, to }
    case 'last-month':
      return { from: subtractMonths(month, 1), to: addDays(month, -1) }
    case 'everything':
      return { from: BEGINNING, to }
    default:
      return period satisfies never
  }
}
