/** Ten auth links for other persons per org in any rolling hour. A member's own links and resends are outside. */
import type { Db } from '../storage/db.ts'
import * as orgs from '../storage/quota.ts'

const WINDOW_MS = 60 * 60 * 1000

/** Plans that include auth links. */
export const LINK_PLANS: readonly string[] = ['pro', 'custom', 'enterprise-legacy']

export type QuotaNow = {
  used: number
  left: number
  /** When the next link may be issued; null: now. */
  nextSlot: Date | null
}

/** As of the database's clock. Cancelled links still count. */
export async function quotaOf(db: Db, orgId: string): Promise<QuotaNow> {
  const org = await orgs.get(db, orgId)
  return judge(org?.recentLinks ?? [], org?.now ?? new Date(0))
}

/** Pure: `recentLinks` holds at most ten issue times, oldest first. */
export function judge(recentLinks: Date[], now: Date): QuotaNow {
  const used = recentLinks.filter((at) => at.getTime() > now.getTime() - WINDOW_MS).length
  const left = orgs.QUOTA - used
  return { used, left, nextSlot: left > 0 ? null : slotFor(recentLinks, now, 1) }
}

/** When the nth next link may be issued if every slot is taken the moment it frees, n from 1. Never before `now`. */
export function slotFor(recentLinks: Date[], now: Date, nth: number): Date {
  const times = recentLinks.map((at) => at.getTime())
  for (let n = 0; n < nth; n++) {
    const blocking = times.length < orgs.QUOTA ? 0 : (times.at(-orgs.QUOTA) ?? 0) + WINDOW_MS
    times.push(Math.max(blocking, now.getTime()))
  }
  return new Date(times.at(-1) ?? now.getTime())
}
