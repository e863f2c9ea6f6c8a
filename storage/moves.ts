/** Moves: an authorisation under another identity than the one it should heal, until an admin decides. */
import type { Db } from './db.ts'

export type Move = {
  id: string
  orgId: string
  fromConnectionId: string
  toConnectionId: string
  requestId: string
  sourceIds: string[]
  status: 'open' | 'moved' | 'kept' | 'cancelled'
  decidedBy: string | null
  createdAt: Date
  decidedAt: Date | null
}

/** One open move per pair; a later sign-in with the same login brings it up to date. */
export async function propose(
  { sql }: Db,
  orgId: string,
  move: Pick<Move, 'fromConnectionId' | 'toConnectionId' | 'requestId' | 'sourceIds'>,
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into move (org_id, from_connection_id, to_connection_id, request_id, source_ids)
    values (${orgId}, ${move.fromConnectionId}, ${move.toConnectionId}, ${move.requestId},
      ${move.sourceIds}::uuid[])
    on conflict (from_connection_id, to_connection_id) where status = 'open' do update
    set request_id = excluded.request_id, source_ids = excluded.source_ids
    returning id`
  return (row as { id: string }).id
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<Move | null> {
  const [row] = await sql<Move[]>`select * from move where org_id = ${orgId} and id = ${id}`
  return row ?? null
}

/** Null when somebody has decided before. */
export async function decide(
  { sql }: Db,
  orgId: string,
  id: string,
  { as, by }: { as: 'moved' | 'kept' | 'cancelled'; by: string },
): Promise<Move | null> {
  const [row] = await sql<Move[]>`
    update move set status = ${as}, decided_by = ${by}, decided_at = latchkey.clock()
    where org_id = ${orgId} and id = ${id} and status = 'open' returning *`
  return row ?? null
}

/** Answers what is still asked about a connection of which nothing asked about is down any more. */
export async function closeHealed(
  { sql }: Db,
  orgId: string,
  connectionId: string,
): Promise<{ id: string; toConnectionId: string }[]> {
  return sql<{ id: string; toConnectionId: string }[]>`
    update move set status = 'kept', decided_at = latchkey.clock()
    where org_id = ${orgId} and from_connection_id = ${connectionId} and status = 'open'
      and not exists (select from source where source.id = any(move.source_ids) and source.org_id = move.org_id
        and source.status = 'disconnected')
    returning id, to_connection_id`
}

/** Hangs what is down under the new connection, and leaves what still works where it is. Returns what moved. */
export async function repoint({ sql }: Db, orgId: string, move: Move): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update source set connection_id = ${move.toConnectionId}, request_id = ${move.requestId}
    where org_id = ${orgId} and connection_id = ${move.fromConnectionId} and id = any(${move.sourceIds}::uuid[])
      and status = 'disconnected'
    returning id`
  return rows.map(({ id }) => id)
}

/** Connections whose sources were moved here and whose incidents are still open. */
export async function unsettledInto({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ fromConnectionId: string }[]>`
    select distinct move.from_connection_id from move join incident
      on incident.connection_id = move.from_connection_id and incident.resolved_at is null
    where move.org_id = ${orgId} and move.to_connection_id = ${connectionId} and move.status = 'moved'`
  return rows.map(({ fromConnectionId }) => fromConnectionId)
}

/** True when nothing needs the connection: no source hangs under it and no other move waits for it. */
export async function isUnused({ sql }: Db, orgId: string, connectionId: string): Promise<boolean> {
  const [row] = await sql<{ unused: boolean }[]>`
    select not exists (select from source where org_id = ${orgId} and connection_id = ${connectionId}
        and status <> 'removed')
      and not exists (select from move where org_id = ${orgId} and status = 'open'
        and ${connectionId} in (from_connection_id, to_connection_id)) as unused`
  return row?.unused ?? false
}
