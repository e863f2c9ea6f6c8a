/**
 * Outages: one provider and OAuth app failing alike for many connections, of any org. A sign is a connection's last
 * failure that would alert somebody; a hold is one whose alert waits for the outage to end.
 */
import type { AlertSource } from './alerts.ts'
import type { Db } from './db.ts'

/** So many connections, and so large a part of those connected, within this time are the provider's trouble. */
const LEAST = 5
const PERCENT = 30
const WITHIN = '10 minutes'
/** Refusals right after a consent mean nothing yet. */
const GRACE = '10 minutes'
/** Refused so long it is no passing trouble: everybody is alerted after all, where there is a client to be alerted. */
const LONGEST = '24 hours'
const STAFFS = ['app_config', 'version_sunset', 'transient']
const ROUND = '2 minutes'

/** Until the transaction ends, one judges at a time about one provider and OAuth app. Before any other lock. */
export async function lockProvider({ sql }: Db, orgId: string, connectionId: string): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended('latchkey outage ' || provider || ' ' || oauth_app, 0))
    from connection where org_id = ${orgId} and id = ${connectionId}`
}

/** One that an ended outage has let go is judged by itself, until its own look has shown what it is. */
const isReleased = (sql: Db['sql'], failureClass: string) => sql`
  exists (select from outage_hold hold join outage over on over.id = hold.outage_id
    where hold.connection_id = connection.id and hold.outcome is null and over.ended_at is not null
      and over.failure_class = ${failureClass})`

/** Notes that this connection failed so. */
export async function sign(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  failureClass: string,
): Promise<void> {
  await sql`
    insert into outage_sign (connection_id, failure_class, org_id, at)
    select id, ${failureClass}, org_id, latchkey.clock() from connection
    where org_id = ${orgId} and id = ${connectionId} and status = 'connected'
      and (${failureClass} <> 'revoked' or authorised_at <= latchkey.clock() - ${GRACE}::interval)
      and not ${isReleased(sql, failureClass)}
    on conflict (connection_id, failure_class) do update set at = excluded.at`
}

/**
 * The outage this failure belongs to: the open one of its kind, or one opened now because enough fail alike. Null:
 * the failure is the connection's own. The caller holds `lockProvider` and has signed before.
 */
export async function judge(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  failureClass: string,
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    with mine as (
      select connection.provider, connection.oauth_app from connection join outage_sign sign
        on sign.connection_id = connection.id and sign.failure_class = ${failureClass}
      where connection.org_id = ${orgId} and connection.id = ${connectionId}
        and sign.at > latchkey.clock() - ${WITHIN}::interval and not ${isReleased(sql, failureClass)}),
    peers as (
      select count(*) filter (where ${isFailing(sql, failureClass)}) as failing,
        count(*) filter (where connection.status = 'connected' or ${isFailing(sql, failureClass)}) as total
      from connection join mine using (provider, oauth_app)),
    standing as (
      select outage.id from outage join mine using (provider, oauth_app)
      where failure_class = ${failureClass} and ended_at is null),
    opened as (
      insert into outage (provider, oauth_app, failure_class, looked_at)
      select provider, oauth_app, ${failureClass}, latchkey.clock() from mine, peers
      where failing >= ${LEAST} and failing * 100 >= total * ${PERCENT} and not exists (select from standing)
      returning id)
    select id from standing union all select id from opened`
  return row?.id ?? null
}

const isFailing = (sql: Db['sql'], failureClass: string) => sql`
  (connection.status <> 'removed' and exists (select from outage_sign sign
    where sign.connection_id = connection.id and sign.failure_class = ${failureClass}
      and sign.at > latchkey.clock() - ${WITHIN}::interval and sign.at >= connection.authorised_at)
    and (${failureClass} <> 'revoked' or connection.suspected_at is not null or connection.failure_class = 'revoked')
    and not ${isReleased(sql, failureClass)})`

export type Held = { orgId: string; connectionId: string }

/** Everybody who fails as the outage does is held by it. Returns the new ones. */
export async function holdOfAllOrgs(
  { sql }: Db,
  outage: { id: string; failureClass: string },
): Promise<Held[]> {
  return sql<Held[]>`
    insert into outage_hold (outage_id, org_id, connection_id)
    select outage.id, connection.org_id, connection.id
    from outage join connection using (provider, oauth_app)
    where outage.id = ${outage.id} and ${isFailing(sql, outage.failureClass)}
    on conflict (outage_id, connection_id) do update set outcome = null, settled_at = null, looked_at = null
      where outage_hold.outcome is not null
    returning org_id, connection_id`
}

/** Nobody held is disconnected: who fell in the minutes before is connected and suspected again. */
export async function liftConnectionsOfAllOrgs({ sql }: Db, outageId: string): Promise<void> {
  await sql`
    update connection set status = 'connected', failure_class = null, detail = null, disconnected_at = null,
      suspected_at = coalesce(suspected_at, disconnected_at, latchkey.clock()), epoch = epoch + 1
    from outage_hold hold join outage on outage.id = hold.outage_id
    where outage.id = ${outageId} and outage.failure_class = 'revoked' and hold.outcome is null
      and connection.id = hold.connection_id and connection.failure_class = 'revoked'
      and (connection.status = 'connected' or (connection.status = 'disconnected'
        and connection.disconnected_at > outage.opened_at - ${WITHIN}::interval))`
}

/** Their sources are late instead of disconnected. */
export async function liftSourcesOfAllOrgs({ sql }: Db, outageId: string): Promise<void> {
  await sql`
    update source set status = 'connected', failure_class = null, disconnected_at = null,
      delayed_since = coalesce(source.delayed_since, source.disconnected_at, latchkey.clock())
    from outage_hold hold join outage on outage.id = hold.outage_id
    where outage.id = ${outageId} and hold.outcome is null and source.connection_id = hold.connection_id
      and ((source.status = 'disconnected' and source.failure_class = outage.failure_class
          and source.disconnected_at > outage.opened_at - ${WITHIN}::interval)
        or (source.status = 'connected' and source.delayed_since is null
          and outage.failure_class not in ('account_lost', 'scope_missing')))`
}

/** What its own look has shown: it waits for no outage any more. Returns the outages it waited for. */
export async function settle(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  { failureClasses, outcome }: { failureClasses: string[]; outcome: 'answered' | 'refused' },
): Promise<string[]> {
  const rows = await sql<{ outageId: string }[]>`
    update outage_hold hold set outcome = ${outcome}, settled_at = latchkey.clock()
    from outage where outage.id = hold.outage_id and outage.failure_class = any(${failureClasses})
      and hold.org_id = ${orgId} and hold.connection_id = ${connectionId} and hold.outcome is null
    returning hold.outage_id`
  return rows.map(({ outageId }) => outageId)
}

/** Its alert waits for an outage, or for the look after one. */
export async function isHeld({ sql }: Db, orgId: string, connectionId: string): Promise<boolean> {
  const { count } = await sql`
    select from outage_hold where org_id = ${orgId} and connection_id = ${connectionId} and outcome is null`
  return count > 0
}

/** What it failed with before counts no more. */
export async function forget(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  failureClasses: string[],
): Promise<void> {
  await sql`
    delete from outage_sign where org_id = ${orgId} and connection_id = ${connectionId}
      and failure_class = any(${failureClasses})`
}

/** Ends what most answer for, of the last round or of all, and what has lasted too long. Each once. */
export async function endOfAllOrgs({ sql }: Db): Promise<string[]> {
  const lately = sql`hold.looked_at >= outage.looked_at`
  const rows = await sql<{ id: string }[]>`
    with told as (
      select outage.id,
        2 * count(*) filter (where ${lately} and hold.outcome = 'answered') > count(*) filter (where ${lately})
          or 2 * count(*) filter (where hold.outcome = 'answered' or connection.status <> 'connected') >= count(*)
          as answers
      from outage join outage_hold hold on hold.outage_id = outage.id
      join connection on connection.id = hold.connection_id
      where outage.ended_at is null group by outage.id)
    update outage set ended_at = latchkey.clock(), looked_at = null,
      ended_why = case when told.answers then 'answered' else 'lasted' end
    from told where outage.id = told.id and outage.ended_at is null
      and (told.answers or (outage.opened_at <= latchkey.clock() - ${LONGEST}::interval
        and outage.failure_class <> all(${STAFFS})))
    returning outage.id`
  return rows.map(({ id }) => id)
}

export type Round = { id: string; failureClass: string; ended: boolean }

/** Outages whose held connections are to be asked again, each handed out once in two minutes. */
export async function dueOfAllOrgs({ sql }: Db): Promise<Round[]> {
  return sql<Round[]>`
    update outage set looked_at = latchkey.clock()
    where (looked_at is null or looked_at <= latchkey.clock() - ${ROUND}::interval)
      and exists (select from outage_hold hold join connection on connection.id = hold.connection_id
        where hold.outage_id = outage.id and hold.outcome is null and connection.status = 'connected')
    returning id, failure_class, ended_at is not null as ended`
}

/** Those to ask in this round, the longest unasked first. */
export async function pickOfAllOrgs({ sql }: Db, outageId: string, limit: number): Promise<Held[]> {
  return sql<Held[]>`
    with picked as (
      select hold.connection_id from outage_hold hold join connection on connection.id = hold.connection_id
      where hold.outage_id = ${outageId} and hold.outcome is null and connection.status = 'connected'
      order by hold.looked_at nulls first, hold.connection_id limit ${limit} for update of hold skip locked)
    update outage_hold set looked_at = latchkey.clock() from picked
    where outage_hold.outage_id = ${outageId} and outage_hold.connection_id = picked.connection_id
    returning org_id, outage_hold.connection_id`
}

export type Figures = {
  provider: string
  failureClass: string
  endedWhy: 'answered' | 'lasted' | null
  /** Of this org: held ever, and what their looks have shown. */
  held: number
  answered: number
  refused: number
  /** Connections of this org at the provider. */
  of: number
}

export async function figuresOf({ sql }: Db, orgId: string, outageId: string): Promise<Figures | null> {
  const [row] = await sql<Figures[]>`
    select outage.provider, outage.failure_class, outage.ended_why, count(*)::int as held,
      (count(*) filter (where hold.outcome = 'answered'))::int as answered,
      (count(*) filter (where hold.outcome = 'refused'))::int as refused,
      (select count(*)::int from connection where connection.org_id = ${orgId}
        and connection.provider = outage.provider and connection.oauth_app = outage.oauth_app
        and connection.status <> 'removed') as of
    from outage join outage_hold hold on hold.outage_id = outage.id and hold.org_id = ${orgId}
    where outage.id = ${outageId} group by outage.id`
  return row ?? null
}

/** Of this org, under the connections the outage held. */
export async function sourcesUnder({ sql }: Db, orgId: string, outageId: string): Promise<AlertSource[]> {
  return sql<AlertSource[]>`
    select source.id, source.connector_id, source.account_name, source.status, source.failure_class,
           source.delayed_since, source.last_good_day, source.missing_metrics, client.id as client_id,
           client.name as client_name, client.channel_id as client_channel_id
    from outage_hold hold
    join source on source.org_id = hold.org_id and source.connection_id = hold.connection_id
      and source.status <> 'removed'
    join client on client.org_id = source.org_id and client.id = source.client_id
    where hold.org_id = ${orgId} and hold.outage_id = ${outageId}
    order by lower(client.name), source.connector_id, source.account_name, source.id`
}
