/** Signatures and event ids already seen: Slack delivers at least once, and a request can be sent again by a thief. */
import type { Db } from './db.ts'

const KEEP_HOURS = 24

/**
 * True for the first caller with this key, whichever process it runs in. Somebody at Slack waits for the answer, so
 * the commit does not wait for the disk: a crash of the database may forget the last moment's keys.
 */
export async function firstSightOfAllOrgs({ sql }: Db, key: string): Promise<boolean> {
  const rows = await sql`
    with unhurried as (select set_config('synchronous_commit', 'off', true))
    insert into seen (key) select ${key} from unhurried on conflict do nothing returning key`
  return rows.length > 0
}

/** Signatures are only accepted for five minutes, and Slack repeats an event for less than an hour. */
export async function forgetOldOfAllOrgs({ sql }: Db): Promise<number> {
  const rows = await sql`
    delete from seen where at < latchkey.clock() - make_interval(hours => ${KEEP_HOURS}) returning key`
  return rows.length
}
