/** Reading through the real queue: what is planned is read, what must wait is put off, and nobody reads twice. */
import { afterAll, expect, test } from 'vitest'
import { planBackfill } from '../../flows/backfill.ts'
import { dueRefreshes } from '../../flows/refresh.ts'
import type { Services } from '../../flows/services.ts'
import { backfill } from '../../jobs/backfill.ts'
import { backfillProgress } from '../../jobs/backfill-progress.ts'
import { dailyRefresh } from '../../jobs/daily-refresh.ts'
import type { Voices } from '../../jobs/job.ts'
import { openQueue } from '../../jobs/queue.ts'
import { syncSource } from '../../jobs/sync-source.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { readingServices, seedSource } from '../support/reading.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db, url } = await freshDatabase()
const tiny = await startTinyProvider()
const jobs = [backfill, backfillProgress, dailyRefresh, syncSource]
const troubles: unknown[] = []
const open = (worker: boolean) =>
  openQueue(url, jobs, { worker, report: (_level, error) => troubles.push(error) })
const [worker, other] = [await open(true), await open(false)]
const base = readingServices(db, [remoteConnector(tiny.origin)])
const services: Services = { ...base, queue: worker.queue }
const voices: Voices = { slack: async () => null, mail: { send: async () => ({ kind: 'sent' }) } }
await worker.work(jobs, [], { ...services, ...voices })
afterAll(async () => {
  await Promise.all([worker.close(), other.close()])
  await tiny.close()
})

test('a backfill that is throttled is put off, then read; midnight found by two nodes is one run', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const seeded = await seedSource(services)
  const { orgId, sourceId } = seeded
  tiny.mode.api = 'limit'
  await db.transaction((tx) => planBackfill(services, tx, { orgId, sourceIds: [sourceId] }))
  await eventually(async () => {
    const waiting = await db.sql`
      select state, start_after > now() + interval '80 seconds' as later from pgboss.job
      where name = 'backfill' and state in ('created', 'retry', 'active')`
    expect(waiting).toEqual([{ state: 'created', later: true }])
  })
  tiny.mode.api = 'check'
  await db.sql`update pgboss.job set start_after = now() where name = 'backfill'`
  await eventually(async () => {
    const open = await db.sql`select 1 from sync_run where source_id = ${sourceId} and status <> 'done'`
    expect(open).toHaveLength(0)
  })

  await setClock(db, '2026-11-21T00:00:20Z')
  await Promise.all([dueRefreshes(services), dueRefreshes({ ...services, queue: other.queue })])
  await eventually(async () => {
    const daily = await db.sql`
      select key, from_day, to_day, status from sync_run where source_id = ${sourceId} and kind = 'daily'`
    expect(daily).toEqual([{ key: '2026-11-21', fromDay: '2026-11-18', toDay: '2026-11-20', status: 'done' }])
  })
  expect(await db.sql`select from pgboss.job where name = 'daily-refresh'`).toHaveLength(1)
  expect(troubles).toEqual([])
})
