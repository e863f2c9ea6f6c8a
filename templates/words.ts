/** Small words for lists and counts. */

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** `2026-11-19` as `19 November 2026`: a calendar day, the same in every zone. */
export const dayWords = (day: string) =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  )

/** `1 link`, `3 links`. */
export const counted = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`

/** A metric's name in our own data, as a word: `video_views` is video views. */
export const metricWords = (name: string) =>
  name
    .replace(/[^\w.%]+/g, ' ')
    .replaceAll('_', ' ')
    .trim()
    .slice(0, 40)
