/** The incidents of an outage: one card per org, and the alerts of single connections that wait for it. */
import type { Db } from './db.ts'
import type { OwnIncident } from './incidents.ts'

/** One per org and outage. Null: it stands already, or the outage holds nothing of this org. */
export async function open({ sql }: Db, orgId: string, outageId: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    insert into incident (org_id, kind, failure_class, outage_id)
    select ${orgId}, 'outage', failure_class, id from outage
    where id = ${outageId} and exists (select from outage_hold where outage_id = outage.id and org_id = ${orgId})
    on conflict (org_id, outage_id) where kind = 'outage' do nothing
    returning id`
  return row?.id ?? null
}

export async function ofOutage({ sql }: Db, orgId: string, outageId: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from incident where org_id = ${orgId} and outage_id = ${outageId} and kind = 'outage'`
  return row?.id ?? null
}

export type Folded = { orgId: string; id: string; connectionId: string }

/** Alerts of the same failure that were opened in the minutes before wait for the outage as well. */
export async function foldOfAllOrgs({ sql }: Db, outageId: string): Promise<Folded[]> {
  return sql<Folded[]>`
    update incident set outage_id = outage.id
    from outage join outage_hold hold on hold.outage_id = outage.id and hold.outcome is null
    where outage.id = ${outageId} and incident.connection_id = hold.connection_id
      and incident.resolved_at is null and incident.outage_id is null
      and incident.failure_class = outage.failure_class
      and incident.kind in ('connection', 'accounts', 'scope', 'staff')
      and incident.opened_at > outage.opened_at - interval '10 minutes'
    returning incident.org_id, incident.id, incident.connection_id`
}

/** They wait no longer: alerts of their own again. */
export async function unfold({ sql }: Db, orgId: string, connectionId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update incident set outage_id = null
    where org_id = ${orgId} and connection_id = ${connectionId} and outage_id is not null and resolved_at is null
    returning id`
  return rows.map(({ id }) => id)
}

/** The provider has answered for the connection. Staff's own end by themselves, when data come again. */
export async function resolveFolded(
  { sql }: Db,
  orgId: string,
  connectionId: string,
): Promise<Pick<OwnIncident, 'id'>[]> {
  return sql<{ id: string }[]>`
    update incident set status = 'resolved', resolved_at = latchkey.clock(), resolved_by = 'system',
      snoozed_until = null, outcome = jsonb_build_object('notHealed', '[]'::jsonb, 'healed', (
        select coalesce(jsonb_agg(source.id), '[]'::jsonb) from source where source.org_id = incident.org_id
          and source.connection_id = incident.connection_id and source.status = 'connected'
          and source.delayed_since is not null))
    where org_id = ${orgId} and connection_id = ${connectionId} and outage_id is not null and resolved_at is null
      and kind in ('connection', 'accounts', 'scope')
    returning id`
}

export type Settled = { orgId: string; id: string; answered: number; refused: number; lasted: boolean }

/** Cards of ended outages none of whose connections, in this org, is still to be looked at. */
export async function settledOfAllOrgs({ sql }: Db): Promise<Settled[]> {
  return sql<Settled[]>`
    select incident.org_id, incident.id, (count(*) filter (where hold.outcome = 'answered'))::int as answered,
      (count(*) filter (where hold.outcome = 'refused'))::int as refused, bool_or(outage.ended_why = 'lasted') as lasted
    from incident join outage on outage.id = incident.outage_id and outage.ended_at is not null
    join outage_hold hold on hold.outage_id = outage.id and hold.org_id = incident.org_id
    join connection on connection.id = hold.connection_id
    where incident.kind = 'outage' and incident.resolved_at is null
    group by incident.id
    having count(*) filter (where hold.outcome is null and connection.status = 'connected') = 0`
}
