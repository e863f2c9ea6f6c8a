/** The daily refresh: who is due is found by the minute tick, one job per connection, one run per source and local day. */
import type { DayRange } from '../connectors/connector.ts'
import * as zones from '../storage/refresh-zones.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import type { SyncRun } from '../storage/sync-runs.ts'
import * as runs from '../storage/sync-runs.ts'
import { knownZone, localDate, nextLocalMidnight, refreshRange, reportDay } from './calendar.ts'
import type { Services } from './services.ts'
import { runSync, type SyncOutcome } from './sync.ts'

const ZONES_PER_TRANSACTION = 500

/**
 * For the tick. Enqueues the refresh of every zone whose midnight has passed and moves it to the next, in one
 * transaction per 500; any number of nodes may tick at once. Several missed midnights are one job. Returns how many
 * zones were due.
 */
export async function dueRefreshes(services: Services): Promise<number> {
  for (let total = 0; ; ) {
    const claimed = await services.db.transaction(async (tx) => {
      const due = await zones.claimDueOfAllOrgs(tx, ZONES_PER_TRANSACTION)
      const now = due[0]?.now
      if (!now) return 0
      const perZone = new Map(
        [...new Set(due.map(({ timeZone }) => timeZone))].map((zone) => [
          zone,
          { day: localDate(now, knownZone(zone)), next: nextLocalMidnight(now, knownZone(zone)) },
        ]),
      )
      const at = (zone: string) => perZone.get(zone) as { day: string; next: Date }
      await zones.moveOfAllOrgs(
        tx,
        due.map(({ orgId, timeZone }) => ({ orgId, timeZone, at: at(timeZone).next })),
      )
      const connections = await zones.connectionsOfAllOrgs(tx, due)
      const jobs = connections.map(({ orgId, connectionId, timeZone }) => {
        const { day } = at(timeZone)
        const payload = { orgId, connectionId, timeZone, day }
        return { payload, key: refreshKey(connectionId, timeZone, day) }
      })
      await services.queue.sendMany('daily-refresh', jobs, { db: tx })
      return due.length
    })
    total += claimed
    if (claimed < ZONES_PER_TRANSACTION) return total
  }
}

/** One job per connection, zone and local day. */
export const refreshKey = (connectionId: string, timeZone: string, day: string) =>
  `${connectionId}:${timeZone}:${day}`

export type RefreshOutcome =
  | { kind: 'done'; runs: number }
  /** Some sources are throttled: ask again then; the others are read. */
  | { kind: 'later'; seconds: number; why: string }
  /** Noted per source; another attempt repeats only these. */
  | { kind: 'failed'; sources: number; why: string }

/** Reads every source of the connection that refreshes in this zone and has not been read for this local day. */
export async function refreshConnection(
  services: Services,
  subject: { orgId: string; connectionId: string; timeZone: string; day: string; last: boolean },
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const { orgId, connectionId, timeZone, day, last } = subject
  const outcomes: SyncOutcome[] = []
  for (const source of await sources.refreshedIn(services.db, orgId, connectionId, timeZone)) {
    const run = await openDaily(services, source, day)
    if (!run) continue
    const outcome = await runSync(services, { orgId, runId: run.id, last }, signal)
    outcomes.push(outcome)
    if (signal.aborted) return { kind: 'later', seconds: 1, why: 'the worker is stopping' }
  }
  return settle(outcomes)
}

/** Failures first: the queue's retry repeats the throttled ones too. */
function settle(outcomes: SyncOutcome[]): RefreshOutcome {
  const failed = outcomes.filter((outcome) => outcome.kind === 'failed')
  if (failed[0]) return { kind: 'failed', sources: failed.length, why: failed[0].error.message }
  const later = outcomes.filter((outcome) => outcome.kind === 'later').sort((a, b) => a.seconds - b.seconds)
  if (later[0]) return { kind: 'later', seconds: later[0].seconds, why: later[0].why }
  return { kind: 'done', runs: outcomes.length }
}

/** The source's run of this local day, opened now or by an earlier attempt. Null: it has ended, or nothing is due. */
async function openDaily(services: Services, source: Source, day: string): Promise<SyncRun | null> {
  const { orgId, id: sourceId } = source
  const there = await runs.byKey(services.db, orgId, sourceId, 'daily', day)
  if (there) return there.status === 'queued' || there.status === 'running' ? there : null
  const range = await rangeOf(services, source, day)
  if (!range) return null
  return services.db.transaction(async (tx) => {
    await runs.stopOlderDaily(tx, orgId, sourceId, day)
    await runs.plan(tx, orgId, [{ sourceId, kind: 'daily', key: day, fromDay: range.from, toDay: range.to }])
    return runs.byKey(tx, orgId, sourceId, 'daily', day)
  })
}

/** Deep on the first of the month, also when an outage swallowed the first. */
async function rangeOf({ db, connectors }: Services, source: Source, day: string): Promise<DayRange | null> {
  const { orgId, id } = source
  const report = connectors.get(source.connectorId)?.report
  if (!report) return null
  const readTo = source.lastGoodDay ?? (await runs.backfilledTo(db, orgId, id))
  const before = await runs.lastDaily(db, orgId, id, day)
  const deep = day.endsWith('-01') || (before !== null && before.slice(0, 7) < day.slice(0, 7))
  const today = reportDay(await zones.clock(db), report.zone, source.accountTimeZone)
  return refreshRange(today, readTo, report, deep)
}
