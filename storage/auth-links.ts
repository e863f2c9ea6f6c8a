/** Rows of auth_link. Every change of state is one conditional update on the database's clock: one caller wins. */
import type { Db } from './db.ts'
import { ringMoved, slotFree } from './quota.ts'

type LinkStatus = 'issued' | 'finished' | 'expired' | 'cancelled' | 'superseded'

export type AuthLink = {
  id: string
  orgId: string
  requestId: string
  keyId: string
  counts: boolean
  status: LinkStatus
  issuedBy: string
  issuedAt: Date
  expiresAt: Date
  endedAt: Date | null
  resends: number
  copiedAt: Date | null
}

export type NewLink = {
  id: string
  requestId: string
  tokenHash: Buffer
  keyId: string
  receiptHash: Buffer
  issuedBy: string
}

const COLUMNS = [
  ...['id', 'org_id', 'request_id', 'key_id', 'counts', 'status', 'issued_by', 'issued_at', 'expires_at'],
  ...['ended_at', 'resends', 'copied_at'],
]

/** A link outside the quota. Returns the expiry: the org's lifetime after now. */
export async function insert({ sql }: Db, orgId: string, link: NewLink): Promise<Date> {
  const [row] = await sql<{ expiresAt: Date }[]>`
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by,
      issued_at, expires_at)
    select ${link.id}, org.id, ${link.requestId}, ${link.tokenHash}, ${link.keyId}, ${link.receiptHash},
      false, ${link.issuedBy}, latchkey.clock(), latchkey.clock() + make_interval(hours => link_lifetime_hours)
    from org where org.id = ${orgId}
    returning expires_at`
  return (row as { expiresAt: Date }).expiresAt
}

/**
 * A link for another person: takes a slot of the quota and inserts the link in one statement, exact at any concurrency,
 * because the update judges the row it has locked. `reserved` slots are left to requests already queued. Null: no slot
 * is free, and nothing was written.
 */
export async function insertCounted(
  { sql }: Db,
  orgId: string,
  link: NewLink,
  reserved: number,
): Promise<Date | null> {
  const [row] = await sql<{ expiresAt: Date }[]>`
    with slot as (
      update org set recent_links = ${ringMoved(sql)} where id = ${orgId} and ${slotFree(sql, reserved)}
      returning id, link_lifetime_hours, recent_links[cardinality(recent_links)] as at)
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by,
      issued_at, expires_at)
    select ${link.id}, slot.id, ${link.requestId}, ${link.tokenHash}, ${link.keyId}, ${link.receiptHash},
      true, ${link.issuedBy}, at, at + make_interval(hours => link_lifetime_hours)
    from slot
    returning expires_at`
  return row?.expiresAt ?? null
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<AuthLink | undefined> {
  const [link] = await sql<AuthLink[]>`
    select ${sql(COLUMNS)} from auth_link where org_id = ${orgId} and id = ${id}`
  return link
}

/** The newest link of a request; `live`: it may be used now. */
export async function latestOf(
  { sql }: Db,
  orgId: string,
  requestId: string,
): Promise<(AuthLink & { live: boolean }) | undefined> {
  const [link] = await sql<(AuthLink & { live: boolean })[]>`
    select ${sql(COLUMNS)}, status = 'issued' and expires_at > latchkey.clock() as live
    from auth_link where org_id = ${orgId} and request_id = ${requestId}
    order by issued_at desc, id limit 1`
  return link
}

/** Ends a request's link that nobody has finished. Returns its id, or null when there was none to end. */
export async function end(
  { sql }: Db,
  orgId: string,
  requestId: string,
  as: 'cancelled' | 'superseded',
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    update auth_link set status = ${as}, ended_at = latchkey.clock()
    where org_id = ${orgId} and request_id = ${requestId} and status = 'issued' returning id`
  return row?.id ?? null
}

/** Counts one more resend of a live link, if it was resent `before` times until now and may be again. */
export async function countResend({ sql }: Db, orgId: string, id: string, before: number): Promise<boolean> {
  const { count } = await sql`
    update auth_link set resends = resends + 1
    where org_id = ${orgId} and id = ${id} and resends = ${before} and resends < 3
      and status = 'issued' and expires_at > latchkey.clock()`
  return count === 1
}

/** True once per link, for the member who issued it, while it may be used. */
export async function markCopied({ sql }: Db, orgId: string, id: string, by: string): Promise<boolean> {
  const { count } = await sql`
    update auth_link set copied_at = latchkey.clock()
    where org_id = ${orgId} and id = ${id} and issued_by = ${by} and copied_at is null
      and status = 'issued' and expires_at > latchkey.clock()`
  return count === 1
}
