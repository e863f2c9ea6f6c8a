/** What owners ask of the requester from their page: another owner, a fresh link, an answer. */
import type { Db } from './db.ts'

export type OwnerAskKind = 'delegate' | 'fresh-link' | 'question' | 'decline'

export type OwnerAsk = {
  id: string
  orgId: string
  requestId: string
  linkId: string
  kind: OwnerAskKind
  /** Of the colleague to ask instead. */
  email: string | null
  text: string
  status: 'open' | 'agreed' | 'refused'
}

const ASKS_MAX = 8

/** Null when the same is open already, or the link has asked often enough. */
export async function insert(
  { sql }: Db,
  orgId: string,
  ask: Pick<OwnerAsk, 'requestId' | 'linkId' | 'kind' | 'email' | 'text'>,
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    insert into owner_ask (org_id, request_id, link_id, kind, email, text)
    select ${orgId}, ${ask.requestId}, ${ask.linkId}, ${ask.kind}, ${ask.email}, ${ask.text}
    where (select count(*) from owner_ask where org_id = ${orgId} and link_id = ${ask.linkId}) < ${ASKS_MAX}
    on conflict do nothing returning id`
  return row?.id ?? null
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<OwnerAsk | undefined> {
  const [row] = await sql<OwnerAsk[]>`
    select id, org_id, request_id, link_id, kind, email, text, status from owner_ask
    where org_id = ${orgId} and id = ${id}`
  return row
}

/** False when somebody decided before. */
export async function decide(
  { sql }: Db,
  orgId: string,
  id: string,
  { status, by }: { status: 'agreed' | 'refused'; by: string },
): Promise<boolean> {
  const { count } = await sql`
    update owner_ask set status = ${status}, decided_by = ${by}, decided_at = latchkey.clock()
    where org_id = ${orgId} and id = ${id} and status = 'open'`
  return count === 1
}
