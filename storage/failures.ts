/** How a connection falls with all its sources, and how they rise again: set-wise, and won by exactly one caller. */
import type { Db } from './db.ts'

/**
 * Disconnects the connection and every connected source under it. Null when somebody was first, or when the
 * connection was authorised anew since: a confirmed refusal has left `failure_class = 'revoked'` on the row, and a
 * new authorisation wipes it.
 */
export async function fall(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  detail: string,
): Promise<{ sources: number } | null> {
  const [row] = await sql<{ won: number; sources: number }[]>`
    with dead as (
      update connection
      set status = 'disconnected', detail = ${detail}, disconnected_at = latchkey.clock(), suspected_at = null,
          epoch = epoch + 1, lease_until = null
      where org_id = ${orgId} and id = ${connectionId} and status = 'connected' and failure_class = 'revoked'
      returning id),
    fallen as (
      update source
      set status = 'disconnected', failure_class = 'revoked', detail = ${detail},
          disconnected_at = latchkey.clock(), delayed_since = null
      from dead
      where source.org_id = ${orgId} and source.connection_id = dead.id and source.status = 'connected'
      returning source.id)
    select (select count(*) from dead)::int as won, (select count(*) from fallen)::int as sources`
  return row && row.won > 0 ? { sources: row.sources } : null
}

/** Only while the connection itself is connected, so that one that fell meanwhile heals nothing. Returns the healed. */
export async function rise(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  sourceIds: string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update source
    set status = 'connected', failure_class = null, detail = null, disconnected_at = null, delayed_since = null
    from connection
    where source.org_id = ${orgId} and source.connection_id = ${connectionId}
      and source.id = any(${sourceIds}::uuid[]) and source.status = 'disconnected'
      and connection.org_id = source.org_id and connection.id = source.connection_id
      and connection.status = 'connected'
    returning source.id`
  return rows.map(({ id }) => id)
}

export type StillDown = { sourceId: string; failureClass: string; detail: string }

/** Why each source stays disconnected after a look. */
export async function keepDown({ sql }: Db, orgId: string, sources: StillDown[]): Promise<void> {
  await sql`
    update source set failure_class = why.failure_class, detail = why.detail
    from unnest(${sources.map(({ sourceId }) => sourceId)}::uuid[],
                ${sources.map(({ failureClass }) => failureClass)}::text[],
                ${sources.map(({ detail }) => detail)}::text[]) as why (id, failure_class, detail)
    where source.org_id = ${orgId} and source.id = why.id and source.status = 'disconnected'`
}

/** Holds the row until the transaction ends, so that a fall and a heal of one connection take turns. */
export async function lockAlive({ sql }: Db, orgId: string, connectionId: string): Promise<boolean> {
  const { count } = await sql`
    select from connection where org_id = ${orgId} and id = ${connectionId} and status = 'connected'
      and failure_class is null for update`
  return count === 1
}

/** The same, also where a refusal is decided and its fall still to come. */
export async function lockConnected({ sql }: Db, orgId: string, connectionId: string): Promise<boolean> {
  const { count } = await sql`
    select from connection where org_id = ${orgId} and id = ${connectionId} and status = 'connected' for update`
  return count === 1
}

/** Without a source in particular: all under the connection are late. The first note stands. */
export async function delayAll(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  detail: string,
): Promise<void> {
  await sql`
    update source set delayed_since = coalesce(delayed_since, latchkey.clock()), detail = ${detail}
    where org_id = ${orgId} and connection_id = ${connectionId} and status = 'connected'`
}

/**
 * Connections with a connected source that has waited for data since before `days` days, and no incident or outage that
 * says so. A sweep for the tick.
 */
export async function longDelayedOfAllOrgs(
  { sql }: Db,
  days: number,
): Promise<{ orgId: string; connectionId: string }[]> {
  return sql<{ orgId: string; connectionId: string }[]>`
    select distinct source.org_id, source.connection_id
    from source join connection on connection.id = source.connection_id and connection.status = 'connected'
    where source.status = 'connected' and source.delayed_since <= latchkey.clock() - make_interval(days => ${days})
      and not exists (select from incident where incident.connection_id = source.connection_id
        and incident.kind = 'staff' and incident.resolved_at is null)
      and not exists (select from outage_hold hold
        where hold.connection_id = source.connection_id and hold.outcome is null)
    limit 500`
}
