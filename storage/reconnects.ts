/** What reconnecting a connection is about, and the personal links members hold for it. */
import type { Db } from './db.ts'

export type SelfLink = { linkId: string; keyId: string; requestId: string; expiresAt: Date }

/** The member's own link for this connection that may still be used: a second press shows it again. */
export async function openSelfLink(
  { sql }: Db,
  orgId: string,
  { connectionId, userId }: { connectionId: string; userId: string },
): Promise<SelfLink | null> {
  const [row] = await sql<SelfLink[]>`
    select auth_link.id as link_id, auth_link.key_id, access_request.id as request_id, auth_link.expires_at
    from access_request join auth_link on auth_link.org_id = access_request.org_id
      and auth_link.request_id = access_request.id
    where access_request.org_id = ${orgId} and access_request.connection_id = ${connectionId}
      and access_request.purpose = 'reconnect' and access_request.for_self
      and access_request.requested_by = ${userId} and auth_link.status = 'issued'
      and auth_link.expires_at > latchkey.clock()
    order by auth_link.issued_at desc limit 1`
  return row ?? null
}

/** How many reconnects of this connection were asked for so far: two presses at once see the same number. */
export async function countAsked({ sql }: Db, orgId: string, connectionId: string): Promise<number> {
  const [row] = await sql<{ asked: number }[]>`
    select count(*)::int as asked from access_request
    where org_id = ${orgId} and connection_id = ${connectionId} and purpose = 'reconnect'`
  return row?.asked ?? 0
}

/** An owner who was asked already and can still act. */
export async function openAsk(
  { sql }: Db,
  orgId: string,
  connectionId: string,
): Promise<{ requestId: string; requestedBy: string; status: string; at: Date } | null> {
  const [row] = await sql<{ requestId: string; requestedBy: string; status: string; at: Date }[]>`
    select id as request_id, requested_by, status, created_at as at from access_request
    where org_id = ${orgId} and connection_id = ${connectionId} and purpose = 'reconnect' and not for_self
      and status in ('queued', 'sent', 'started', 'partial')
    order by created_at desc limit 1`
  return row ?? null
}

/** Requests to reconnect it that wait or whose link nobody has used yet. */
export async function unbegunOf({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from access_request
    where org_id = ${orgId} and connection_id = ${connectionId} and purpose = 'reconnect'
      and status in ('queued', 'sent')
    order by id`
  return rows.map(({ id }) => id)
}

export type Down = {
  connectionId: string
  provider: string
  identityLabel: string
  status: 'connected' | 'disconnected'
  failureClass: string
  since: Date
  sources: number
  clients: number
  lastGoodDay: string | null
}

/** Connections with disconnected sources, longest first. */
export async function downOf({ sql }: Db, orgId: string): Promise<Down[]> {
  return sql<Down[]>`
    select connection.id as connection_id, connection.provider, connection.identity_label, connection.status,
      coalesce(connection.failure_class, min(source.failure_class), 'revoked') as failure_class,
      coalesce(connection.disconnected_at, min(source.disconnected_at), connection.created_at) as since,
      count(source.id)::int as sources, count(distinct source.client_id)::int as clients,
      min(source.last_good_day) as last_good_day
    from connection join source on source.org_id = connection.org_id and source.connection_id = connection.id
    where connection.org_id = ${orgId} and connection.status <> 'removed' and source.status = 'disconnected'
    group by connection.id
    order by since, connection.id`
}
