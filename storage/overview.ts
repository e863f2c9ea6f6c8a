/** What the lists of the edges show: sources and open requests with the names beside them. Reading only. */
import type { Db } from './db.ts'

export type SourceRow = {
  id: string
  connectionId: string
  connectorId: string
  accountName: string
  clientId: string
  clientName: string
  identityLabel: string
  /** E-mail address or Slack user id of who authorised. */
  authorisedBy: string
  authorisedAt: Date
  /** Of the whole authorisation, where the provider says. */
  grantExpiresAt: Date | null
  status: 'connected' | 'disconnected' | 'paused'
  failureClass: string | null
  disconnectedAt: Date | null
  delayedSince: Date | null
  lastGoodDay: string | null
  degradedSince: Date | null
  /** Metrics it used to have, by the connector's names. */
  missingMetrics: string[]
  /** What the provider says is wrong with the last figures, in machine words. */
  flags: string[]
  /** Month slices of the first read. */
  slicesDone: number
  slicesOpen: number
}

export type SourceFilter = { clientId: string | null; disconnected: boolean }

/** What needs somebody first: disconnected, then late, then by client and name. */
export async function sourcesOf(
  { sql }: Db,
  orgId: string,
  { clientId, disconnected }: SourceFilter,
  limit: number,
): Promise<SourceRow[]> {
  return sql<SourceRow[]>`
    select source.id, source.connection_id, source.connector_id, source.account_name, source.client_id,
      client.name as client_name, connection.identity_label, connection.authorised_by, connection.authorised_at,
      connection.grant_expires_at, source.status, source.failure_class, source.disconnected_at,
      source.delayed_since, source.last_good_day, source.degraded_since, source.missing_metrics, source.flags,
      slices.done as slices_done, slices.open as slices_open
    from source
    join client on client.id = source.client_id
    join connection on connection.id = source.connection_id
    cross join lateral (
      select count(*) filter (where run.status = 'done')::int as done,
        count(*) filter (where run.status in ('queued', 'running'))::int as open
      from sync_run run where run.source_id = source.id and run.kind = 'backfill') slices
    where source.org_id = ${orgId} and source.status <> 'removed'
      and (${clientId}::uuid is null or source.client_id = ${clientId})
      and (not ${disconnected} or source.status = 'disconnected')
    order by source.status <> 'disconnected', source.delayed_since is null,
      source.degraded_since is null, lower(client.name),
      source.connector_id, lower(source.account_name), source.id
    limit ${limit}`
}

export type SourceCounts = { connected: number; disconnected: number; delayed: number; paused: number }

/** Together they are every source that is not removed; delayed ones are connected still and counted once. */
export async function countSources(
  { sql }: Db,
  orgId: string,
  clientId: string | null,
): Promise<SourceCounts> {
  const [row] = await sql<SourceCounts[]>`
    select count(*) filter (where status = 'connected' and delayed_since is null)::int as connected,
      count(*) filter (where status = 'disconnected')::int as disconnected,
      count(*) filter (where status = 'connected' and delayed_since is not null)::int as delayed,
      count(*) filter (where status = 'paused')::int as paused
    from source
    where org_id = ${orgId} and status <> 'removed' and (${clientId}::uuid is null or client_id = ${clientId})`
  return row as SourceCounts
}

/** Clients that have a source, by name. */
export async function clientsWithSources(
  { sql }: Db,
  orgId: string,
  limit: number,
): Promise<{ id: string; name: string }[]> {
  return sql<{ id: string; name: string }[]>`
    select id, name from client
    where org_id = ${orgId}
      and exists (select from source where source.client_id = client.id and source.status <> 'removed')
    order by lower(name) limit ${limit}`
}

export type OpenRequest = {
  id: string
  clientName: string
  connectorIds: string[]
  purpose: 'connect' | 'reconnect'
  status: 'queued' | 'sent' | 'started' | 'partial'
  requestedBy: string
  ownerEmail: string | null
  ownerSlackUserId: string | null
  createdAt: Date
  /** Of its link; null while it is queued. */
  expiresAt: Date | null
}

/** Newest first. A member's own connects are left out: nobody waits for them. */
export async function openRequests(
  { sql }: Db,
  orgId: string,
  limit: number,
): Promise<{ total: number; requests: OpenRequest[] }> {
  const rows = await sql<(OpenRequest & { total: number })[]>`
    select request.id, client.name as client_name, request.purpose, request.status, request.requested_by,
      request.owner_email, request.owner_slack_user_id, request.created_at,
      (select array_agg(connector_id order by position) from item where item.request_id = request.id)
        as connector_ids,
      (select max(expires_at) from auth_link link where link.request_id = request.id and link.status = 'issued')
        as expires_at,
      count(*) over ()::int as total
    from access_request request join client on client.id = request.client_id
    where request.org_id = ${orgId} and request.status in ('queued', 'sent', 'started', 'partial')
      and not request.for_self
    order by request.created_at desc, request.id limit ${limit}`
  return { total: rows[0]?.total ?? 0, requests: rows.map(({ total, ...request }) => request) }
}

export type Access = {
  clientName: string
  provider: string
  identityLabel: string
  authorisedBy: string
  authorisedAt: Date
  status: 'connected' | 'disconnected'
  connectorIds: string[]
  accounts: number
}

/** Who gave access to what: one row per client and connection that still has sources. */
export async function accessOf(
  { sql }: Db,
  orgId: string,
  clientId: string | null,
  limit: number,
): Promise<Access[]> {
  return sql<Access[]>`
    select client.name as client_name, connection.provider, connection.identity_label, connection.authorised_by,
      connection.authorised_at, connection.status, count(*)::int as accounts,
      array_agg(distinct source.connector_id) as connector_ids
    from source
    join client on client.id = source.client_id
    join connection on connection.id = source.connection_id
    where source.org_id = ${orgId} and source.status <> 'removed'
      and (${clientId}::uuid is null or source.client_id = ${clientId})
    group by client.id, connection.id
    order by lower(client.name), connection.provider, connection.authorised_at limit ${limit}`
}
