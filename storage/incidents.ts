/** Incidents: one open per connection and kind. Transitions are conditional updates; false or null: someone was first. */
import type { Db } from './db.ts'

export type IncidentKind = 'connection' | 'accounts' | 'scope' | 'staff' | 'outage' | 'expiring' | 'degraded'
type IncidentStatus =
  | 'open'
  | 'acked'
  | 'snoozed'
  | 'reconnecting'
  | 'verifying'
  | 'resolved'
  | 'muted'
  | 'archived'
export type Outcome = { healed: string[]; notHealed: { sourceId: string; why: string }[] }

export type Incident = {
  id: string
  orgId: string
  /** Null for an outage, which is of no connection in particular. */
  connectionId: string | null
  kind: IncidentKind
  status: IncidentStatus
  failureClass: string
  detail: string | null
  ownerAction: string | null
  openedAt: Date
  ackedBy: string | null
  ackedAt: Date | null
  snoozedUntil: Date | null
  mutedBy: string | null
  muteReason: string | null
  resolvedAt: Date | null
  resolvedBy: string | null
  outcome: Outcome | null
  /** What an outage's card is about, or what an alert of one connection waits for. */
  outageId: string | null
  /** Of a countdown: the end it counts down to, and the days before it that were said last. */
  endsAt: Date | null
  step: number | null
}

/** Of one connection. */
export type OwnIncident = Incident & { connectionId: string }

export type NewIncident = Pick<
  OwnIncident,
  'connectionId' | 'kind' | 'failureClass' | 'detail' | 'ownerAction'
>

/** Null when one of this kind is open already. */
export async function open({ sql }: Db, orgId: string, i: NewIncident): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    insert into incident (org_id, connection_id, kind, failure_class, detail, owner_action)
    select org_id, id, ${i.kind}, ${i.failureClass}, ${i.detail}, ${i.ownerAction}
    from connection where org_id = ${orgId} and id = ${i.connectionId}
    on conflict (connection_id, kind) where resolved_at is null do nothing
    returning id`
  return row?.id ?? null
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<Incident | null> {
  const [row] = await sql<Incident[]>`select * from incident where org_id = ${orgId} and id = ${id}`
  return row ?? null
}

export async function openOf({ sql }: Db, orgId: string, connectionId: string): Promise<OwnIncident[]> {
  return sql<OwnIncident[]>`
    select * from incident
    where org_id = ${orgId} and connection_id = ${connectionId} and resolved_at is null order by opened_at, id`
}

/** When the connection was last mended, and by whom: `slack:<user id>`, 'owner' or 'system'. */
export async function lastMended(
  { sql }: Db,
  orgId: string,
  connectionId: string,
): Promise<{ at: Date; by: string | null } | null> {
  const [row] = await sql<{ at: Date; by: string | null }[]>`
    select resolved_at as at, resolved_by as by from incident
    where org_id = ${orgId} and connection_id = ${connectionId} and status = 'resolved'
      and kind <> 'degraded'
    order by resolved_at desc limit 1`
  return row ?? null
}

/** True when the member has it now and nobody had it before. */
export async function ack({ sql }: Db, orgId: string, id: string, userId: string): Promise<boolean> {
  const { count } = await sql`
    update incident set acked_by = ${userId}, acked_at = latchkey.clock(), snoozed_until = null,
      status = case when status in ('open', 'snoozed') then 'acked' else status end
    where org_id = ${orgId} and id = ${id} and resolved_at is null and acked_by is null`
  return count === 1
}

/** True when this member had it and has given it back. */
export async function unack({ sql }: Db, orgId: string, id: string, userId: string): Promise<boolean> {
  const { count } = await sql`
    update incident set acked_by = null, acked_at = null,
      status = case when status = 'acked' then 'open' else status end
    where org_id = ${orgId} and id = ${id} and resolved_at is null and acked_by = ${userId}`
  return count === 1
}

export async function snooze({ sql }: Db, orgId: string, id: string, until: Date): Promise<boolean> {
  const { count } = await sql`
    update incident set status = 'snoozed', snoozed_until = ${until}
    where org_id = ${orgId} and id = ${id} and resolved_at is null and status not in ('verifying', 'muted')
      and snoozed_until is distinct from ${until}`
  return count === 1
}

/** Muted incidents stay unresolved, so that the same trouble opens no new one. */
export async function mute(
  { sql }: Db,
  orgId: string,
  id: string,
  { by, reason }: { by: string; reason: string },
): Promise<boolean> {
  const { count } = await sql`
    update incident set status = 'muted', muted_by = ${by}, mute_reason = ${reason}, snoozed_until = null
    where org_id = ${orgId} and id = ${id} and resolved_at is null and status not in ('verifying', 'muted')`
  return count === 1
}

/** A reconnect link is under way for everything open on the connection. Returns what changed. */
export async function markReconnecting({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update incident set status = 'reconnecting', snoozed_until = null
    where org_id = ${orgId} and connection_id = ${connectionId} and resolved_at is null
      and kind not in ('staff', 'degraded') and status in ('open', 'acked', 'snoozed')
    returning id`
  return rows.map(({ id }) => id)
}

/** Authorised again, nothing proven yet: for what an owner can mend and a look can prove. Returns what changed. */
export async function markVerifying({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update incident set status = 'verifying', snoozed_until = null
    where org_id = ${orgId} and connection_id = ${connectionId} and resolved_at is null
      and kind in ('connection', 'accounts', 'scope') and status <> 'verifying'
    returning id`
  return rows.map(({ id }) => id)
}

/** What the look has proven so far, while it goes on. */
export async function noteOutcome({ sql }: Db, orgId: string, id: string, outcome: Outcome): Promise<void> {
  await sql`
    update incident set outcome = ${sql.json(outcome as never)}
    where org_id = ${orgId} and id = ${id} and resolved_at is null and status = 'verifying'`
}

/**
 * The look, or the reconnect before it, ended without a proof. `failureClass` replaces the old reason where the look
 * found a new one.
 */
export async function reopen(
  { sql }: Db,
  orgId: string,
  id: string,
  found: { failureClass: string | null; outcome: Outcome | null },
  from: readonly IncidentStatus[] = ['verifying', 'reconnecting'],
): Promise<boolean> {
  const { count } = await sql`
    update incident set
      status = case when muted_by is not null then 'muted' when acked_by is not null then 'acked' else 'open' end,
      failure_class = coalesce(${found.failureClass}, failure_class),
      outcome = ${found.outcome ? sql.json(found.outcome as never) : null}
    where org_id = ${orgId} and id = ${id} and resolved_at is null and status = any(${from as string[]})`
  return count === 1
}

/**
 * Reconnects that came to nothing: no request for the connection is open any more, no move waits, and nobody has
 * authorised it so lately that its look is still to come. Each once.
 */
export async function lapseOfAllOrgs({ sql }: Db): Promise<Waking[]> {
  return sql<Waking[]>`
    update incident set status = case when acked_by is null then 'open' else 'acked' end
    where resolved_at is null and status = 'reconnecting'
      and not exists (select from access_request where access_request.connection_id = incident.connection_id
        and access_request.org_id = incident.org_id
        and access_request.status in ('queued', 'sent', 'started', 'partial'))
      and not exists (select from move where move.from_connection_id = incident.connection_id and move.status = 'open')
      and not exists (select from connection where connection.id = incident.connection_id
        and connection.status = 'connected' and connection.authorised_at > latchkey.clock() - interval '15 minutes')
    returning org_id, id, connection_id`
}

/** Only from 'verifying', or where no look is needed to know (from anywhere): no click resolves anything. */
export async function resolve(
  { sql }: Db,
  orgId: string,
  id: string,
  { by, outcome }: { by: string; outcome: Outcome },
): Promise<boolean> {
  const { count } = await sql`
    update incident set status = 'resolved', resolved_at = latchkey.clock(), resolved_by = ${by},
      outcome = ${sql.json(outcome as never)}, snoozed_until = null
    where org_id = ${orgId} and id = ${id} and resolved_at is null and (status = 'verifying' or kind not in ('connection', 'accounts', 'scope'))`
  return count === 1
}

export type Waking = { orgId: string; id: string; connectionId: string | null }

/** Ends the snoozes that are over, each once. */
export async function wakeOfAllOrgs({ sql }: Db): Promise<Waking[]> {
  return sql<Waking[]>`
    update incident set status = case when acked_by is null then 'open' else 'acked' end, snoozed_until = null
    where resolved_at is null and status = 'snoozed' and snoozed_until <= latchkey.clock()
    returning org_id, id, connection_id`
}

/** Staff's own incidents none of whose sources waits for data any more. */
export async function staffMendedOfAllOrgs({ sql }: Db): Promise<Waking[]> {
  return sql<Waking[]>`
    select incident.org_id, incident.id, incident.connection_id from incident
    where resolved_at is null and kind = 'staff' and not exists (
      select from source where source.connection_id = incident.connection_id and source.delayed_since is not null
        and source.status = 'connected')`
}

export type IncidentEvent = {
  id: number
  at: Date
  kind: string
  actor: string
  data: Record<string, unknown>
}

/** What happened to one incident, oldest first. */
export async function eventsOf(
  { sql }: Db,
  orgId: string,
  { id, connectionId }: { id: string; connectionId: string | null },
): Promise<IncidentEvent[]> {
  const whose = connectionId
    ? sql`connection_id = ${connectionId}`
    : sql`connection_id is null and data ? 'incidentId'`
  return sql<IncidentEvent[]>`
    select id, at, kind, actor, data from audit_event
    where org_id = ${orgId} and ${whose} and data ->> 'incidentId' = ${id} order by id`
}
