/** Counts over the whole installation, for monitoring. No names, no ids. */
import type { Db } from './db.ts'

export type Gauge = { name: string; labels: Record<string, string>; value: number }

/** One row per kind of thing and status. */
export async function countsOfAllOrgs({ sql }: Db): Promise<Gauge[]> {
  const rows = await sql<{ name: string; status: string; value: number }[]>`
    select 'auth_links' as name, status, count(*)::int as value from auth_link group by status
    union all select 'access_requests', status, count(*)::int from access_request group by status
    union all select 'connections', status, count(*)::int from connection group by status
    union all select 'sources', status, count(*)::int from source group by status
    union all select 'deliveries', channel || '_' || status, count(*)::int from delivery group by channel, status
    union all select 'sync_runs', status, count(*)::int from sync_run
      where created_at > latchkey.clock() - interval '1 day' group by status
    union all select 'incidents', status, count(*)::int from incident where resolved_at is null group by status`
  return rows.map(({ name, status, value }) => ({ name, labels: { status }, value }))
}

/** Things that should stay near zero. */
export async function agesOfAllOrgs({ sql }: Db): Promise<Gauge[]> {
  const [row] = await sql<{ delayed: number; delivery: number; held: number }[]>`
    select (select count(*)::int from source where status = 'connected' and delayed_since is not null) as delayed,
           (select coalesce(extract(epoch from latchkey.clock() - min(created_at)), 0)::int
            from delivery where status = 'queued') as delivery,
           (select count(*)::int from held_credential) as held`
  if (!row) return []
  return [
    { name: 'sources_delayed', labels: {}, value: row.delayed },
    { name: 'oldest_queued_delivery_seconds', labels: {}, value: row.delivery },
    { name: 'held_credentials', labels: {}, value: row.held },
  ]
}
