/** Moves the clock of every rule about time, and has the minute's work done at once. */
import type { Services } from '../flows/services.ts'
import type { Db } from '../storage/db.ts'

/** Later by an ISO 8601 duration (PT3H, P1D) or any interval PostgreSQL reads. Gives the new time. */
export async function advanceClock({ sql }: Db, duration: string): Promise<Date> {
  const [row] = await sql<{ seconds: string }[]>`
    select extract(epoch from latchkey.clock() - now() + ${duration}::interval) as seconds`
  const seconds = Number(row?.seconds)
  await sql.unsafe(`create or replace function latchkey.clock() returns timestamptz language sql stable
    as $$ select now() + interval '${seconds.toFixed(3)} seconds' $$`)
  return readClock({ sql } as Db)
}

export async function readClock({ sql }: Db): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select latchkey.clock() as now`
  return row?.now ?? new Date()
}

/** Seconds until the coming midnight of the zone, a little past it. */
export async function untilMidnight({ sql }: Db, timeZone: string): Promise<string> {
  const [row] = await sql<{ seconds: string }[]>`
    select extract(epoch from
      (date_trunc('day', latchkey.clock() at time zone ${timeZone}) + interval '1 day 30 seconds')
        at time zone ${timeZone} - latchkey.clock()) as seconds`
  return `PT${Math.ceil(Number(row?.seconds ?? 0))}S`
}

/** Waits for a tick that began after this call. */
export async function tickNow(services: Pick<Services, 'db' | 'queue'>, timeoutMs = 60_000): Promise<void> {
  const until = Date.now() + timeoutMs
  await quiet(services.db, until, ['tick']) // the schedule's own may be running with the old time
  await services.queue.send('tick' as never, {} as never, { db: services.db })
  await quiet(services.db, until, ['tick'])
}

/**
 * Waits until no job is waiting, running or due within six seconds. Jobs put off for longer (retries) do not count;
 * `hurry` makes them due first.
 */
export async function settle(db: Db, { timeoutMs = 60_000, hurry = false } = {}): Promise<void> {
  if (hurry) await db.sql`update pgboss.job set start_after = now() where state in ('created', 'retry')`
  await quiet(db, Date.now() + timeoutMs, null)
}

const QUIET_ROUNDS = 2
const PAUSE_MS = 60

async function quiet({ sql }: Db, until: number, names: string[] | null): Promise<void> {
  let calm = 0
  while (calm < QUIET_ROUNDS) {
    const open = await sql<{ name: string }[]>`
      select name from pgboss.job
      where (state = 'active' or (state in ('created', 'retry') and start_after <= now() + interval '6 seconds'))
        and name not like '\\_\\_pgboss%' ${names ? sql`and name in ${sql(names)}` : sql``}`
    calm = open.length === 0 ? calm + 1 : 0
    if (Date.now() > until)
      throw new Error(`Still not done: ${[...new Set(open.map(({ name }) => name))].join(', ')}`)
    await new Promise((again) => setTimeout(again, PAUSE_MS))
  }
}
