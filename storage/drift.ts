/** What a finished run says about a source's own vocabulary: metrics that are gone, and flags on its figures. */
import type { Db } from './db.ts'

export type Judged = {
  /** Metrics it used to have and that had no value in any row. */
  missing: string[]
  /** As judged by the run before. */
  before: string[]
}

const union = (sql: Db['sql'], a: string, b: string) =>
  sql`array(select distinct name from unnest(${sql(a)} || ${sql(b)}) as name order by name)`

/** A metric that came and went in these reads is no news when it is gone again. */
const STEADY_READS = 3

/**
 * Takes over what a run saw. Only a run that brought rows of the newest days (`judges`: no backfill) decides what is
 * missing and which flags stand: a metric that had a value in each of the last reads and has none in this one, until it
 * has one again. `offered` are the metrics the connector still asks for. Null: no such run.
 */
export async function judge(
  { sql }: Db,
  orgId: string,
  runId: number,
  { offered, judges }: { offered: string[]; judges: boolean },
): Promise<Judged | null> {
  const wasSteady = sql`coalesce((select bool_and(name = any(lately.metrics_seen)) from (
    select metrics_seen from sync_run other where other.source_id = run.source_id and other.kind <> 'backfill'
      and other.status = 'done' and other.rows_read > 0 and other.id <> run.id
    order by ended_at desc, id desc limit ${STEADY_READS}) lately), false)`
  const [row] = await sql<Judged[]>`
    with told as (
      select was.id, was.metrics_known, was.flags, was.missing_metrics as before, run.metrics_seen,
        run.flags as flags_now, ${judges} and run.rows_read > 0 as decides,
        array(select name from unnest(was.metrics_known) as name
          where name = any(${offered}) and name <> all(run.metrics_seen)
            and (name = any(was.missing_metrics) or ${wasSteady}) order by name) as missing
      from sync_run run join source was on was.org_id = run.org_id and was.id = run.source_id
      where run.org_id = ${orgId} and run.id = ${runId} and was.status <> 'removed')
    update source set
      metrics_known = ${union(sql, 'told.metrics_known', 'told.metrics_seen')},
      flags = case when told.decides then told.flags_now else ${union(sql, 'told.flags', 'told.flags_now')} end,
      missing_metrics = case when told.decides then told.missing else told.before end,
      degraded_since = case when not told.decides then source.degraded_since
        when cardinality(told.missing) > 0 then coalesce(source.degraded_since, latchkey.clock()) end
    from told where source.org_id = ${orgId} and source.id = told.id
    returning source.missing_metrics as missing, told.before`
  return row ?? null
}

export type Mended = { orgId: string; id: string; connectionId: string; sourceIds: string[] }

/** Incidents about lost metrics none of whose sources lacks any now, with the sources that did. */
export async function mendedOfAllOrgs({ sql }: Db): Promise<Mended[]> {
  return sql<Mended[]>`
    select incident.org_id, incident.id, incident.connection_id,
      array(select distinct source.id from audit_event event join source
          on source.org_id = event.org_id and source.id = event.source_id and source.status <> 'removed'
        where event.connection_id = incident.connection_id and event.kind = 'source.degraded'
          and event.at >= incident.opened_at) as source_ids
    from incident
    where incident.kind = 'degraded' and incident.resolved_at is null and not exists (
      select from source where source.connection_id = incident.connection_id and source.status <> 'removed'
        and source.degraded_since is not null)`
}
