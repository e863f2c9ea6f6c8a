/** Local days, pure. PostgreSQL's zone data may differ from Node's, so midnights are computed here and nowhere else. */
import { fromZonedTime } from 'date-fns-tz/fromZonedTime'
import type { DayRange } from '../connectors/connector.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Where a day ends last: for accounts that do not say their zone, a day over here is over everywhere. */
const LAST_ZONE = 'Etc/GMT+12'
const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar date of an instant in a zone, as yyyy-mm-dd. Throws on an unknown zone. */
export function localDate(at: number | Date, zone: string): string {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
    formats.set(zone, format)
  }
  return format.format(at)
}

/**
 * First instant of a local day: 00:00, or later where midnight is skipped, or the earlier of two. date-fns-tz gives
 * the guess, which is an hour early where 00:00 does not exist; bisection on the local date settles it.
 */
export function startOfLocalDay(day: string, zone: string): Date {
  const guess = fromZonedTime(`${day}T00:00:00`, zone).getTime()
  if (localDate(guess, zone) === day && localDate(guess - 1, zone) < day) return new Date(guess)
  let before = guess - 3 * HOUR_MS
  let within = guess + 27 * HOUR_MS
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (localDate(middle, zone) < day) before = middle
    else within = middle
  }
  return new Date(within)
}

/** The next instant at which the local date changes. Always after `now`. */
export function nextLocalMidnight(now: number | Date, zone: string): Date {
  return startOfLocalDay(addDays(localDate(now, zone), 1), zone)
}

/** A zone people name, e.g. Europe/Berlin. Intl also takes '+02:00', which knows no daylight saving. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return /^[A-Za-z]/.test(zone)
  } catch {
    return false
  }
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

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
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

export function backfillRange(today: string, report: { backfillMonths: number; lagDays: number }): DayRange {
  return { from: subtractMonths(today, report.backfillMonths), to: newestDay(today, report.lagDays) }
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
  report: { lagDays: number; backfillMonths: number; restateDays: { nightly: number; deep: number } },
  deep: boolean,
): DayRange | null {
  const to = newestDay(today, report.lagDays)
  const window = deep ? report.restateDays.deep : report.restateDays.nightly
  const restated = addDays(to, 1 - Math.max(1, window))
  const missed = lastGoodDay === null ? restated : addDays(lastGoodDay, 1)
  const oldest = subtractMonths(today, report.backfillMonths)
  const from = earlier(restated, missed)
  return from > to ? null : { from: later(from, oldest), to }
}

/** The days nobody has read since the last good one, exactly. Null: none is missing. */
export function gapRange(
  today: string,
  lastGoodDay: string | null,
  report: { lagDays: number; backfillMonths: number; restateDays: { nightly: number; deep: number } },
): DayRange | null {
  if (lastGoodDay === null) return refreshRange(today, null, report, false)
  const to = newestDay(today, report.lagDays)
  const oldest = subtractMonths(today, report.backfillMonths)
  const from = addDays(lastGoodDay, 1)
  return from > to ? null : { from: later(from, oldest), to }
}

const earlier = (...days: [string, string]) => days.sort()[0] as string
const later = (...days: [string, string]) => days.sort()[1] as string
