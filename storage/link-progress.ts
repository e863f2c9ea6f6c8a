/** The transitions a source owner causes in an access request and its auth link. Each is won by one caller. */
import type { Db } from './db.ts'

/** The first Continue, also one after a decline. False when it was started already. */
export async function markStarted({ sql }: Db, orgId: string, requestId: string): Promise<boolean> {
  const { count } = await sql`
    update access_request set status = 'started'
    where org_id = ${orgId} and id = ${requestId} and status in ('sent', 'declined')`
  return count === 1
}

/** The link stays usable: whoever pressed may have been a robot, or may think again. */
export async function markDeclined({ sql }: Db, orgId: string, requestId: string): Promise<boolean> {
  const { count } = await sql`
    update access_request set status = 'declined'
    where org_id = ${orgId} and id = ${requestId} and status in ('sent', 'started', 'partial')`
  return count === 1
}

/** Some data sources are signed in, others are still to come. */
export async function markPartial({ sql }: Db, orgId: string, requestId: string): Promise<boolean> {
  const { count } = await sql`
    update access_request set status = 'partial'
    where org_id = ${orgId} and id = ${requestId} and status = 'started'`
  return count === 1
}

/** Makes Finish and whatever else changes the link wait for each other, so that what is read next stays true. */
export async function lockLink({ sql }: Db, orgId: string, linkId: string): Promise<void> {
  await sql`select id from auth_link where org_id = ${orgId} and id = ${linkId} for no key update`
}

/**
 * Spends the link, if nobody else has, for a link session that is open. After the link's end only a session that
 * held a credential before it, and only for 15 minutes more.
 */
export async function spendLink(
  { sql }: Db,
  orgId: string,
  { linkId, sessionId }: { linkId: string; sessionId: string },
): Promise<boolean> {
  const { count } = await sql`
    update auth_link l
    set status = 'finished', ended_at = latchkey.clock(), finished_session_id = ${sessionId}
    where l.org_id = ${orgId} and l.id = ${linkId} and l.status = 'issued'
      and exists (select from link_session s where s.org_id = l.org_id and s.id = ${sessionId}
                  and s.link_id = l.id and s.closed_at is null)
      and (l.expires_at > latchkey.clock()
           or l.expires_at + interval '15 minutes' > latchkey.clock()
              and exists (select from held_credential h where h.org_id = l.org_id
                          and h.link_session_id = ${sessionId} and h.received_at < l.expires_at))`
  return count === 1
}

export async function markFinished({ sql }: Db, orgId: string, requestId: string): Promise<boolean> {
  const { count } = await sql`
    update access_request set status = 'finished', ended_at = latchkey.clock()
    where org_id = ${orgId} and id = ${requestId} and status not in ('finished', 'cancelled', 'superseded')`
  return count === 1
}

/** Who finished it, masked, as the record has it. */
export async function finishedBy({ sql }: Db, orgId: string, requestId: string): Promise<string | null> {
  const [row] = await sql<{ by: string | null }[]>`
    select data->>'by' as by from audit_event
    where org_id = ${orgId} and request_id = ${requestId} and kind = 'request.finished' order by id desc limit 1`
  return row?.by ?? null
}

/** Not removed sources of the org: what its plan's account limit counts. Locks the org's row until the end. */
export async function lockAccountUse(
  { sql }: Db,
  orgId: string,
): Promise<{ limit: number | null; used: number }> {
  const [org] = await sql<{ limit: number | null }[]>`
    select account_limit as "limit" from org where id = ${orgId} for no key update`
  const used = await accountsUsed({ sql } as Db, orgId)
  return { limit: org?.limit ?? null, used }
}

export async function accountsUsed({ sql }: Db, orgId: string): Promise<number> {
  const [row] = await sql<{ used: number }[]>`
    select count(*)::int as used from source where org_id = ${orgId} and status <> 'removed'`
  return row?.used ?? 0
}
