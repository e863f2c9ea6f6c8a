/** Saying "I'm on it", snoozing and muting an incident, and what the clock does about them. */
import { type AuditEvent, record } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as incidents from '../storage/incidents.ts'
import * as orgs from '../storage/orgs.ts'
import * as zones from '../storage/refresh-zones.ts'
import { addDays, isZone, localDate, localTime } from './calendar.ts'
import { may } from './permission.ts'
import type { Presser } from './reconnect.ts'
import type { Services } from './services.ts'

export const MUTE_REASON_MAX = 300

export type Pressed =
  | { kind: 'done'; what: 'acked' | 'unacked' | 'muted' }
  | { kind: 'snoozed'; until: Date }
  /** Somebody else has it. */
  | { kind: 'taken'; by: string; at: Date }
  | { kind: 'over'; at: Date; by: string | null }
  | { kind: 'muted-already'; by: string; reason: string }
  /** It is being checked right now, or was pressed twice. */
  | { kind: 'unchanged' }
  | { kind: 'gone' }
  | { kind: 'forbidden' }

type On = { incidentId: string }
type Change = { kind: string; data: Record<string, unknown> }

/** The first press takes it, the same member's second press gives it back. */
export async function acknowledge(
  services: Services,
  presser: Presser,
  { incidentId }: On,
): Promise<Pressed> {
  const { orgId, userId } = presser
  return change(services, presser, incidentId, async (tx) => {
    if (await incidents.ack(tx, orgId, incidentId, userId))
      return { outcome: { kind: 'done', what: 'acked' }, changed: { kind: 'incident.acked', data: {} } }
    if (await incidents.unack(tx, orgId, incidentId, userId))
      return { outcome: { kind: 'done', what: 'unacked' }, changed: { kind: 'incident.unacked', data: {} } }
    return null
  })
}

export type SnoozeChoice = 'hour' | 'tomorrow' | 'week'

/** 'tomorrow' and 'week' (next Monday) mean 08:30 in the presser's zone, or the org's. */
export async function snooze(
  services: Services,
  presser: Presser,
  { incidentId, choice }: On & { choice: SnoozeChoice },
): Promise<Pressed> {
  const { orgId, member } = presser
  return change(services, presser, incidentId, async (tx) => {
    const own = member.timeZone
    const zone = own && isZone(own) ? own : (await orgs.get(tx, orgId)).timeZone
    const until = snoozeEnd(await zones.clock(tx), choice, zone)
    if (!(await incidents.snooze(tx, orgId, incidentId, until))) return null
    const data = { until: until.toISOString() }
    return { outcome: { kind: 'snoozed', until }, changed: { kind: 'incident.snoozed', data } }
  })
}

/** Pure. */
export function snoozeEnd(now: Date, choice: SnoozeChoice, zone: string): Date {
  if (choice === 'hour') return new Date(now.getTime() + 3_600_000)
  const today = localDate(now, zone)
  const weekday = new Date(`${today}T00:00:00Z`).getUTCDay()
  const days = choice === 'tomorrow' ? 1 : (8 - weekday) % 7 || 7
  return localTime(addDays(today, days), '08:30', zone)
}

/** Needs a reason. A muted incident stays open, so that the same trouble makes no new noise, until it is mended. */
export async function mute(
  services: Services,
  presser: Presser,
  { incidentId, reason }: On & { reason: string },
): Promise<Pressed> {
  const { orgId, userId } = presser
  return change(services, presser, incidentId, async (tx) => {
    const words = reason.trim().slice(0, MUTE_REASON_MAX)
    if (!(await incidents.mute(tx, orgId, incidentId, { by: userId, reason: words }))) return null
    return {
      outcome: { kind: 'done', what: 'muted' },
      changed: { kind: 'incident.muted', data: { reason: words } },
    }
  })
}

/** Which connection an incident's button is about; null when there is no such incident in this org. */
export async function connectionOf(
  { db }: Services,
  orgId: string,
  incidentId: string,
): Promise<string | null> {
  return (await incidents.get(db, orgId, incidentId))?.connectionId ?? null
}

/** For the tick: snoozes that are over, and reconnects that came to nothing, are open again and say so. */
export async function wakeSnoozed(services: Services): Promise<void> {
  await services.db.transaction(async (tx) => {
    for (const woken of await incidents.wakeOfAllOrgs(tx))
      await tell(services, tx, woken, { kind: 'incident.woke', data: {} }, 'system')
    for (const lapsed of await incidents.lapseOfAllOrgs(tx))
      await tell(services, tx, lapsed, { kind: 'incident.lapsed', data: {} }, 'system')
  })
}

async function change(
  services: Services,
  { orgId, userId, member }: Presser,
  incidentId: string,
  act: (tx: Db) => Promise<{ outcome: Pressed; changed: Change } | null>,
): Promise<Pressed> {
  if (!may(member, 'reconnect')) return { kind: 'forbidden' }
  return services.db.transaction(async (tx) => {
    const before = await incidents.get(tx, orgId, incidentId)
    if (!before) return { kind: 'gone' }
    const acted = await act(tx)
    if (!acted) return whyNot((await incidents.get(tx, orgId, incidentId)) ?? before, userId)
    const on = { orgId, id: incidentId, connectionId: before.connectionId }
    await tell(services, tx, on, acted.changed, `slack:${userId}`)
    return acted.outcome
  })
}

function whyNot(incident: incidents.Incident, userId: string): Pressed {
  const { resolvedAt, resolvedBy, status, mutedBy, muteReason, ackedBy, ackedAt } = incident
  if (resolvedAt) return { kind: 'over', at: resolvedAt, by: resolvedBy }
  if (status === 'muted' && mutedBy) return { kind: 'muted-already', by: mutedBy, reason: muteReason ?? '' }
  if (ackedBy && ackedAt && ackedBy !== userId) return { kind: 'taken', by: ackedBy, at: ackedAt }
  return { kind: 'unchanged' }
}

async function tell(
  services: Services,
  tx: Db,
  { orgId, id: incidentId, connectionId }: incidents.Waking,
  { kind, data }: Change,
  actor: AuditEvent['actor'],
): Promise<void> {
  await record(tx, orgId, { kind, actor, connectionId, data: { incidentId, ...data } })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}
