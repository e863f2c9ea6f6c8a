/** Rows of client: the agency's customers, one per name and org whatever the capitals. */
import type { Db } from './db.ts'

export type Client = { id: string; name: string; channelId: string | null }

/** Names containing the words, those that begin with them first. No words: the newest clients. */
export async function search({ sql }: Db, orgId: string, words: string, limit: number): Promise<Client[]> {
  const pattern = words.toLowerCase().replace(/[\\%_]/g, '\\$&')
  return sql<Client[]>`
    select id, name, channel_id from client
    where org_id = ${orgId} and lower(name collate "und-x-icu") like ${`%${pattern}%`}
    order by lower(name collate "und-x-icu") like ${`${pattern}%`} desc, case when ${words} = '' then created_at end desc, lower(name collate "und-x-icu")
    limit ${limit}`
}

export async function get({ sql }: Db, orgId: string, id: string): Promise<Client | undefined> {
  const [client] = await sql<Client[]>`
    select id, name, channel_id from client where org_id = ${orgId} and id = ${id}`
  return client
}

/** Two members naming the same new client at once get the same row; the first spelling stays. */
export async function findOrCreate(
  { sql }: Db,
  orgId: string,
  client: { name: string; channelId: string | null; createdBy: string },
): Promise<Client> {
  const [row] = await sql<Client[]>`
    insert into client (org_id, name, channel_id, created_by)
    values (${orgId}, ${client.name}, ${client.channelId}, ${client.createdBy})
    on conflict (org_id, lower(name collate "und-x-icu")) do update set name = client.name
    returning id, name, channel_id`
  return row as Client
}
