/** Instants as people read them, where no client can render them in the reader's own zone. */

/** `Saturday, 21 November 2026 at 14:05 (Europe/Berlin, GMT+1)`. An unknown zone is written as UTC. */
export function exactTime(at: Date, timeZone: string): string {
  const zone = isZone(timeZone) ? timeZone : 'UTC'
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options })
  const day = part({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at)
  const time = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  const offset = part({ timeZoneName: 'shortOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value
  const where = zone === 'UTC' || zone === 'Etc/UTC' ? 'UTC' : `${zone.replaceAll('_', ' ')}, ${offset}`
  return `${day} at ${time} (${where})`
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone })
    return true
  } catch {
    return false
  }
}
