/** Rows of refresh_zone: when an org's sources of one zone refresh next. The instants are computed by the caller. */
import type { Db } from './db.ts'

export type DueZone = { orgId: string; timeZone: string; now: Date }

/** Locks up to `limit` due rows that no other node holds. Call in a transaction and `move` them before it ends. */
export async function claimDueOfAllOrgs({ sql }: Db, limit: number): Promise<DueZone[]> {
  return sql<DueZone[]>`
    select org_id, time_zone, latchkey.clock() as now from refresh_zone
    where next_refresh_at <= latchkey.clock()
    order by next_refresh_at limit ${limit} for no key update skip locked`
}

export async function moveOfAllOrgs(
  { sql }: Db,
  rows: { orgId: string; timeZone: string; at: Date }[],
): Promise<void> {
  await sql`
    update refresh_zone zone set next_refresh_at = moved.at
    from unnest(${rows.map((row) => row.orgId)}::uuid[], ${rows.map((row) => row.timeZone)}::text[],
      ${rows.map((row) => row.at.toISOString())}::timestamptz[]) as moved (org_id, time_zone, at)
    where zone.org_id = moved.org_id and zone.time_zone = moved.time_zone`
}

export type DueConnection = { connectionId: string; orgId: string; timeZone: string }

/** Connected connections with a connected source that refreshes in the given (org, zone). */
export async function connectionsOfAllOrgs(
  { sql }: Db,
  zones: { orgId: string; timeZone: string }[],
): Promise<DueConnection[]> {
  return sql<DueConnection[]>`
    select connection.id as connection_id, connection.org_id, due.time_zone
    from unnest(${zones.map((zone) => zone.orgId)}::uuid[], ${zones.map((zone) => zone.timeZone)}::text[])
      as due (org_id, time_zone)
    join org on org.id = due.org_id
    join connection on connection.org_id = org.id and connection.status = 'connected'
    where exists (
      select from source where source.connection_id = connection.id and source.status = 'connected'
        and coalesce(source.time_zone, org.time_zone) = due.time_zone)`
}

/** The database's instant on latchkey's clock: what local days are computed from. */
export async function clock({ sql }: Db): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select latchkey.clock() as now`
  return (row as { now: Date }).now
}

/** Adds the zone where the org has it not yet; an existing time stays. */
export async function ensure({ sql }: Db, orgId: string, timeZone: string, nextAt: Date): Promise<void> {
  await sql`
    insert into refresh_zone (org_id, time_zone, next_refresh_at)
    select id, ${timeZone}, ${nextAt} from org where id = ${orgId} on conflict do nothing`
}

export async function ofOrg(
  { sql }: Db,
  orgId: string,
): Promise<{ timeZone: string; nextRefreshAt: Date }[]> {
  return sql<{ timeZone: string; nextRefreshAt: Date }[]>`
    select time_zone, next_refresh_at from refresh_zone where org_id = ${orgId} order by next_refresh_at`
}

/** Forgets zones that neither the org nor one of its sources uses any more. */
export async function prune({ sql }: Db, orgId: string): Promise<void> {
  await sql`
    delete from refresh_zone zone where org_id = ${orgId}
      and not exists (select from org where org.id = zone.org_id and org.time_zone = zone.time_zone)
      and not exists (select from source where source.org_id = zone.org_id and source.status <> 'removed'
        and source.time_zone = zone.time_zone)`
}

export async function orgZone({ sql }: Db, orgId: string): Promise<string | null> {
  const [row] = await sql<{ timeZone: string }[]>`select time_zone from org where id = ${orgId}`
  return row?.timeZone ?? null
}

/** False when the org had this zone already. */
export async function setOrgZone({ sql }: Db, orgId: string, timeZone: string): Promise<boolean> {
  const { count } = await sql`
    update org set time_zone = ${timeZone} where id = ${orgId} and time_zone <> ${timeZone}`
  return count === 1
}

/** Zones in which a connected source refreshes but whose midnight nobody awaits. For the tick. */
export async function missingOfAllOrgs({ sql }: Db): Promise<{ orgId: string; timeZone: string }[]> {
  return sql<{ orgId: string; timeZone: string }[]>`
    select distinct source.org_id, coalesce(source.time_zone, org.time_zone) as time_zone
    from source join org on org.id = source.org_id
    where source.status = 'connected' and not exists (
      select from refresh_zone zone
      where zone.org_id = source.org_id and zone.time_zone = coalesce(source.time_zone, org.time_zone))
    limit 500`
}
