/** Two reminders at most, in the owner's daytime, until somebody presses Continue. Same link; nothing counts. */
import * as audit from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as deadlines from '../storage/link-deadlines.ts'
import { deliverLink } from './issue-link.ts'
import { touchCard } from './request-card.ts'
import type { Services } from './services.ts'

const BATCH = 500
const DAY_BEGINS = 8
const DAY_ENDS = 20

/** One step of the tick; several nodes may take it at once. Reminders due at night wait for the morning. */
export async function sendNudges(services: Services): Promise<number> {
  let sent = 0
  // Those that wait for their morning stay due, so the pages behind them are read too.
  for (let last: deadlines.NudgeDue | null = null; ; ) {
    const page: deadlines.NudgeDue[] = await deadlines.nudgesDueOfAllOrgs(services.db, BATCH, last)
    for (const due of page)
      if (
        isDaytime(due.now, due.timeZone) &&
        (await services.db.transaction((tx) => nudge(services, tx, due)))
      )
        sent++
    last = page.at(-1) ?? null
    if (page.length < BATCH) return sent
  }
}

/** 08:00 to 20:00 there. A zone this Node does not know counts as UTC. */
export function isDaytime(at: Date, timeZone: string): boolean {
  const hour = Number(formatterFor(timeZone).format(at))
  return hour >= DAY_BEGINS && hour < DAY_ENDS
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  let made: Intl.DateTimeFormat
  try {
    made = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' })
  } catch {
    made = formatterFor('Etc/UTC')
  }
  formatters.set(timeZone, made)
  return made
}

async function nudge(services: Services, tx: Db, due: deadlines.NudgeDue): Promise<boolean> {
  const { orgId, requestId, linkId, clientId, why, ownerEmail, ownerSlackUserId } = due
  if (!(await deadlines.markNudged(tx, orgId, requestId, why))) return false
  await deliverLink(services, tx, {
    ...{ kind: why === 'expiry' ? 'nudge-expiry' : 'nudge-unopened', linkId, round: 'once' },
    request: { id: requestId, orgId, ownerEmail, ownerSlackUserId },
  })
  await audit.record(tx, orgId, {
    ...{ kind: 'request.nudged', actor: 'system', clientId, requestId, linkId },
    data: { why },
  })
  await touchCard(services, tx, orgId, requestId)
  return true
}
