/** Who is due for the daily verify: connections nobody has heard anything good of for a day. */
import type { Db } from './db.ts'

/** Neither renewed, verified nor read within this time. */
const QUIET = '24 hours'
/** An ask that came to nothing is repeated after this long. */
const AGAIN = '1 hour'

/**
 * Up to `limit` quiet connections with something to read, the longest quiet first, each handed out once an hour. Left
 * out are those that a look is deciding about.
 */
export async function claimQuietOfAllOrgs(
  { sql }: Db,
  limit: number,
): Promise<{ orgId: string; connectionId: string }[]> {
  return sql<{ orgId: string; connectionId: string }[]>`
    with quiet as (
      select id from connection
      where status = 'connected' and failure_class is null and suspected_at is null
        and coalesce(verified_at, created_at) <= latchkey.clock() - ${QUIET}::interval
        and (verify_asked_at is null or verify_asked_at <= latchkey.clock() - ${AGAIN}::interval)
        and exists (select from source where source.connection_id = connection.id and source.status = 'connected')
        and not exists (select from source where source.connection_id = connection.id
          and source.synced_at > latchkey.clock() - ${QUIET}::interval)
        and not exists (select from outage_hold hold
          where hold.connection_id = connection.id and hold.outcome is null)
      order by verified_at nulls first limit ${limit} for no key update skip locked)
    update connection set verify_asked_at = latchkey.clock() from quiet where connection.id = quiet.id
    returning connection.org_id, connection.id as connection_id`
}
