/** Taking things away for good: a source's last connection, its credential and its alerts. */
import type { Db } from './db.ts'

export type Removable = {
  sourceId: string
  clientId: string
  connectionId: string
  connectorId: string
  accountName: string
  clientName: string
  provider: string
  identityLabel: string
  status: string
  /** No other source that is not removed hangs under the connection. */
  last: boolean
}

/** Removals under one connection, its fall and its heal take turns: only then one of two removals sees that it is last. */
export async function lockConnectionOf({ sql }: Db, orgId: string, sourceId: string): Promise<void> {
  await sql`
    select from connection where org_id = ${orgId}
      and id = (select connection_id from source where org_id = ${orgId} and id = ${sourceId}) for no key update`
}

/** Removed ones are found too, so that a second press can be answered. */
export async function find({ sql }: Db, orgId: string, sourceId: string): Promise<Removable | null> {
  const [row] = await sql<Removable[]>`
    select source.id as source_id, source.client_id, source.connection_id, source.connector_id,
      source.account_name, source.status, client.name as client_name, connection.provider,
      connection.identity_label,
      not exists (select from source other where other.connection_id = source.connection_id
        and other.id <> source.id and other.status <> 'removed') as last
    from source join client on client.id = source.client_id join connection on connection.id = source.connection_id
    where source.org_id = ${orgId} and source.id = ${sourceId}`
  return row ?? null
}

export type Unused = { provider: string; sealed: string | null; identityLabel: string }

/** Null while a source still needs the connection, or once it is removed. */
export async function unused({ sql }: Db, orgId: string, connectionId: string): Promise<Unused | null> {
  const [row] = await sql<Unused[]>`
    select provider, credential_sealed as sealed, identity_label from connection
    where org_id = ${orgId} and id = ${connectionId} and status <> 'removed'
      and not exists (select from source where connection_id = connection.id and status <> 'removed')`
  return row ?? null
}

/** Destroys the credential, unless a source hangs under it again. Returns whether this call did it. */
export async function endUnused({ sql }: Db, orgId: string, connectionId: string): Promise<boolean> {
  const { count } = await sql`
    update connection set status = 'removed', credential_sealed = null, epoch = epoch + 1, lease_until = null
    where org_id = ${orgId} and id = ${connectionId} and status <> 'removed'
      and not exists (select from source where connection_id = connection.id and status <> 'removed')`
  return count === 1
}

/**
 * Alerts about single accounts or permissions end when the last source they are about is gone, so that the next loss
 * is an alert of its own.
 */
export async function archiveEmptied({ sql }: Db, orgId: string, connectionId: string): Promise<void> {
  await sql`
    update incident set status = 'archived', resolved_at = latchkey.clock(), resolved_by = 'system'
    where org_id = ${orgId} and connection_id = ${connectionId} and resolved_at is null
      and kind in ('accounts', 'scope') and not exists (
        select from source where source.org_id = incident.org_id and source.connection_id = incident.connection_id
          and source.status = 'disconnected' and source.failure_class =
            case incident.kind when 'accounts' then 'account_lost' else 'scope_missing' end)`
}

/** There is nothing left to reconnect. Returns the incidents whose cards must change. */
export async function archiveIncidents({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update incident set status = 'archived', resolved_at = latchkey.clock(), resolved_by = 'system'
    where org_id = ${orgId} and connection_id = ${connectionId} and resolved_at is null returning id`
  return rows.map(({ id }) => id)
}
