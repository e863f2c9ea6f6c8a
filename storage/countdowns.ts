/** Incidents of kind 'expiring': the days before an authorisation ends, each said once. */
import type { Db } from './db.ts'

/** A renewal reports the end anew, a few seconds off; only a later day is a later end. */
const LATER = '24 hours'

export type Step = {
  orgId: string
  id: string
  connectionId: string
  provider: string
  endsAt: Date
  /** Days that are left, begun ones counted; 0: the end has come. */
  daysLeft: number
  /** Its card is new; else it stands and says one thing more. */
  fresh: boolean
  /** Nobody is to be reminded now. */
  silent: boolean
  /** Of the org: in which the day is named. */
  timeZone: string
}

/**
 * Takes every countdown to the step that is due: 30, 14, 7, 3, 1 days for what lasts half a year or more, else from 14
 * on. Missed steps are one. Each is handed out once; an end that has passed opens nothing any more.
 */
export async function stepsOfAllOrgs({ sql }: Db): Promise<Step[]> {
  return sql<Step[]>`
    with ending as (
      select connection.id, connection.org_id, connection.provider, grant_expires_at as ends_at, org.time_zone,
        (select min(step) from unnest(case when grant_expires_at - authorised_at >= interval '4320 hours'
            then array[30, 14, 7, 3, 1, 0] else array[14, 7, 3, 1, 0] end) as step
          where latchkey.clock() >= grant_expires_at - make_interval(hours => 24 * step)) as step
      from connection join org on org.id = connection.org_id
      where connection.status = 'connected' and grant_expires_at <= latchkey.clock() + interval '720 hours'
        and exists (select from source where source.connection_id = connection.id and source.status <> 'removed')),
    opened as (
      insert into incident (org_id, connection_id, kind, failure_class, ends_at, step)
      select org_id, id, 'expiring', 'expiring', ends_at, step from ending where step > 0
      on conflict (connection_id, kind) where resolved_at is null do nothing
      returning id, connection_id, ends_at, step, status),
    moved as (
      update incident set step = ending.step, ends_at = least(incident.ends_at, ending.ends_at)
      from ending where incident.connection_id = ending.id and incident.kind = 'expiring'
        and incident.resolved_at is null and incident.step > ending.step
      returning incident.id, incident.connection_id, incident.ends_at, incident.step, incident.status),
    said as (select *, true as fresh from opened union all select *, false from moved)
    select ending.org_id, said.id, said.connection_id, ending.provider, said.ends_at,
      greatest(0, ceil(extract(epoch from said.ends_at - latchkey.clock()) / 86400))::int as days_left, said.fresh,
      said.status in ('muted', 'snoozed') as silent, ending.time_zone
    from said join ending on ending.id = said.connection_id`
}

export type Over = { orgId: string; id: string; connectionId: string }

/** Ends the countdowns whose end has moved on, by a renewal or a reconnect. */
export async function extendedOfAllOrgs({ sql }: Db): Promise<Over[]> {
  return sql<Over[]>`
    update incident set status = 'resolved', resolved_at = latchkey.clock(), resolved_by = 'system',
      snoozed_until = null
    from connection
    where connection.id = incident.connection_id and connection.status = 'connected' and incident.kind = 'expiring'
      and incident.resolved_at is null and (connection.grant_expires_at is null
        or connection.grant_expires_at > incident.ends_at + ${LATER}::interval)
    returning incident.org_id, incident.id, incident.connection_id`
}

/** Closes those whose connection has ended: what is to be said about that is another card's. */
export async function overtakenOfAllOrgs({ sql }: Db): Promise<Over[]> {
  return sql<Over[]>`
    update incident set status = 'archived', resolved_at = latchkey.clock(), resolved_by = 'system',
      snoozed_until = null
    from connection
    where connection.id = incident.connection_id and connection.status <> 'connected'
      and incident.kind = 'expiring' and incident.resolved_at is null
    returning incident.org_id, incident.id, incident.connection_id`
}
