/**
 * The quota: ten auth links for other persons per org in any rolling hour, kept as a ring of ten issue times in the
 * org's row. Exact at any concurrency, because the update judges the row it has locked.
 */
import type { Db } from './db.ts'

export const QUOTA = 10

export type QuotaOrg = {
  name: string
  plan: string
  timeZone: string
  /** Issue times of the last ten links that count, oldest first. */
  recentLinks: Date[]
  /** `latchkey.clock()` of the same statement. */
  now: Date
}

export async function get({ sql }: Db, orgId: string): Promise<QuotaOrg | undefined> {
  const [org] = await sql<QuotaOrg[]>`
    select name, plan, time_zone, recent_links, latchkey.clock() as now from org where id = ${orgId}`
  return org
}

/** Whether a link may be issued now, leaving `reserved` slots to requests already queued. Writes and locks nothing. */
export async function hasSlot({ sql }: Db, orgId: string, reserved: number): Promise<boolean> {
  const rows = await sql`select from org where id = ${orgId} and ${slotFree(sql, reserved)}`
  return rows.length > 0
}

/** SQL: true of a row of org whose ring has more than `reserved` slots free. It reads nothing but that row. */
export const slotFree = (sql: Db['sql'], reserved: number) => sql`
  (cardinality(recent_links) + ${reserved}::int < ${QUOTA}
   or recent_links[cardinality(recent_links) + ${reserved}::int + 1 - ${QUOTA}]
     <= latchkey.clock() - interval '1 hour')`

/**
 * SQL: the ring with one more issue time, at most ten. `greatest` keeps it in order when a transaction that began
 * earlier gets the row later: the clock gives the transaction's start.
 */
export const ringMoved = (sql: Db['sql']) => sql`
  case when cardinality(recent_links) < ${QUOTA} then recent_links else recent_links[2:] end
  || greatest(latchkey.clock(), recent_links[cardinality(recent_links)])`

/** Serialises those who send queued requests of one org. Inserts that refer to the org are not held up. */
export async function lockOrg({ sql }: Db, orgId: string): Promise<void> {
  await sql`select 1 from org where id = ${orgId} for no key update`
}
