/** Link sessions: one press of Continue in one browser. Only the cookie's hash is kept. */
import type { Db } from './db.ts'

export type LinkSession = {
  id: string
  orgId: string
  linkId: string
  hash: Buffer
  openedAt: Date
  closedAt: Date | null
  /** Its hour without a credential is over, though the sweep has not closed it yet. */
  idle: boolean
}

export const OPEN_SESSIONS_MAX = 10
const IDLE_MINUTES = 60

/** Among the browser's cookies, the session of this link, open or closed. */
export async function findByHash(
  { sql }: Db,
  orgId: string,
  linkId: string,
  hashes: Buffer[],
): Promise<LinkSession | undefined> {
  if (hashes.length === 0) return undefined
  const [row] = await sql<LinkSession[]>`
    select id, org_id, link_id, hash, opened_at, closed_at, ${idle(sql)} as idle from link_session s
    where org_id = ${orgId} and link_id = ${linkId} and hash in ${sql(hashes)}
    order by closed_at is null desc, opened_at desc limit 1`
  return row
}

/** Locks the link's row, so that concurrent presses of Continue are counted one after the other. */
export async function lockLink({ sql }: Db, orgId: string, linkId: string): Promise<boolean> {
  const rows = await sql`
    select id from auth_link
    where org_id = ${orgId} and id = ${linkId} and status = 'issued' and expires_at > latchkey.clock()
    for no key update`
  return rows.length > 0
}

/** As `lockLink`, for one of its sessions: false when either has ended. What a sign-in brings is kept only then. */
export async function lockOpen(
  { sql }: Db,
  orgId: string,
  { linkId, sessionId }: { linkId: string; sessionId: string },
): Promise<boolean> {
  if (!(await lockLink({ sql } as Db, orgId, linkId))) return false
  const rows = await sql`
    select id from link_session
    where org_id = ${orgId} and id = ${sessionId} and link_id = ${linkId} and closed_at is null`
  return rows.length > 0
}

/** Makes room for one more: closes the oldest open sessions that hold no credential. Call after `lockLink`. */
export async function pushOutOldest({ sql }: Db, orgId: string, linkId: string): Promise<number> {
  const rows = await sql`
    update link_session set closed_at = latchkey.clock(), closed_why = 'pushed-out'
    where org_id = ${orgId} and id in (
      select s.id from link_session s
      where s.org_id = ${orgId} and s.link_id = ${linkId} and s.closed_at is null
        and not exists (select from held_credential h where h.org_id = s.org_id and h.link_session_id = s.id)
      order by s.opened_at, s.id
      limit greatest(0, (select count(*) from link_session s
                         where s.org_id = ${orgId} and s.link_id = ${linkId} and s.closed_at is null)
                        - ${OPEN_SESSIONS_MAX - 1}))
    returning id`
  return rows.length
}

export async function countOpen({ sql }: Db, orgId: string, linkId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from link_session
    where org_id = ${orgId} and link_id = ${linkId} and closed_at is null`
  return row?.n ?? 0
}

export async function open({ sql }: Db, orgId: string, linkId: string, hash: Buffer): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into link_session (org_id, link_id, hash) values (${orgId}, ${linkId}, ${hash}) returning id`
  return (row as { id: string }).id
}

/** Every open session of a link that ended. */
export async function closeAll(
  { sql }: Db,
  orgId: string,
  linkId: string,
  why: 'finished' | 'expired' | 'ended',
): Promise<void> {
  await sql`
    update link_session set closed_at = latchkey.clock(), closed_why = ${why}
    where org_id = ${orgId} and link_id = ${linkId} and closed_at is null`
}

/** Sessions that never got a credential end after an hour, of all orgs. */
export async function closeIdleOfAllOrgs({ sql }: Db): Promise<number> {
  const rows = await sql`
    update link_session s set closed_at = latchkey.clock(), closed_why = 'idle'
    where closed_at is null and ${idle(sql)}
    returning id`
  return rows.length
}

const idle = (sql: Db['sql']) => sql`
  (s.opened_at < latchkey.clock() - make_interval(mins => ${IDLE_MINUTES})
   and not exists (select from held_credential h where h.link_session_id = s.id))`
