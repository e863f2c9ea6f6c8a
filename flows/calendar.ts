/** Which days are read when, pure. */
import type { DayRange } from '../connectors/connector.ts'
import { addDays, isZone, localDate, startOfLocalDay } from '../connectors/days.ts'

export { addDays, isZone, localDate, localTime, startOfLocalDay } from '../connectors/days.ts'

/** Where a day ends last: for accounts that do not say their zone, a day over here is over everywhere. */
const LAST_ZONE = 'Etc/GMT+12'
/** The next instant at which the local date changes. Always after `now`. */
export function nextLocalMidnight(now: number | Date, zone: string): Date {
  return startOfLocalDay(addDays(localDate(now, zone), 1), zone)
}

/** The zone, or UTC where this Node does not know it: one odd row must not keep everybody else's midnight waiting. */
export function knownZone(zone: string): string {
  return isZone(zone) ? zone : 'Etc/UTC'
}

/** Today by the clock a report runs on. */
export function reportDay(
  now: number | Date,
  clock: 'account' | 'pacific' | 'utc',
  accountZone: string | null,
): string {
  if (clock === 'utc') return localDate(now, 'Etc/UTC')
  if (clock === 'pacific') return localDate(now, 'America/Los_Angeles')
  return localDate(now, accountZone && isZone(accountZone) ? accountZone : LAST_ZONE)
}

/** The same day so many months earlier, or the month's last where it has no such day. */
export function subtractMonths(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month - months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 - months, Math.min(date, last))).toISOString().slice(0, 10)
}

/** The newest day that is over: never today, which the provider would still count. */
export function newestDay(today: string, lagDays: number): string {
  return addDays(today, -Math.max(1, lagDays))
}

type Reach = { backfillMonths: number; reachDays?: number }

/** The oldest day worth asking for: as far as we want, or as far as the provider keeps. */
function oldestDay(today: string, { backfillMonths, reachDays }: Reach): string {
  const wanted = subtractMonths(today, backfillMonths)
  return reachDays === undefined ? wanted : later(wanted, addDays(today, 1 - reachDays))
}

export function backfillRange(today: string, report: Reach & { lagDays: number }): DayRange {
  return { from: oldestDay(today, report), to: newestDay(today, report.lagDays) }
}

/** Calendar months of a range, newest first; the first and last may be partial. `key` is yyyy-mm. */
export function monthSlices({ from, to }: DayRange): (DayRange & { key: string })[] {
  const slices: (DayRange & { key: string })[] = []
  for (let end = to; end >= from; ) {
    const first = `${end.slice(0, 7)}-01`
    slices.push({ key: end.slice(0, 7), from: first > from ? first : from, to: end })
    end = addDays(first, -1)
  }
  return slices
}

/**
 * What a refresh reads: the days the provider may still correct, and every day since the last good one.
 * Null: nothing is over yet that could be read. Never reaches further back than the backfill would.
 */
export function refreshRange(
  today: string,
  lastGoodDay: string | null,
  report: Reach & { lagDays: number; restateDays: { nightly: number; deep: number } },
  deep: boolean,
): DayRange | null {
  const to = newestDay(today, report.lagDays)
  const window = deep ? report.restateDays.deep : report.restateDays.nightly
  const restated = addDays(to, 1 - Math.max(1, window))
  const missed = lastGoodDay === null ? restated : addDays(lastGoodDay, 1)
  const oldest = oldestDay(today, report)
  const from = earlier(restated, missed)
  return from > to ? null : { from: later(from, oldest), to }
}

/** The days nobody has read since the last good one, exactly. Null: none is missing. */
export function gapRange(
  today: string,
  lastGoodDay: string | null,
  report: Reach & { lagDays: number; restateDays: { nightly: number; deep: number } },
): DayRange | null {
  if (lastGoodDay === null) return refreshRange(today, null, report, false)
  const to = newestDay(today, report.lagDays)
  const oldest = oldestDay(today, report)
  const from = addDays(lastGoodDay, 1)
  return from > to ? null : { from: later(from, oldest), to }
}

const earlier = (...days: [string, string]) => days.sort()[0] as string
const later = (...days: [string, string]) => days.sort()[1] as string
