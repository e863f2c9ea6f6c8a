/** Every source of 500 orgs due at one midnight: find them, enqueue, and drain jobs that do nothing. */
import { dueRefreshes } from '../../flows/refresh.ts'
import type { Queue, Services } from '../../flows/services.ts'
import { dailyRefresh } from '../../jobs/daily-refresh.ts'
import type { Job, Voices } from '../../jobs/job.ts'
import { openQueue } from '../../jobs/queue.ts'
import { type Db, openDb } from '../../storage/db.ts'
import { migrate } from '../../storage/migrate.ts'
import type { Bench } from './main.ts'
import { type Counter, compare, count, type Line } from './measure.ts'

export const name = 'midnight'

declare module '../../flows/services.ts' {
  interface Jobs {
    'bench-source': { sourceId: string }
  }
}

const PER_CONNECTION = 10
const CONNECTIONS_PER_ORG = 20

type Stage = { db: Db; services: Services; drained(count: number): Promise<void>; close(): Promise<void> }

export async function run({ url, rounds, quick }: Bench, say: (line: Line | Counter) => void): Promise<void> {
  const orgs = quick ? 5 : 500
  const connections = orgs * CONNECTIONS_PER_ORG
  const sources = connections * PER_CONNECTION
  const stage = await openStage(await url('bench_midnight'))
  try {
    await seed(stage.db, orgs)
    let jobs = 0
    const ours = async () => {
      await makeDue(stage.db)
      const began = performance.now()
      await dueRefreshes(stage.services)
      jobs = await waiting(stage.db)
      await stage.drained(connections)
      return (sources / (performance.now() - began)) * 1000
    }
    const perSource = async () => {
      const began = performance.now()
      await jobPerSource(stage)
      await stage.drained(sources)
      return (sources / (performance.now() - began)) * 1000
    }
    const floor = async () => {
      await stage.db.sql`update bench_due set due = now()`
      const began = performance.now()
      await claimAll(stage.db)
      return (sources / (performance.now() - began)) * 1000
    }
    const line = await compare(
      'midnight.b1',
      'src/s',
      {
        ours: { name: 'ours', run: ours },
        peers: [{ name: 'job-per-source', run: perSource }],
        floor: { name: 'claim-alone', run: floor },
      },
      [
        { of: 'job-per-source', atLeast: 3.5 },
        { of: 'claim-alone', atLeast: 0.5 },
      ],
      Math.min(rounds, 3),
    )
    say(count('midnight.jobs', 'jobs', jobs, { is: connections }, { sources }))
    say(line)
  } finally {
    await stage.close()
  }
}

async function openStage(databaseUrl: string): Promise<Stage> {
  await migrate(databaseUrl)
  const db = openDb(databaseUrl)
  let done = 0
  const nothing = async () => void done++
  const ours: Job<'daily-refresh'> = { ...dailyRefresh, run: nothing }
  const peer: Job<'bench-source'> = {
    name: 'bench-source',
    ...{
      retry: dailyRefresh.retry,
      expireSeconds: dailyRefresh.expireSeconds,
      concurrency: dailyRefresh.concurrency,
    },
    ...(dailyRefresh.batch && { batch: dailyRefresh.batch }),
    run: nothing,
  }
  const report = (_level: string, error: unknown) => console.error(error)
  const queue = await openQueue(databaseUrl, [ours, peer], { worker: true, report })
  const services = { db, queue: queue.queue as Queue } as Services
  await queue.work([ours, peer], [], services as Services & Voices)
  return {
    db,
    services,
    async drained(count) {
      while (done < count) await new Promise((later) => setTimeout(later, 5))
      done = 0
    },
    async close() {
      await queue.close()
      await db.close()
    },
  }
}

async function seed({ sql }: Db, orgs: number): Promise<void> {
  await sql`insert into org (name) select 'Agency ' || n from generate_series(1, ${orgs}::int) n`
  await sql`insert into refresh_zone select id, time_zone, now() from org`
  await sql`insert into client (org_id, name) select id, 'Client' from org`
  await sql`
    insert into connection (org_id, provider, oauth_app, identity, identity_label, authorised_by)
    select id, 'google', 'app', n::text, 'x', 'x' from org, generate_series(1, ${CONNECTIONS_PER_ORG}::int) n`
  await sql`
    insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name)
    select c.org_id, client.id, c.id, 'ga4', c.identity || '-' || n, 'Account'
    from connection c join client on client.org_id = c.org_id, generate_series(1, ${PER_CONNECTION}::int) n`
  await sql`create table bench_due as select id, now() as due from source`
  await sql`create index on bench_due (due)`
  await sql`analyze`
}

async function makeDue({ sql }: Db): Promise<void> {
  await sql`truncate pgboss.job`
  await sql`update refresh_zone set next_refresh_at = now()`
}

async function waiting({ sql }: Db): Promise<number> {
  const [row] = await sql<{ jobs: number }[]>`
    select count(*)::int as jobs from pgboss.job where name = 'daily-refresh'`
  return row?.jobs ?? 0
}

async function jobPerSource({ db, services }: Stage): Promise<void> {
  const rows = await db.sql<{ id: string }[]>`select id from source`
  for (let at = 0; at < rows.length; at += 5000)
    await services.queue.sendMany(
      'bench-source',
      rows.slice(at, at + 5000).map(({ id }) => ({ payload: { sourceId: id } })),
      { db },
    )
}

/** The least anybody can do: move the due time of every source, in claims of 10,000. */
async function claimAll({ sql }: Db): Promise<void> {
  for (;;) {
    const { count: moved } = await sql`
      update bench_due set due = now() + interval '1 day' where id in
        (select id from bench_due where due <= now() order by due limit 10000 for update skip locked)`
    if (moved === 0) return
  }
}
