/** What a trip to a provider must remember until it comes back, sealed; found only by browser cookie and state. */
import type { Db } from './db.ts'

/** Ten minutes on the real clock: they bound a real trip. */
export async function save({ sql }: Db, hash: Buffer, sealed: string): Promise<void> {
  await sql`
    insert into oauth_session (hash, sealed, expires_at) values (${hash}, ${sealed}, now() + interval '10 minutes')`
}

/** Removes what it returns, so that a callback cannot be replayed. */
export async function takeByHash(
  { sql }: Db,
  hashes: Buffer[],
): Promise<{ hash: Buffer; sealed: string } | undefined> {
  if (hashes.length === 0) return undefined
  const [row] = await sql<{ hash: Buffer; sealed: string; live: boolean }[]>`
    delete from oauth_session where hash in ${sql(hashes)}
    returning hash, sealed, expires_at > now() as live`
  return row?.live ? row : undefined
}

export async function forgetExpiredOfAllOrgs({ sql }: Db): Promise<void> {
  await sql`delete from oauth_session where expires_at <= now()`
}
