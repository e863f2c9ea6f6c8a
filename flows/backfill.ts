/** Planning the first read of a source, month by month, and the read that closes the gap after a reconnect. */
import type { Connector } from '../connectors/connector.ts'
import * as connections from '../storage/connections.ts'
import type { Db } from '../storage/db.ts'
import * as zones from '../storage/refresh-zones.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import * as runs from '../storage/sync-runs.ts'
import { backfillRange, gapRange, monthSlices, refreshRange, reportDay } from './calendar.ts'
import type { Services } from './services.ts'
import { awaitMidnight } from './time-zone.ts'

/**
 * Inserts each source's month slices, makes sure its daily refresh is awaited, and sends its `backfill`. Idempotent:
 * slices planned before stay as they are. Sources of other orgs, removed ones and unknown connectors are skipped.
 */
export async function planBackfill(
  services: Services,
  tx: Db,
  { orgId, sourceIds }: { orgId: string; sourceIds: string[] },
): Promise<void> {
  const now = await zones.clock(tx)
  const orgZone = (await zones.orgZone(tx, orgId)) ?? 'Etc/UTC'
  for (const sourceId of sourceIds) {
    const source = await sources.byId(tx, orgId, sourceId)
    const report = source && services.connectors.get(source.connectorId)?.report
    if (!source || !report || source.status === 'removed') continue
    const reach = await reachOf(tx, source, report)
    const range = backfillRange(reportDay(now, report.zone, source.accountTimeZone), { ...report, ...reach })
    const slices = (await runs.backfilledTo(tx, orgId, sourceId)) ? [] : monthSlices(range)
    await runs.plan(
      tx,
      orgId,
      slices.map(({ key, from, to }) => ({ sourceId, kind: 'backfill', key, fromDay: from, toDay: to })),
    )
    await awaitMidnight(tx, orgId, source.timeZone ?? orgZone)
    await services.queue.send('backfill', { orgId, sourceId }, { db: tx, key: sourceId })
    await sayProgress(services, tx, source)
  }
}

/** Shorter where an optional permission was not given. */
async function reachOf(tx: Db, { orgId, connectionId }: Source, report: Connector['report']) {
  const { reachWithout } = report
  if (!reachWithout) return {}
  const connection = await connections.byId(tx, orgId, connectionId)
  return connection?.scopes.includes(reachWithout.scope) ? {} : { reachDays: reachWithout.days }
}

/**
 * Plans the days nobody has read since the last good one, up to yesterday in the account's zone, and picks up a
 * backfill that was stopped. Safe to call twice: while such a run is open no second one is made.
 */
export async function planCatchUp(
  services: Services,
  tx: Db,
  { orgId, sourceId }: { orgId: string; sourceId: string },
): Promise<void> {
  const source = await sources.byId(tx, orgId, sourceId)
  const report = source && services.connectors.get(source.connectorId)?.report
  if (!source || !report || source.status === 'removed') return
  const now = await zones.clock(tx)
  await awaitMidnight(tx, orgId, source.timeZone ?? (await zones.orgZone(tx, orgId)) ?? 'Etc/UTC')
  await resume(services, tx, source)
  const readTo = source.lastGoodDay ?? (await runs.backfilledTo(tx, orgId, sourceId))
  const range = gapRange(reportDay(now, report.zone, source.accountTimeZone), readTo, report)
  if (range) await addRun(services, tx, source, 'catch-up', range, now)
}

/**
 * "Refresh now": what tonight's refresh would read, at once, and the backfill months that were given up. False: not
 * connected, or no day is over yet.
 */
export async function planManual(
  services: Services,
  tx: Db,
  { orgId, sourceId }: { orgId: string; sourceId: string },
): Promise<boolean> {
  const source = await sources.byId(tx, orgId, sourceId)
  const report = source && services.connectors.get(source.connectorId)?.report
  if (source?.status !== 'connected' || !report) return false
  const now = await zones.clock(tx)
  const readTo = source.lastGoodDay ?? (await runs.backfilledTo(tx, orgId, sourceId))
  const range = refreshRange(reportDay(now, report.zone, source.accountTimeZone), readTo, report, false)
  if (!range) return false
  await resume(services, tx, source)
  await addRun(services, tx, source, 'manual', range, now)
  return true
}

/** At most one edit in 30 real seconds: one waiting job per request, and every further one waits that long. */
export async function sayProgress(
  services: Services,
  tx: Db,
  source: Source,
  afterSeconds = 0,
): Promise<void> {
  const { orgId, requestId } = source
  if (!requestId) return
  await services.queue.send(
    'backfill-progress',
    { orgId, requestId },
    { db: tx, key: requestId, ...(afterSeconds > 0 && { afterSeconds }) },
  )
}

/** The last edit does not wait its turn: once nothing of the request is left to read, its message says so at once. */
export async function sayComplete(services: Services, tx: Db, { orgId, requestId }: Source): Promise<void> {
  if (!requestId) return
  const all = await runs.backfillOf(tx, orgId, requestId)
  if (all.some(({ slices, done, failed, status }) => status === 'connected' && done + failed < slices)) return
  await services.queue.send(
    'backfill-progress',
    { orgId, requestId },
    { db: tx, key: `${requestId} complete` },
  )
}

/** Backfill months that were stopped or given up go on where they were left. */
async function resume(services: Services, tx: Db, { orgId, id: sourceId }: Source): Promise<void> {
  await runs.resumeBackfill(tx, orgId, sourceId)
  if ((await runs.openOf(tx, orgId, sourceId, 'backfill')).length > 0)
    await services.queue.send('backfill', { orgId, sourceId }, { db: tx, key: sourceId })
}

async function addRun(
  services: Services,
  tx: Db,
  { orgId, id: sourceId }: Source,
  kind: 'catch-up' | 'manual',
  { from, to }: { from: string; to: string },
  now: Date,
): Promise<void> {
  const [open] = await runs.openOf(tx, orgId, sourceId, kind)
  const key = `${from}/${to} ${now.toISOString()}`
  const [runId] = open
    ? [open.id]
    : await runs.plan(tx, orgId, [{ sourceId, kind, key, fromDay: from, toDay: to }])
  if (runId === undefined) return
  await services.queue.send('sync-source', { orgId, sourceId, runId }, { db: tx, key: String(runId) })
}
