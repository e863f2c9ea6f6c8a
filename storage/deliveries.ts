/** Rows of delivery: one message to one address. The row's id is the Message-ID on every attempt. */
import type { Db } from './db.ts'

export type Channel = 'mail' | 'dm'

export type Delivery = {
  id: string
  orgId: string
  kind: string
  channel: Channel
  address: string
  linkId: string | null
  subjectId: string | null
  status: 'queued' | 'sent' | 'refused' | 'dropped'
  attempts: number
  detail: string | null
}

export type NewDelivery = {
  kind: string
  channel: Channel
  address: string
  linkId: string | null
  subjectId: string | null
  dedupeKey: string
}

/** Null when this very message was asked for before. */
export async function insert({ sql }: Db, orgId: string, d: NewDelivery): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    insert into delivery (org_id, kind, channel, address, link_id, subject_id, dedupe_key)
    values (${orgId}, ${d.kind}, ${d.channel}, ${d.address}, ${d.linkId}, ${d.subjectId}, ${d.dedupeKey})
    on conflict (org_id, dedupe_key) do nothing returning id`
  return row?.id ?? null
}

/** Counts the attempt. Undefined when it was settled already. */
export async function begin({ sql }: Db, orgId: string, id: string): Promise<Delivery | undefined> {
  const [delivery] = await sql<Delivery[]>`
    update delivery set attempts = attempts + 1
    where org_id = ${orgId} and id = ${id} and status = 'queued'
    returning id, org_id, kind, channel, address, link_id, subject_id, status, attempts, detail`
  return delivery
}

/** True once. */
export async function settle(
  { sql }: Db,
  orgId: string,
  id: string,
  as: 'sent' | 'refused' | 'dropped',
  detail: string | null,
): Promise<boolean> {
  const { count } = await sql`
    update delivery set status = ${as}, detail = ${detail},
      sent_at = case when ${as} = 'sent' then latchkey.clock() end
    where org_id = ${orgId} and id = ${id} and status = 'queued'`
  return count === 1
}

/** What became of the newest mail to the owner that carried this link; undefined when it was never mailed. */
export async function lastMailOfLink(
  { sql }: Db,
  orgId: string,
  linkId: string,
): Promise<Pick<Delivery, 'status' | 'detail' | 'address'> | undefined> {
  const [row] = await sql<Pick<Delivery, 'status' | 'detail' | 'address'>[]>`
    select status, detail, address from delivery
    where org_id = ${orgId} and link_id = ${linkId} and channel = 'mail'
      and kind in ('access-request', 'nudge-unopened', 'nudge-expiry')
    order by created_at desc, id limit 1`
  return row
}

/** Ten minutes old and neither sent nor refused; tried often enough, it is left alone. For the tick. */
export async function waitingOfAllOrgs({ sql }: Db): Promise<{ orgId: string; deliveryId: string }[]> {
  return sql<{ orgId: string; deliveryId: string }[]>`
    select org_id, id as delivery_id from delivery
    where status = 'queued' and created_at <= latchkey.clock() - interval '10 minutes' and attempts < 30
    order by created_at limit 500`
}
