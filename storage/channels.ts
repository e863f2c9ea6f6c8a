/** Which Slack channels an org's alerts and clients point at. */
import type { Db } from './db.ts'

/** True when alerts of the org or of one of its clients go there. */
export async function isUsed({ sql }: Db, orgId: string, channelId: string): Promise<boolean> {
  const [row] = await sql<{ used: boolean }[]>`
    select exists (select from org where id = ${orgId} and alert_channel_id = ${channelId})
      or exists (select from client where org_id = ${orgId} and channel_id = ${channelId}) as used`
  return row?.used ?? false
}

/** Returns whether anything pointed at it. */
export async function forget({ sql }: Db, orgId: string, channelId: string): Promise<boolean> {
  const rows = await sql`
    with org_part as (
      update org set alert_channel_id = null where id = ${orgId} and alert_channel_id = ${channelId} returning id),
    client_part as (
      update client set channel_id = null where org_id = ${orgId} and channel_id = ${channelId} returning id)
    select id from org_part union all select id from client_part`
  return rows.length > 0
}
