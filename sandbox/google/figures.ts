/**
 * Believable daily figures without a database: the same thing on the same day always has the same numbers. The last
 * three days still settle, as at Google. There is nothing before 2024.
 */

/** About `daily` of something on that day: weekday, season, slow growth and some noise. */
export function amount(key: string, day: string, daily: number): number {
  const date = new Date(`${day}T00:00:00Z`)
  const years = (date.getTime() - Date.UTC(2024, 0, 1)) / (365.25 * DAY)
  const season = 1 + 0.18 * Math.sin(2 * Math.PI * (years - 0.62)) + (day.slice(5) > '11-15' ? 0.15 : 0)
  const weekday = WEEKDAYS[date.getUTCDay()] ?? 1
  return daily * weekday * season * (1 + 0.2 * years) * (0.86 + 0.28 * chance(`${key} ${day}`))
}

/** 0 to 1, always the same for the same text. */
export function chance(text: string): number {
  let hash = 2_166_136_261
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619)
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

/** How much of a day is known by `today`: 0 for the future, 1 once it has settled. */
export function settled(day: string, today: string, of: 'traffic' | 'conversions'): number {
  const age = Math.round((Date.parse(today) - Date.parse(day)) / DAY)
  if (age < 0) return 0
  return SETTLING[of][age] ?? 1
}

/** Every day of the range that has begun and is not before 2024, both ends included. */
export function days(from: string, to: string, today: string): string[] {
  const last = to < today ? to : today
  const all: string[] = []
  for (let at = Date.parse(from < FIRST ? FIRST : from); at <= Date.parse(last); at += DAY)
    all.push(new Date(at).toISOString().slice(0, 10))
  return all
}

/** The local date there, yyyy-mm-dd. */
export function todayIn(zone: string, now: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(now)
}

const DAY = 86_400_000
const FIRST = '2024-01-01'
const WEEKDAYS = [0.82, 1.08, 1.1, 1.07, 1.04, 0.98, 0.86]
const SETTLING = { traffic: [0.45, 0.96, 0.99], conversions: [0.2, 0.74, 0.88, 0.96] }
