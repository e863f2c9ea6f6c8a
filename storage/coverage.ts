/** Which days of a source hold data, and which have been read at all. */
import type { Db } from './db.ts'

export type CoveredDay = {
  day: string
  /** At least one row. */
  hasData: boolean
  /** A sync run that ended well covered it. */
  wasRead: boolean
}

/** Every day between the two, ends included, oldest first. */
export async function days(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  { from, to }: { from: string; to: string },
): Promise<CoveredDay[]> {
  return sql<CoveredDay[]>`
    with done as (
      select from_day, to_day from sync_run
      where org_id = ${orgId} and source_id = ${sourceId} and status = 'done' and to_day >= ${from})
    select d.day,
      exists (select from daily_metrics m
        where m.org_id = ${orgId} and m.source_id = ${sourceId} and m.date = d.day) as has_data,
      exists (select from done where d.day between from_day and to_day) as was_read
    from (select generate_series(${from}::date, ${to}::date, interval '1 day')::date as day) d order by d.day`
}

/** The oldest day any backfill of it was or will be asked for; null where none was planned. */
export async function backfilledFrom({ sql }: Db, orgId: string, sourceId: string): Promise<string | null> {
  const [row] = await sql<{ day: string | null }[]>`
    select min(from_day) as day from sync_run
    where org_id = ${orgId} and source_id = ${sourceId} and kind = 'backfill'`
  return row?.day ?? null
}
