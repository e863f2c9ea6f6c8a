/** The append-only record of what happened. Write it in the transaction of what it records. */
import type { Db } from './db.ts'

export type AuditEvent = {
  kind: string
  /** `slack:<user id>`, `owner:<masked address>` or `system`. */
  actor: string
  clientId?: string | null
  requestId?: string | null
  linkId?: string | null
  connectionId?: string | null
  sourceId?: string | null
  /** Facts a person may read later. Never a token, a credential or a whole e-mail address of an owner. */
  data?: Record<string, unknown>
}

export type RecordedEvent = {
  id: number
  at: Date
  kind: string
  actor: string
  data: Record<string, unknown>
}

/** Returns the event's id, which orders events of one org. */
export async function record({ sql }: Db, orgId: string, event: AuditEvent): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    insert into audit_event (org_id, kind, actor, client_id, request_id, link_id, connection_id, source_id, data)
    values (${orgId}, ${event.kind}, ${event.actor}, ${event.clientId ?? null}, ${event.requestId ?? null},
            ${event.linkId ?? null}, ${event.connectionId ?? null}, ${event.sourceId ?? null},
            ${sql.json((event.data ?? {}) as never)})
    returning id`
  return (row as { id: number }).id
}

/** Oldest first. */
export async function ofRequest({ sql }: Db, orgId: string, requestId: string): Promise<RecordedEvent[]> {
  return sql<RecordedEvent[]>`
    select id, at, kind, actor, data from audit_event
    where org_id = ${orgId} and request_id = ${requestId} order by id`
}
