/** What an alert card tells: the sources under a connection with their clients, and where it has been posted. */
import type { Db } from './db.ts'

export type AlertSource = {
  id: string
  connectorId: string
  accountName: string
  status: 'connected' | 'disconnected' | 'paused' | 'removed'
  failureClass: string | null
  delayedSince: Date | null
  lastGoodDay: string | null
  /** What it used to say and the last reads did not, by the connector's own names. */
  missingMetrics: string[]
  clientId: string
  clientName: string
  clientChannelId: string | null
}

/** Every source that is or was under the connection, or is named in `also` (a move takes sources away). */
export async function sourcesUnder(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  also: string[],
): Promise<AlertSource[]> {
  return sql<AlertSource[]>`
    select source.id, source.connector_id, source.account_name, source.status, source.failure_class,
           source.delayed_since, source.last_good_day, source.missing_metrics, client.id as client_id,
           client.name as client_name, client.channel_id as client_channel_id
    from source join client on client.org_id = source.org_id and client.id = source.client_id
    where source.org_id = ${orgId} and (source.connection_id = ${connectionId} or source.id = any(${also}::uuid[]))
    order by lower(client.name), source.connector_id, source.account_name, source.id`
}

export type AlertPost = { place: string; channelId: string; ts: string; contentHash: Buffer | null }

/** Cards of the incident that stand in Slack. `place` is the channel or user id it was sent to. */
export async function postsOf({ sql }: Db, orgId: string, incidentId: string): Promise<AlertPost[]> {
  return sql<AlertPost[]>`
    select split_part(key, ':', 3) as place, channel_id, ts, content_hash from slack_post
    where org_id = ${orgId} and key like ${`incident:${incidentId}:%`} and key not like '%:event:%'
      and ts is not null
    order by key`
}

/** Who pressed for the connection: the member who asked for it. Null when it was made without a request. */
export async function makerOf({ sql }: Db, orgId: string, connectionId: string): Promise<string | null> {
  const [row] = await sql<{ requestedBy: string }[]>`
    select requested_by from connection join access_request
      on access_request.org_id = connection.org_id and access_request.id = connection.request_id
    where connection.org_id = ${orgId} and connection.id = ${connectionId}`
  return row?.requestedBy ?? null
}
