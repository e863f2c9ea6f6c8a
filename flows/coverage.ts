/** "Coverage": for every day of the last 13 months, whether a data source has it. */
import { randomUUID } from 'node:crypto'
import type { Connector } from '../connectors/connector.ts'
import * as coverage from '../storage/coverage.ts'
import * as zones from '../storage/refresh-zones.ts'
import type { Source } from '../storage/sources.ts'
import { addDays, backfillRange, newestDay, reportDay, subtractMonths } from './calendar.ts'
import { describe } from './described.ts'
import { memberOf } from './member.ts'
import { may } from './permission.ts'
import type { Services } from './services.ts'

type DayState =
  /** Rows, and the provider does not correct them any more. */
  | 'data'
  /** Rows that the coming nights read again, because the provider may still correct them. */
  | 'restating'
  /** Read, and the provider gave nothing. */
  | 'missing'
  /** Not read yet, or not successfully. */
  | 'unread'
  /** Older than what could be read when the source was connected. */
  | 'before'

export type Coverage = {
  accountName: string
  connectorName: string
  clientName: string
  /** Oldest first, without gaps. */
  days: { day: string; state: DayState }[]
  /** How many of the newest days are read again every night. */
  restateDays: number
}

const MONTHS = 13

export type CoverageAsked = { kind: 'started'; accountName: string } | { kind: 'not-found' }

/** The picture follows as a direct message. */
export async function askCoverage(
  services: Services,
  { orgId, sourceId, by }: { orgId: string; sourceId: string; by: string },
): Promise<CoverageAsked> {
  const found = await describe(services, services.db, orgId, sourceId)
  if (!found) return { kind: 'not-found' }
  const payload = { orgId, sourceId, userId: by, pictureId: randomUUID() }
  await services.queue.send('coverage', payload, { db: services.db, key: `${sourceId} ${by}` })
  return { kind: 'started', accountName: found.source.accountName }
}

/** Null: the source, or the member's right to see it, is gone since they asked. */
export async function coverageOf(
  services: Services,
  { orgId, sourceId, userId }: { orgId: string; sourceId: string; userId: string },
): Promise<Coverage | null> {
  const member = await memberOf(services, orgId, userId)
  const found = await describe(services, services.db, orgId, sourceId)
  if (!member || !may(member, 'see') || !found) return null
  const { source, connector, connectorName, clientName } = found
  const now = await zones.clock(services.db)
  const today = reportDay(now, connector?.report.zone ?? 'utc', source.accountTimeZone)
  const to = newestDay(today, connector?.report.lagDays ?? 1)
  const days = await coverage.days(services.db, orgId, sourceId, { from: subtractMonths(today, MONTHS), to })
  const reach = await reachOf(services, source, connector, today)
  const restateDays = Math.max(1, connector?.report.restateDays.nightly ?? 1)
  const settled = addDays(to, -restateDays)
  return {
    ...{ accountName: source.accountName, connectorName, clientName, restateDays },
    days: days.map((one) => ({ day: one.day, state: stateOf(one, reach, settled) })),
  }
}

/** Rows count wherever they came from: a source that has been connected for years has more than its first backfill. */
function stateOf({ day, hasData, wasRead }: coverage.CoveredDay, reach: string, settled: string): DayState {
  if (hasData) return day > settled ? 'restating' : 'data'
  if (day < reach) return 'before'
  return wasRead ? 'missing' : 'unread'
}

/** The oldest day that was asked for, or will be. */
async function reachOf(
  { db }: Services,
  { orgId, id }: Source,
  connector: Connector | null,
  today: string,
): Promise<string> {
  const planned = await coverage.backfilledFrom(db, orgId, id)
  return planned ?? (connector ? backfillRange(today, connector.report).from : today)
}
