/** The database goes away under the running product, and comes back. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type LocalPostgres, startPostgres } from '../../sandbox/postgres.ts'
import { type Db, openDb } from '../../storage/db.ts'
import { migrate } from '../../storage/migrate.ts'
import { openWorld, type World } from '../support/world.ts'
import { report } from './figures.ts'

const DOWN_MS = 30_000
const RECOVERY_MS = 35_000
const SLACK_MS = 3_000
const PAGE_MS = 5_000

test('F05 PostgreSQL crashes and restarts under load: no job is lost', async ({ task }) => {
  const { server, db, world } = await stage()
  const JOBS = 400
  const org = await anyOrg(db)
  const { services } = world.app
  const send = (n: number) => {
    const payload = card(org, n)
    return services.queue.send('request-card', payload, { db: services.db, key: payload.requestId })
  }
  const sent = Array.from({ length: JOBS }, async (_, n) => {
    await pause(n * 10)
    for (;;) {
      try {
        return await send(n)
      } catch {
        await pause(200) // a caller whose transaction failed asks again, as a person would
      }
    }
  })
  await pause(1_500)
  const fell = performance.now()
  await server.kill()
  await server.start()
  await Promise.all(sent)
  const green = await untilReady(world, fell)
  const counts = await drained(db)
  expect(counts.open).toBe(0)
  expect(counts.done).toBeGreaterThanOrEqual(JOBS)
  report(task, { jobs: JOBS, lost: 0, 'green again after ms': Math.round(green) })
})

test('F06 PostgreSQL is down for 30 s: Slack is answered in words, pages say when to come back', async ({
  task,
}) => {
  const { server, world } = await stage()
  await server.kill()
  const back = pause(DOWN_MS).then(() => server.start())

  const slow: number[] = []
  for (let n = 0; n < 5; n++) {
    const { status, ms, body } = await world.slack.as('Ana').command('/access', 'help')
    slow.push(ms)
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toMatch(/again/i)
  }
  expect(Math.max(...slow)).toBeLessThan(SLACK_MS)

  const asked = performance.now()
  const page = await fetch(`${world.url}/l/lk_${'a'.repeat(43)}`)
  const pageMs = performance.now() - asked
  expect(page.status).toBe(503)
  expect(page.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(pageMs).toBeLessThan(PAGE_MS)
  expect((await fetch(`${world.url}/readyz`)).status).toBe(503)
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200)

  await back
  const returned = performance.now()
  const green = await untilReady(world, returned)
  expect(green).toBeLessThan(RECOVERY_MS)
  await world.tick()
  const { status } = await world.slack.as('Ana').command('/access', 'help')
  expect(status).toBe(200)
  report(task, {
    'slowest Slack answer ms': Math.round(Math.max(...slow)),
    'page ms': Math.round(pageMs),
    'green again after ms': Math.round(green),
    'log lines': world.logs.length,
  })
})

async function stage(): Promise<{ server: LocalPostgres; db: Db; world: World }> {
  const server = await startPostgres({ durable: true })
  await migrate(server.url())
  const db = openDb(server.url(), { name: 'latchkey test' })
  const world = await openWorld({}, Promise.resolve({ url: server.url(), db }))
  world.expectErrors(/./) // a database that is gone is an error in every line
  onTestFinished(async () => {
    await world.stop()
    await db.close()
    await server.stop()
  })
  return { server, db, world }
}

async function anyOrg({ sql }: Db): Promise<string> {
  const [org] = await sql<{ id: string }[]>`select id from org limit 1`
  return org?.id ?? ''
}

/** A card of a request that does not exist: the job reads, finds nothing to do, and is done. */
const card = (orgId: string, n: number) => ({
  orgId,
  requestId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
})

/** A job whose completion was lost in the crash runs again once its heartbeat is missed; waits for a retry are cut. */
async function drained({ sql }: Db): Promise<{ done: number; open: number }> {
  const until = Date.now() + 120_000
  for (;;) {
    await sql`update pgboss.job set start_after = now() where state in ('created', 'retry')`
    const [counts] = await sql<{ done: number; open: number }[]>`
      select count(*) filter (where state = 'completed')::int as done,
        count(*) filter (where state <> 'completed')::int as open
      from pgboss.job where name = 'request-card'`
    if (counts && (counts.open === 0 || Date.now() > until)) return counts
    await pause(500)
  }
}

async function untilReady(world: World, since: number): Promise<number> {
  for (;;) {
    const ready = await fetch(`${world.url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return performance.now() - since
    if (performance.now() - since > 120_000) throw new Error('never ready again')
    await pause(100)
  }
}
