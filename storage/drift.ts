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

/**
 * Takes over what a run saw. Only a run that brought rows of the newest days (`judges`: no backfill) decides what is
 * missing and which flags stand. `offered` are the metrics the connector still asks for. Null: no such run.
 */
export async function judge(
  { sql }: Db,
  orgId: string,
  runId: number,
  { offered, judges }: { offered: string[]; judges: boolean },
): Promise<Judged | null> {
  const decides = sql`(${judges} and run.rows_read > 0)`
  const missing = sql`
    case when ${decides} then array(select name from unnest(was.metrics_known) as name
      where name = any(${offered}) and name <> all(run.metrics_seen) order by name)
    else was.missing_metrics end`
  const [row] = await sql<Judged[]>`
    update source set
      metrics_known = ${union(sql, 'was.metrics_known', 'run.metrics_seen')},
      flags = case when ${decides} then run.flags else ${union(sql, 'was.flags', 'run.flags')} end,
      missing_metrics = ${missing},
      degraded_since = case when cardinality(${missing}) > 0 then coalesce(was.degraded_since, latchkey.clock()) end
    from sync_run run join source was on was.org_id = run.org_id and was.id = run.source_id
    where run.org_id = ${orgId} and run.id = ${runId} and source.org_id = was.org_id and source.id = was.id
      and source.status <> 'removed'
    returning source.missing_metrics as missing, was.missing_metrics as before`
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
