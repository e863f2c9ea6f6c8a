/** The newest auth links of an org, as `/access links` and the Home tab list them. */
import type { Db } from './db.ts'

export type ListedLink = {
  requestId: string
  clientName: string
  connectorIds: string[]
  status: string
  forSelf: boolean
  purpose: 'connect' | 'reconnect'
  requestedBy: string
  expiresAt: Date | null
  live: boolean
  resends: number
}

/** Requests whose link is still awaited first, then the newest; a queued request has no link yet. */
export async function newest({ sql }: Db, orgId: string, limit: number): Promise<ListedLink[]> {
  return sql<ListedLink[]>`
    select request.id as request_id, client.name as client_name, request.status, request.for_self,
      request.purpose, request.requested_by, link.expires_at, coalesce(link.resends, 0) as resends,
      coalesce(link.status = 'issued' and link.expires_at > latchkey.clock(), false) as live,
      (select array_agg(connector_id order by position) from item where request_id = request.id) as connector_ids
    from access_request request
    join client on client.id = request.client_id
    left join lateral (select * from auth_link where auth_link.request_id = request.id
      order by issued_at desc, id limit 1) as link on true
    where request.org_id = ${orgId}
    order by request.status in ('queued', 'sent', 'started', 'partial') desc, request.created_at desc
    limit ${limit}`
}
