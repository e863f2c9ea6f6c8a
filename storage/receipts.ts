/** What an owner's standing page shows: the sources one auth link connected, and what became of them. */
import type { Db } from './db.ts'

export type ReceiptSource = {
  id: string
  connectionId: string
  connectorId: string
  accountName: string
  status: 'connected' | 'disconnected' | 'paused' | 'removed'
  connectedAt: Date
  /** The last time anything was read; null: not yet. */
  readAt: Date | null
  removedAt: Date | null
  provider: string
  identityLabel: string
}

export async function ofRequest({ sql }: Db, orgId: string, requestId: string): Promise<ReceiptSource[]> {
  return sql<ReceiptSource[]>`
    select s.id, s.connection_id, s.connector_id, s.account_name, s.status, s.created_at as connected_at,
           s.removed_at, c.provider, c.identity_label,
           greatest(s.synced_at, (select max(r.ended_at) from sync_run r
                                  where r.org_id = s.org_id and r.source_id = s.id and r.status = 'done')) as read_at
    from source s join connection c on c.org_id = s.org_id and c.id = s.connection_id
    where s.org_id = ${orgId}
      and (s.request_id = ${requestId}
           or s.connection_id in (select id from connection where org_id = ${orgId} and request_id = ${requestId})
              and s.client_id = (select client_id from access_request where org_id = ${orgId} and id = ${requestId}))
    order by s.status = 'removed', s.connector_id, s.account_name`
}
