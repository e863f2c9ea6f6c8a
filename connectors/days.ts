/** Local days, pure. PostgreSQL's zone data may differ from Node's, so midnights are computed here and nowhere else. */
import { fromZonedTime } from 'date-fns-tz/fromZonedTime'
import type { DayRange } from './connector.ts'

const DAY_S = 86_400
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
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

/** That time of day there, e.g. '08:30'; moved on where the clock skips it. */
export const localTime = (day: string, time: string, zone: string): Date =>
  fromZonedTime(`${day}T${time}:00`, zone)

/** A zone people name, e.g. Europe/Berlin. Intl also takes '+02:00', which knows no daylight saving. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return /^[A-Za-z]/.test(zone)
  } catch {
    return false
  }
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Until a counter that begins anew at 00:00 UTC does so: 1 to 86,400, whole. */
export const secondsToUtcMidnight = (now: number) => Math.ceil(DAY_S - ((now / 1000) % DAY_S))

/** Every day of a range, in order. */
export function daysOf({ from, to }: DayRange): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

/** The part of a range that begins at `day` and is at most so many days long; null: the range is over. */
export function windowFrom(day: string, { to }: DayRange, days: number): DayRange | null {
  if (day > to) return null
  const end = addDays(day, days - 1)
  return { from: day, to: end < to ? end : to }
}

/**
 * The local day that begins at an instant as providers write it, most of them in UTC. What is written as a midnight, or
 * as a date alone, is that day in any zone. Null: no instant. Throws on an unknown zone.
 */
export function dayBegunAt(instant: string, zone: string): string | null {
  const at = Date.parse(instant)
  if (Number.isNaN(at)) return null
  return /^\d{4}-\d\d-\d\d(?=T00:00:00|$)/.exec(instant)?.[0] ?? localDate(at, zone)
}

/** First instant of a local day with the offset it has then, e.g. 2026-11-01T00:00:00-07:00. */
export function midnightIn(day: string, zone: string): string {
  const at = startOfLocalDay(day, zone)
  const text = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset' },
  }).format(at)
  const [, date, time, offset] = /^(\S+) (\S+) (?:GMT|UTC)?(.*)$/.exec(text) ?? []
  return `${date}T${time}${(offset ?? '').replace('−', '-') || '+00:00'}`
}

/** An account's zone as Intl knows it; UTC where it says none or one nobody knows. */
export const zoneOf = (zone: string | undefined): string => (zone && isZone(zone) ? zone : 'Etc/UTC')
