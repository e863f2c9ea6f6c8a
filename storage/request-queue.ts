/** The org's queued requests: who waits for a free slot, in order. */
import type { Db } from './db.ts'

export async function waiting({ sql }: Db, orgId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from access_request where org_id = ${orgId} and status = 'queued'`
  return row?.n ?? 0
}

/** 1 for the one that is next; null when it does not wait. */
export async function positionOf({ sql }: Db, orgId: string, id: string): Promise<number | null> {
  const [row] = await sql<{ n: number | null }[]>`
    select (select count(*)::int from access_request ahead
      where ahead.org_id = this.org_id and ahead.status = 'queued' and ahead.queue_no <= this.queue_no) as n
    from access_request this where this.org_id = ${orgId} and this.id = ${id} and this.status = 'queued'`
  return row?.n ?? null
}

/** Ids of orgs on one of these plans where somebody waits. */
export async function orgsWaitingOfAllOrgs({ sql }: Db, plans: readonly string[]): Promise<string[]> {
  const rows = await sql<{ orgId: string }[]>`
    select distinct org_id from access_request join org on org.id = org_id
    where status = 'queued' and org.plan = any(${plans as string[]})`
  return rows.map(({ orgId }) => orgId)
}

/** The next in line, locked until the transaction ends; null when nobody waits. Hold the org's lock for order. */
export async function lockNext({ sql }: Db, orgId: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from access_request where org_id = ${orgId} and status = 'queued'
    order by queue_no limit 1 for update`
  return row?.id ?? null
}
