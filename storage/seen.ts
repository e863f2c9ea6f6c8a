/** Signatures and event ids already seen: Slack delivers at least once, and a request can be sent again by a thief. */
import type { Db } from './db.ts'

const KEEP_HOURS = 24

/** True for the first caller with this key, whichever process it runs in. */
export async function firstSightOfAllOrgs({ sql }: Db, key: string): Promise<boolean> {
  const rows = await sql`insert into seen (key) values (${key}) on conflict do nothing returning key`
  return rows.length > 0
}

/** Signatures are only accepted for five minutes, and Slack repeats an event for less than an hour. */
export async function forgetOldOfAllOrgs({ sql }: Db): Promise<number> {
  const rows = await sql`
    delete from seen where at < latchkey.clock() - make_interval(hours => ${KEEP_HOURS}) returning key`
  return rows.length
}
