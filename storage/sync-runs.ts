/** Rows of sync_run: one attempt to read a range of days of one source, resumable from its cursor. */
import type { Db } from './db.ts'

export type RunKind = 'backfill' | 'daily' | 'catch-up' | 'manual'

export type SyncRun = {
  id: number
  orgId: string
  sourceId: string
  kind: RunKind
  key: string
  fromDay: string
  toDay: string
  status: 'queued' | 'running' | 'done' | 'failed' | 'stopped'
  /** Where the next page begins, in the connector's own words; null: at the start. */
  cursor: string | null
  epoch: number
  rowsRead: number
}

export type NewRun = { sourceId: string; kind: RunKind; key: string; fromDay: string; toDay: string }

/** Adds the runs that do not exist yet by (source, kind, key); returns the ids of the new ones. */
export async function plan({ sql }: Db, orgId: string, runs: NewRun[]): Promise<number[]> {
  if (runs.length === 0) return []
  const rows = await sql<{ id: number }[]>`
    insert into sync_run (org_id, source_id, kind, key, from_day, to_day)
    select ${orgId}, run.source, run.kind, run.key, run.from_day, run.to_day
    from unnest(${runs.map((run) => run.sourceId)}::uuid[], ${runs.map((run) => run.kind)}::text[],
      ${runs.map((run) => run.key)}::text[], ${runs.map((run) => run.fromDay)}::text[]::date[],
      ${runs.map((run) => run.toDay)}::text[]::date[]) as run (source, kind, key, from_day, to_day)
    where exists (select from source where org_id = ${orgId} and id = run.source)
    on conflict (source_id, kind, key) do nothing returning id`
  return rows.map(({ id }) => id)
}

/** Takes over a run that is not ended; whoever held it before is fenced out by the epoch. Null: there is none. */
export async function claim({ sql }: Db, orgId: string, id: number): Promise<SyncRun | null> {
  const [row] = await sql<SyncRun[]>`
    update sync_run set status = 'running', epoch = epoch + 1, attempts = attempts + 1,
      started_at = coalesce(started_at, latchkey.clock()), beat_at = clock_timestamp()
    where org_id = ${orgId} and id = ${id} and status in ('queued', 'running')
    returning ${columns(sql)}`
  return row ?? null
}

/**
 * Moves the cursor after a page, in the page's transaction, and remembers which metrics had a value so far and what was
 * flagged. False: fenced out, write nothing.
 */
export async function progress(
  { sql }: Db,
  orgId: string,
  { id, epoch }: { id: number; epoch: number },
  page: { cursor: string | null; rows: number; seen: string[]; flags: string[] },
): Promise<boolean> {
  const joined = (column: string, more: string[]) =>
    sql`array(select distinct name from unnest(${sql(column)} || ${more}::text[]) as name order by name)`
  const { count } = await sql`
    update sync_run set cursor = ${page.cursor}, rows_read = rows_read + ${page.rows}, beat_at = clock_timestamp(),
      metrics_seen = ${joined('metrics_seen', page.seen)}, flags = ${joined('flags', page.flags)}
    where org_id = ${orgId} and id = ${id} and epoch = ${epoch} and status = 'running'`
  return count === 1
}

/** Ends it well. False: fenced out. */
export async function finish(
  { sql }: Db,
  orgId: string,
  { id, epoch }: { id: number; epoch: number },
): Promise<boolean> {
  const { count } = await sql`
    update sync_run set status = 'done', cursor = null, ended_at = latchkey.clock(), failure_class = null,
      detail = null
    where org_id = ${orgId} and id = ${id} and epoch = ${epoch} and status = 'running'`
  return count === 1
}

/** Notes why an attempt failed. It stays open for the next attempt unless `last`. False: fenced out. */
export async function fail(
  { sql }: Db,
  orgId: string,
  { id, epoch }: { id: number; epoch: number },
  why: { failureClass: string; detail: string; last: boolean },
): Promise<boolean> {
  const { count } = await sql`
    update sync_run set status = ${why.last ? 'failed' : 'queued'}, failure_class = ${why.failureClass},
      detail = ${why.detail}, ended_at = case when ${why.last} then latchkey.clock() end
    where org_id = ${orgId} and id = ${id} and epoch = ${epoch} and status = 'running'`
  return count === 1
}

/** The run of one source by its key, whatever its status. */
export async function byKey(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  kind: RunKind,
  key: string,
): Promise<SyncRun | null> {
  const [row] = await sql<SyncRun[]>`
    select ${columns(sql)} from sync_run
    where org_id = ${orgId} and source_id = ${sourceId} and kind = ${kind} and key = ${key}`
  return row ?? null
}

/** Open runs of one kind, newest days first. */
export async function openOf(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  kind: RunKind,
): Promise<SyncRun[]> {
  return sql<SyncRun[]>`
    select ${columns(sql)} from sync_run
    where org_id = ${orgId} and source_id = ${sourceId} and kind = ${kind} and status in ('queued', 'running')
    order by to_day desc, id`
}

/** The newest day any backfill slice covers or will cover; null where none was planned. */
export async function backfilledTo({ sql }: Db, orgId: string, sourceId: string): Promise<string | null> {
  const [row] = await sql<{ day: string | null }[]>`
    select max(to_day) as day from sync_run
    where org_id = ${orgId} and source_id = ${sourceId} and kind = 'backfill'`
  return row?.day ?? null
}

/** The local day of the newest daily run that ended well before `day`. */
export async function lastDaily(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  day: string,
): Promise<string | null> {
  const [row] = await sql<{ key: string | null }[]>`
    select max(key) as key from sync_run
    where org_id = ${orgId} and source_id = ${sourceId} and kind = 'daily' and status = 'done' and key < ${day}`
  return row?.key ?? null
}

/** A newer day's run covers what older ones left open. */
export async function stopOlderDaily(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  day: string,
): Promise<void> {
  await sql`
    update sync_run set status = 'stopped', epoch = epoch + 1, ended_at = latchkey.clock()
    where org_id = ${orgId} and source_id = ${sourceId} and kind = 'daily' and key < ${day}
      and status in ('queued', 'running')`
}

/** Stops what is open for these sources (disconnected, removed): a worker inside is fenced out at its next page. */
export async function stop({ sql }: Db, orgId: string, sourceIds: string[]): Promise<void> {
  await sql`
    update sync_run set status = 'stopped', epoch = epoch + 1, ended_at = latchkey.clock()
    where org_id = ${orgId} and source_id = any(${sourceIds}::uuid[]) and status in ('queued', 'running')`
}

/** The same for all sources under the connection that are not connected any more. */
export async function stopUnder({ sql }: Db, orgId: string, connectionId: string): Promise<void> {
  await sql`
    update sync_run run set status = 'stopped', epoch = epoch + 1, ended_at = latchkey.clock()
    from source where source.org_id = ${orgId} and source.connection_id = ${connectionId}
      and source.status <> 'connected' and run.org_id = source.org_id and run.source_id = source.id
      and run.status in ('queued', 'running')`
}

/** Opens stopped and failed backfill slices again, where they were left. Returns how many. */
export async function resumeBackfill({ sql }: Db, orgId: string, sourceId: string): Promise<number> {
  const { count } = await sql`
    update sync_run set status = 'queued', ended_at = null, failure_class = null, detail = null
    where org_id = ${orgId} and source_id = ${sourceId} and kind = 'backfill' and status in ('stopped', 'failed')`
  return count
}

export type BackfillState = {
  sourceId: string
  connectorId: string
  accountName: string
  status: string
  slices: number
  done: number
  failed: number
  fromDay: string
  rows: number
}

/** How far the backfills of a request's sources are. Sources without one are left out. */
export async function backfillOf({ sql }: Db, orgId: string, requestId: string): Promise<BackfillState[]> {
  return sql<BackfillState[]>`
    select source.id as source_id, source.connector_id, source.account_name, source.status,
      count(*)::int as slices, (count(*) filter (where run.status = 'done'))::int as done,
      (count(*) filter (where run.status = 'failed'))::int as failed,
      min(run.from_day) as from_day, sum(run.rows_read)::bigint as rows
    from source join sync_run run on run.org_id = source.org_id and run.source_id = source.id
    where source.org_id = ${orgId} and source.request_id = ${requestId} and run.kind = 'backfill'
    group by source.id order by source.connector_id, source.account_name, source.id`
}

export type SilentRun = Pick<SyncRun, 'id' | 'orgId' | 'sourceId' | 'kind' | 'key'> & {
  connectionId: string
  /** In which its source refreshes. */
  timeZone: string
}

/** Open runs without a sign of life for ten real minutes, each handed out once per ten minutes. For the tick. */
export async function silentOfAllOrgs({ sql }: Db): Promise<SilentRun[]> {
  return sql<SilentRun[]>`
    with silent as (
      select run.id, source.connection_id, coalesce(source.time_zone, org.time_zone) as time_zone
      from sync_run run join source on source.org_id = run.org_id and source.id = run.source_id
        join org on org.id = run.org_id
      where run.status in ('queued', 'running') and run.beat_at < clock_timestamp() - interval '10 minutes'
        and source.status = 'connected'
      order by run.beat_at limit 500 for no key update of run skip locked)
    update sync_run set beat_at = clock_timestamp() from silent where sync_run.id = silent.id
    returning sync_run.id, org_id, source_id, kind, key, connection_id, time_zone`
}

const columns = (sql: Db['sql']) =>
  sql`id, org_id, source_id, kind, key, from_day, to_day, status, cursor, epoch, rows_read`
