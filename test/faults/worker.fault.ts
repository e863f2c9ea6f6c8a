/** A worker is killed in the middle of a backfill, again and again. */
import { type ChildProcess, fork } from 'node:child_process'
import { once as event } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { planBackfill } from '../../flows/backfill.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, seedSource } from '../support/reading.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'
import { report } from './figures.ts'

const KILLS = 50
const SOURCES = 3
const WORKER = new URL('../support/reading-worker.ts', import.meta.url).pathname

test('F01 kill -9 at 50 random points of a backfill loses and doubles no row', async ({ task }) => {
  const { db, url } = await freshDatabase()
  const tiny = await startTinyProvider()
  onTestFinished(() => tiny.close())
  const services = readingServices(db, [remoteConnector(tiny.origin)])
  const seeded = []
  for (let n = 0; n < SOURCES; n++) seeded.push(await seedSource(services))
  for (const { orgId, sourceId } of seeded)
    await db.transaction((tx) => planBackfill(services, tx, { orgId, sourceIds: [sourceId] }))

  let kills = 0
  const worker = (): Promise<ChildProcess> => start(url, tiny.origin)
  let spare = worker()
  for (const { orgId, sourceId } of seeded) {
    for (let ended = false; !ended; ) {
      const current = await spare
      spare = worker()
      const killing = kills < (KILLS * (seeded.findIndex((one) => one.sourceId === sourceId) + 1)) / SOURCES
      let pages = 1 + Math.floor(Math.random() * 5)
      tiny.onPage = () => {
        if (killing && --pages === 0) setTimeout(() => current.kill('SIGKILL'), Math.random() * 12)
      }
      const gone = event(current, 'exit').then(() => 'killed' as const)
      const told = event(current, 'message').then(() => 'done' as const)
      current.send({ kind: 'backfill', orgId, sourceId })
      ended = (await Promise.race([gone, told])) === 'done'
      if (ended) current.disconnect()
      else kills++
      await gone
    }
  }
  ;(await spare).disconnect()

  const [rows] = await db.sql<{ rows: number; days: number; sources: number; open: number; read: number }[]>`
    select count(*)::int as rows, count(distinct date)::int as days, count(distinct source_id)::int as sources,
      (select count(*)::int from sync_run where status <> 'done') as open,
      (select sum(rows_read)::int from sync_run) as read from daily_metrics`
  const expected = (rows?.days ?? 0) * SOURCES * 2
  expect(rows).toMatchObject({ rows: expected, read: expected, sources: SOURCES, open: 0 })
  expect(rows?.days).toBeGreaterThan(390)
  const [asked, once] = [tiny.asked.length, new Set(tiny.asked).size * SOURCES]
  expect(asked - once).toBeLessThanOrEqual(kills)
  report(task, { kills, lost: 0, doubled: 0, rows: expected, pages: once, 'read again': asked - once })
})

async function start(url: string, origin: string): Promise<ChildProcess> {
  const worker = fork(WORKER, [url, origin])
  await event(worker, 'message')
  return worker
}
