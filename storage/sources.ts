/** Rows of source: one external account feeding one client through one connection. */
import type { Db } from './db.ts'

export type Source = {
  id: string
  orgId: string
  clientId: string
  connectionId: string
  connectorId: string
  accountId: string
  accountName: string
  accountParent: string | null
  currency: string | null
  accountTimeZone: string | null
  /** Of its daily refresh; null: the org's. */
  timeZone: string | null
  status: 'connected' | 'disconnected' | 'paused' | 'removed'
  failureClass: string | null
  detail: string | null
  disconnectedAt: Date | null
  delayedSince: Date | null
  /** Data are complete up to and including this account-local day. */
  lastGoodDay: string | null
  syncedAt: Date | null
  requestId: string | null
  createdAt: Date
}

export type NewSource = {
  clientId: string
  connectionId: string
  connectorId: string
  account: {
    id: string
    name: string
    parent?: string | null
    currency?: string | null
    timeZone?: string | null
  }
  requestId: string | null
}

/**
 * The client's source of this account, made if it is new. An existing one keeps its connection and status, which
 * are returned: healing and moving are somebody's decision, not a side effect.
 */
export async function upsert(
  { sql }: Db,
  orgId: string,
  { clientId, connectionId, connectorId, account, requestId }: NewSource,
): Promise<{ id: string; created: boolean; connectionId: string; status: Source['status'] }> {
  const [row] = await sql<{ id: string; created: boolean; connectionId: string; status: Source['status'] }[]>`
    insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name, account_parent,
      currency, account_time_zone, request_id)
    values (${orgId}, ${clientId}, ${connectionId}, ${connectorId}, ${account.id}, ${account.name},
      ${account.parent ?? null}, ${account.currency ?? null}, ${account.timeZone ?? null}, ${requestId})
    on conflict (org_id, client_id, connector_id, account_id) where status <> 'removed' do update set
      account_name = excluded.account_name,
      currency = coalesce(excluded.currency, source.currency),
      account_time_zone = coalesce(excluded.account_time_zone, source.account_time_zone)
    returning id, (xmax = 0) as created, connection_id, status`
  return row as { id: string; created: boolean; connectionId: string; status: Source['status'] }
}

export async function byId({ sql }: Db, orgId: string, id: string): Promise<Source | null> {
  const [row] = await sql<Source[]>`
    select ${columns(sql)} from source where org_id = ${orgId} and id = ${id}`
  return row ?? null
}

/** Not removed ones, of every client. */
export async function ofConnection({ sql }: Db, orgId: string, connectionId: string): Promise<Source[]> {
  return sql<Source[]>`
    select ${columns(sql)} from source
    where org_id = ${orgId} and connection_id = ${connectionId} and status <> 'removed'
    order by connector_id, account_name, id`
}

/** Connected ones, of every client, under the authorisation that this login gave the org through this OAuth app. */
export async function readThrough(
  { sql }: Db,
  orgId: string,
  login: { provider: string; oauthApp: string; identity: string },
): Promise<Source[]> {
  return sql<Source[]>`
    select ${columns(sql)} from source
    where org_id = ${orgId} and status = 'connected' and connection_id in (
      select id from connection where org_id = ${orgId} and provider = ${login.provider}
        and oauth_app = ${login.oauthApp} and identity = ${login.identity} and client_id is null)
    order by connector_id, account_name, id`
}

/** Those a request made or connected, whatever became of them since. */
export async function ofRequest({ sql }: Db, orgId: string, requestId: string): Promise<Source[]> {
  return sql<Source[]>`
    select ${columns(sql)} from source where org_id = ${orgId} and request_id = ${requestId}
    order by connector_id, account_name, id`
}

/** Connected sources of a connected connection that refresh in this zone; `orgZone` is what null stands for. */
export async function refreshedIn(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  timeZone: string,
): Promise<Source[]> {
  return sql<Source[]>`
    select ${columns(sql)} from source
    where org_id = ${orgId} and connection_id = ${connectionId} and status = 'connected'
      and coalesce(time_zone, (select org.time_zone from org where org.id = source.org_id)) = ${timeZone}
    order by id`
}

/** Marks the given sources disconnected; returns those that were connected until now. */
export async function disconnect(
  { sql }: Db,
  orgId: string,
  ids: string[],
  why: { failureClass: string; detail: string | null },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update source set status = 'disconnected', failure_class = ${why.failureClass}, detail = ${why.detail},
      disconnected_at = latchkey.clock()
    where org_id = ${orgId} and id = any(${ids}::uuid[]) and status = 'connected' returning id`
  return rows.map(({ id }) => id)
}

/** Remembers since when it is late. The first note stands until a run succeeds. */
export async function delay({ sql }: Db, orgId: string, id: string, detail: string | null): Promise<void> {
  await sql`
    update source set delayed_since = coalesce(delayed_since, latchkey.clock()), detail = ${detail}
    where org_id = ${orgId} and id = ${id} and status = 'connected'`
}

/** A run ended well: complete up to `day` (never moved back), not delayed. Currency and zone as the reports say. */
export async function advance(
  { sql }: Db,
  orgId: string,
  id: string,
  day: string,
  said: { currency: string | null; timeZone: string | null },
): Promise<void> {
  await sql`
    update source set last_good_day = greatest(last_good_day, ${day}::date), synced_at = latchkey.clock(),
      delayed_since = null, detail = case when status = 'connected' then null else detail end,
      currency = coalesce(${said.currency}, currency),
      account_time_zone = coalesce(${said.timeZone}, account_time_zone)
    where org_id = ${orgId} and id = ${id} and status <> 'removed'`
}

/** The zone of its daily refresh; null: the org's. */
export async function setTimeZone(
  { sql }: Db,
  orgId: string,
  id: string,
  zone: string | null,
): Promise<boolean> {
  const { count } = await sql`
    update source set time_zone = ${zone} where org_id = ${orgId} and id = ${id} and status <> 'removed'`
  return count === 1
}

/** Stops it for good; its data stay. False when it was removed already. */
export async function remove({ sql }: Db, orgId: string, id: string, by: string): Promise<boolean> {
  const { count } = await sql`
    update source set status = 'removed', removed_at = latchkey.clock(), removed_by = ${by}
    where org_id = ${orgId} and id = ${id} and status <> 'removed'`
  return count === 1
}

const columns = (sql: Db['sql']) => sql`
  id, org_id, client_id, connection_id, connector_id, account_id, account_name, account_parent, currency,
  account_time_zone, time_zone, status, failure_class, detail, disconnected_at, delayed_since, last_good_day,
  synced_at, request_id, created_at`
