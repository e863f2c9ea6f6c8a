/** What the minute tick finds due about auth links, over all orgs. Any number of nodes may tick at once. */
import type { Db } from './db.ts'

export type Expired = { id: string; orgId: string; requestId: string; clientId: string; held: boolean }

/**
 * Expires at most `limit` links. One with a signed-in link session stays issued for `graceMinutes` more, so that its
 * owner may still finish; nothing else can be started with it meanwhile.
 */
export async function expireDueOfAllOrgs(
  { sql }: Db,
  graceMinutes: number,
  limit: number,
): Promise<Expired[]> {
  return sql<Expired[]>`
    with due as (
      select link.id, request.client_id, held.held
      from auth_link link
      join access_request request on request.id = link.request_id and request.org_id = link.org_id
      cross join lateral (select exists (
        select from held_credential join link_session on link_session.id = link_session_id
        where link_session.link_id = link.id) as held) as held
      where link.status = 'issued' and link.expires_at
        <= latchkey.clock() - make_interval(mins => case when held.held then ${graceMinutes}::int else 0 end)
      order by link.expires_at limit ${limit} for update of link skip locked)
    update auth_link set status = 'expired', ended_at = latchkey.clock()
    from due where auth_link.id = due.id and status = 'issued'
    returning auth_link.id, auth_link.org_id, auth_link.request_id, due.client_id, due.held`
}

export type NudgeDue = {
  linkId: string
  orgId: string
  requestId: string
  clientId: string
  why: 'unopened' | 'expiry'
  ownerEmail: string | null
  ownerSlackUserId: string | null
  /** Of the owner, else of the org. */
  timeZone: string
  now: Date
  /** As text, to the microsecond: where the next page begins. */
  expiresAt: string
}

/**
 * Reminders due: nobody pressed Continue 4 h after issue, or 3 h before expiry. When both are due the later one counts
 * for both. Nothing for links that reached nobody, and none within an hour of issue. `after`: the last one of the page before.
 */
export async function nudgesDueOfAllOrgs(
  { sql }: Db,
  limit: number,
  after: Pick<NudgeDue, 'expiresAt' | 'linkId'> | null,
): Promise<NudgeDue[]> {
  return sql<NudgeDue[]>`
    select link.id as link_id, link.org_id, request.id as request_id, request.client_id, request.owner_email,
      request.owner_slack_user_id, coalesce(request.owner_time_zone, org.time_zone) as time_zone,
      case when link.expires_at - interval '3 hours' <= latchkey.clock() then 'expiry' else 'unopened' end as why,
      latchkey.clock() as now, link.expires_at::text as expires_at
    from auth_link link
    join access_request request on request.id = link.request_id and request.org_id = link.org_id
    join org on org.id = link.org_id
    where link.status = 'issued' and link.expires_at > latchkey.clock() and request.status = 'sent'
      and not request.for_self and not exists (select from link_session where link_session.link_id = link.id)
      and exists (select from delivery where delivery.link_id = link.id
        and delivery.kind = 'access-request' and delivery.status = 'sent')
      and link.issued_at + interval '1 hour' <= latchkey.clock()
      and ((request.nudged_expiry_at is null and link.expires_at - interval '3 hours' <= latchkey.clock())
        or (request.nudged_unopened_at is null and request.nudged_expiry_at is null
          and link.issued_at + interval '4 hours' <= latchkey.clock()))
      and (${after?.linkId ?? null}::uuid is null or (link.expires_at, link.id) >
        (${after?.expiresAt ?? null}::text::timestamptz, ${after?.linkId ?? null}::uuid))
    order by link.expires_at, link.id limit ${limit}`
}

/** True for exactly one caller per reminder, as long as nobody has pressed Continue. */
export async function markNudged(
  { sql }: Db,
  orgId: string,
  requestId: string,
  why: 'unopened' | 'expiry',
): Promise<boolean> {
  const { count } = await sql`
    update access_request set
      nudged_unopened_at = coalesce(nudged_unopened_at, latchkey.clock()),
      nudged_expiry_at = case when ${why} = 'expiry' then latchkey.clock() else nudged_expiry_at end
    where org_id = ${orgId} and id = ${requestId} and status = 'sent' and nudged_expiry_at is null
      and (${why} = 'expiry' or nudged_unopened_at is null)`
  return count === 1
}
