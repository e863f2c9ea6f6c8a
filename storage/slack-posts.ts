/** Rows of slack_post: messages of ours that are edited in place, or must be posted once. */
import type { Db } from './db.ts'

export type SlackPost = { key: string; channelId: string; ts: string | null; contentHash: Buffer | null }

export async function get({ sql }: Db, orgId: string, key: string): Promise<SlackPost | undefined> {
  const [post] = await sql<SlackPost[]>`
    select key, channel_id, ts, content_hash from slack_post where org_id = ${orgId} and key = ${key}`
  return post
}

/** Keys that begin so and stand in Slack already. */
export async function postedKeys({ sql }: Db, orgId: string, prefix: string): Promise<string[]> {
  const rows = await sql<{ key: string }[]>`
    select key from slack_post where org_id = ${orgId} and starts_with(key, ${prefix}) and ts is not null`
  return rows.map(({ key }) => key)
}

/**
 * True for the one caller who may post it now. A claim whose poster died is free again after two minutes (on the real
 * clock: it bounds a real call), so a crash between Slack's answer and `posted` can repeat a message, never lose it.
 */
export async function claim({ sql }: Db, orgId: string, key: string, channelId: string): Promise<boolean> {
  const { count } = await sql`
    insert into slack_post (org_id, key, channel_id, updated_at) values (${orgId}, ${key}, ${channelId}, now())
    on conflict (org_id, key) do update set updated_at = now()
    where slack_post.ts is null and slack_post.updated_at < now() - interval '2 minutes'`
  return count === 1
}

export async function posted(
  { sql }: Db,
  orgId: string,
  key: string,
  at: { channelId: string; ts: string; contentHash: Buffer | null },
): Promise<void> {
  await sql`
    update slack_post set channel_id = ${at.channelId}, ts = ${at.ts}, content_hash = ${at.contentHash},
      updated_at = now() where org_id = ${orgId} and key = ${key}`
}

/** Gives the claim back: posting failed, or the message is gone and must be posted anew. */
export async function forget({ sql }: Db, orgId: string, key: string): Promise<void> {
  await sql`delete from slack_post where org_id = ${orgId} and key = ${key}`
}
