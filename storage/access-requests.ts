/** Rows of access_request and item: the wish, which may outlive several links. */
import type { Db } from './db.ts'

export type RequestStatus =
  | 'queued'
  | 'sent'
  | 'started'
  | 'partial'
  | 'finished'
  | 'expired'
  | 'cancelled'
  | 'declined'
  | 'superseded'

export type Item = { connectorId: string; accountHint: string }

export type AccessRequest = {
  id: string
  orgId: string
  clientId: string
  purpose: 'connect' | 'reconnect'
  forSelf: boolean
  connectionId: string | null
  requestedBy: string
  channelId: string
  ownerEmail: string | null
  ownerSlackUserId: string | null
  ownerName: string | null
  ownerTimeZone: string | null
  note: string
  status: RequestStatus
  queueNo: number | null
  unfinished: boolean
  createdAt: Date
  endedAt: Date | null
}

export type NewRequest = Omit<
  AccessRequest,
  'id' | 'orgId' | 'queueNo' | 'unfinished' | 'createdAt' | 'endedAt'
> & { submissionKey: string; items: Item[] }

/** Callers with the same submission key wait for each other until the transaction ends. */
export async function lockSubmission({ sql }: Db, orgId: string, submissionKey: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${orgId}:${submissionKey}`}, 0))`
}

export async function findBySubmission(
  { sql }: Db,
  orgId: string,
  submissionKey: string,
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from access_request where org_id = ${orgId} and submission_key = ${submissionKey}`
  return row?.id ?? null
}

/** A queued request gets its number in the org's order. */
export async function insert({ sql }: Db, orgId: string, request: NewRequest): Promise<string> {
  const { items, ...rest } = request
  const [row] = await sql<{ id: string }[]>`
    with made as (
      insert into access_request (org_id, client_id, purpose, for_self, connection_id, requested_by, channel_id,
        submission_key, owner_email, owner_slack_user_id, owner_name, owner_time_zone, note, status, queue_no)
      values (${orgId}, ${rest.clientId}, ${rest.purpose}, ${rest.forSelf}, ${rest.connectionId},
        ${rest.requestedBy}, ${rest.channelId}, ${rest.submissionKey}, ${rest.ownerEmail},
        ${rest.ownerSlackUserId}, ${rest.ownerName}, ${rest.ownerTimeZone}, ${rest.note}, ${rest.status},
        case when ${rest.status} = 'queued' then nextval('latchkey.access_request_queue_no') end)
      returning id)
    insert into item (org_id, request_id, position, connector_id, account_hint)
    select ${orgId}, made.id, given.position, given.connector_id, given.account_hint
    from made, unnest(${items.map((_, at) => at)}::int[], ${items.map((item) => item.connectorId)}::text[],
      ${items.map((item) => item.accountHint)}::text[]) as given (position, connector_id, account_hint)
    returning request_id as id`
  return (row as { id: string }).id
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<AccessRequest | undefined> {
  const [request] = await sql<AccessRequest[]>`
    select * from access_request where org_id = ${orgId} and id = ${id}`
  return request
}

/** In the order they were asked for. */
export async function itemsOf({ sql }: Db, orgId: string, requestId: string): Promise<Item[]> {
  return sql<Item[]>`
    select connector_id, account_hint from item
    where org_id = ${orgId} and request_id = ${requestId} order by position`
}

export async function correctOwner({ sql }: Db, orgId: string, id: string, email: string): Promise<void> {
  await sql`update access_request set owner_email = ${email} where org_id = ${orgId} and id = ${id}`
}

/** Moves the request when it is still in one of `from`. False: somebody else was first. */
export async function move(
  { sql }: Db,
  orgId: string,
  id: string,
  from: readonly RequestStatus[],
  to: RequestStatus,
): Promise<boolean> {
  const ended = ['finished', 'expired', 'cancelled', 'declined', 'superseded'].includes(to)
  const { count } = await sql`
    update access_request set status = ${to}, ended_at = case when ${ended} then latchkey.clock() end,
      queue_no = case when ${to} = 'queued' then nextval('latchkey.access_request_queue_no') end
    where org_id = ${orgId} and id = ${id} and status = any(${from as string[]})`
  return count === 1
}

export async function markUnfinished({ sql }: Db, orgId: string, id: string): Promise<void> {
  await sql`update access_request set unfinished = true where org_id = ${orgId} and id = ${id}`
}

/** A fresh link starts the reminders anew. */
export async function forgetEnding({ sql }: Db, orgId: string, id: string): Promise<void> {
  await sql`
    update access_request set unfinished = false, nudged_unopened_at = null, nudged_expiry_at = null
    where org_id = ${orgId} and id = ${id}`
}

/** Other open requests for the same client, owner, purpose and data sources. */
export async function olderTwins({ sql }: Db, orgId: string, id: string): Promise<{ id: string }[]> {
  return sql<{ id: string }[]>`
    select twin.id from access_request twin join access_request this on this.id = ${id} and this.org_id = ${orgId}
    where twin.org_id = ${orgId} and twin.id <> this.id and not twin.for_self and not this.for_self
      and twin.status in ('queued', 'sent', 'started', 'partial')
      and twin.client_id = this.client_id and twin.purpose = this.purpose
      and twin.connection_id is not distinct from this.connection_id
      and lower(twin.owner_email) is not distinct from lower(this.owner_email)
      and twin.owner_slack_user_id is not distinct from this.owner_slack_user_id
      and (select array_agg((connector_id, account_hint)::text order by connector_id, account_hint)
           from item where request_id = twin.id)
        = (select array_agg((connector_id, account_hint)::text order by connector_id, account_hint)
           from item where request_id = this.id)`
}
