/** Rows of connection: one held authorisation at a provider. Its sealed credential leaves only through credentials.ts. */
import type { Db } from './db.ts'

export type Connection = {
  id: string
  orgId: string
  provider: string
  oauthApp: string
  identity: string
  identityLabel: string
  clientId: string | null
  scopes: string[]
  status: 'connected' | 'disconnected' | 'removed'
  failureClass: string | null
  detail: string | null
  disconnectedAt: Date | null
  suspectedAt: Date | null
  verifiedAt: Date | null
  authorisedAt: Date
  authorisedBy: string
  requestId: string | null
  tokenExpiresAt: Date | null
  grantExpiresAt: Date | null
  createdAt: Date
}

export type NewConnection = {
  provider: string
  /** The OAuth app's client id; '' for keys. */
  oauthApp: string
  /** The provider's stable id of who authorised. */
  identity: string
  identityLabel: string
  /** Keys belong to one client; null for OAuth. */
  clientId: string | null
  scopes: string[]
  grantExpiresAt: Date | null
  authorisedBy: string
  requestId: string | null
}

/**
 * The connection of this identity, made or re-authorised: connected, without suspicion or failure. `existed` tells
 * a reconnect. Its epoch moves, so a renewal still under way with the old credential is fenced out.
 * The caller seals the credential for the id it gets back and stores it in the same transaction.
 */
export async function upsert(
  { sql }: Db,
  orgId: string,
  made: NewConnection,
): Promise<{ id: string; existed: boolean }> {
  const [row] = await sql<{ id: string; existed: boolean }[]>`
    insert into connection (org_id, provider, oauth_app, identity, identity_label, client_id, scopes,
      grant_expires_at, authorised_by, request_id, verified_at)
    values (${orgId}, ${made.provider}, ${made.oauthApp}, ${made.identity}, ${made.identityLabel},
      ${made.clientId}, ${made.scopes}, ${made.grantExpiresAt}, ${made.authorisedBy}, ${made.requestId},
      latchkey.clock())
    on conflict (org_id, provider, oauth_app, identity, client_id) do update set
      identity_label = excluded.identity_label, scopes = excluded.scopes,
      grant_expires_at = excluded.grant_expires_at, authorised_by = excluded.authorised_by,
      request_id = excluded.request_id, authorised_at = latchkey.clock(), verified_at = latchkey.clock(),
      status = 'connected', failure_class = null, detail = null, disconnected_at = null, suspected_at = null,
      epoch = connection.epoch + 1, lease_until = null
    returning id, (xmax <> 0) as existed`
  return row as { id: string; existed: boolean }
}

export async function byId({ sql }: Db, orgId: string, id: string): Promise<Connection | null> {
  const [row] = await sql<Connection[]>`
    select ${columns(sql)} from connection where org_id = ${orgId} and id = ${id}`
  return row ?? null
}

/** Connectors of what hangs under the authorisations that bear this label, whatever its letters' case. */
export async function connectorsUnderLabel(
  { sql }: Db,
  orgId: string,
  login: { provider: string; oauthApp: string; label: string },
): Promise<string[]> {
  const rows = await sql<{ connectorId: string }[]>`
    select distinct source.connector_id
    from connection join source on source.org_id = connection.org_id and source.connection_id = connection.id
    where connection.org_id = ${orgId} and provider = ${login.provider} and oauth_app = ${login.oauthApp}
      and lower(identity_label) = lower(${login.label}) and connection.status <> 'removed'
      and source.status <> 'removed'
    order by source.connector_id`
  return rows.map(({ connectorId }) => connectorId)
}

/** Marks it disconnected. False when it was not connected: somebody else has already decided. */
export async function disconnect(
  { sql }: Db,
  orgId: string,
  id: string,
  why: { failureClass: string; detail: string | null },
): Promise<boolean> {
  const { count } = await sql`
    update connection set status = 'disconnected', failure_class = ${why.failureClass}, detail = ${why.detail},
      disconnected_at = latchkey.clock(), epoch = epoch + 1, lease_until = null
    where org_id = ${orgId} and id = ${id} and status = 'connected'`
  return count === 1
}

/** The provider has answered with this credential: alive, whatever was suspected. */
export async function markVerified({ sql }: Db, orgId: string, id: string): Promise<void> {
  await sql`
    update connection set verified_at = latchkey.clock(), suspected_at = null
    where org_id = ${orgId} and id = ${id} and status = 'connected'`
}

/**
 * Connections whose first refusal is at least 60 s old and still undecided; none that was authorised less than 10
 * minutes ago, whose refusals mean nothing yet, and none that an open outage looks after. A sweep for the tick.
 */
export async function suspectedOfAllOrgs({ sql }: Db): Promise<{ orgId: string; connectionId: string }[]> {
  return sql<{ orgId: string; connectionId: string }[]>`
    select org_id, id as connection_id from connection
    where status = 'connected' and suspected_at <= latchkey.clock() - interval '60 seconds'
      and authorised_at <= latchkey.clock() - interval '10 minutes'
      and not exists (select from outage_hold hold join outage on outage.id = hold.outage_id
        where hold.connection_id = connection.id and hold.outcome is null and outage.ended_at is null
          and outage.failure_class = 'revoked')
    order by suspected_at limit 500`
}

/**
 * Whether another live connection, of any org, or somebody's unfinished sign-in shares the grant: revoking at the
 * provider would kill it too.
 */
export async function sharesGrantWithAnyOrg({ sql }: Db, orgId: string, id: string): Promise<boolean> {
  const [row] = await sql<{ shared: boolean }[]>`
    select exists (
      select from connection mine join connection other
        on (other.provider, other.oauth_app, other.identity) = (mine.provider, mine.oauth_app, mine.identity)
      where mine.org_id = ${orgId} and mine.id = ${id} and other.id <> mine.id and other.status = 'connected'
    ) or exists (
      select from connection mine join held_credential held
        on (held.provider, held.oauth_app, held.identity) = (mine.provider, mine.oauth_app, mine.identity)
      where mine.org_id = ${orgId} and mine.id = ${id}
    ) as shared`
  return row?.shared ?? false
}

const columns = (sql: Db['sql']) => sql`
  id, org_id, provider, oauth_app, identity, identity_label, client_id, scopes, status, failure_class, detail,
  disconnected_at, suspected_at, verified_at, authorised_at, authorised_by, request_id, token_expires_at,
  grant_expires_at, created_at`
