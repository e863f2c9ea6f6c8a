/** Thirteen months: planned once, newest first, killed twenty times, and told in one message. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { planBackfill, planManual } from '../../flows/backfill.ts'
import { runBackfill } from '../../flows/run-backfill.ts'
import { backfillProgress } from '../../jobs/backfill-progress.ts'
import type { SlackVoice } from '../../jobs/job.ts'
import * as runs from '../../storage/sync-runs.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { eachDay, readingServices, type Seeded, type Sent, seedSource } from '../support/reading.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db, url } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())
const sent: Sent[] = []
const services = readingServices(db, [remoteConnector(tiny.origin)], sent)
const signal = new AbortController().signal
const WORKER = new URL('../support/reading-worker.ts', import.meta.url).pathname
const WHOLE = { from: '2025-10-20', to: '2026-11-19' }

beforeEach(async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  sent.length = 0
  Object.assign(tiny, { asked: [], onPage: null, mode: { token: 'rotate', api: 'check' } })
})

const plan = ({ orgId, sourceId }: Seeded) =>
  db.transaction((tx) => planBackfill(services, tx, { orgId, sourceIds: [sourceId] }))
const work = ({ orgId, sourceId }: Seeded, last = false) =>
  runBackfill(services, { orgId, sourceId, last }, signal)

test('a backfill is planned once: month slices, one job, and the refresh that follows it', async () => {
  const seeded = await seedSource(services)
  const { orgId, sourceId } = seeded
  await plan(seeded)
  await setClock(db, '2026-12-05T12:00:00Z')
  await plan(seeded)
  const open = await runs.openOf(db, orgId, sourceId, 'backfill')
  expect(open).toHaveLength(14)
  expect(open[0]).toMatchObject({ key: '2026-11', fromDay: '2026-11-01', toDay: '2026-11-19' })
  expect(open.at(-1)).toMatchObject({ key: '2025-10', fromDay: '2025-10-20', toDay: '2025-10-31' })
  expect(sent).toEqual(Array(2).fill({ name: 'backfill', payload: { orgId, sourceId }, key: sourceId }))
  expect(await db.sql`select time_zone from refresh_zone where org_id = ${orgId}`).toHaveLength(1)
})

test('newest months come first, and the end is recorded once', async () => {
  const seeded = await seedSource(services)
  await plan(seeded)
  expect(await work(seeded)).toEqual({ kind: 'done', rows: 2 * eachDay(WHOLE).length })
  expect([...new Set(tiny.asked.map((asked) => asked.slice(0, 7)))]).toEqual(
    Array.from({ length: 14 }, (_, i) => new Date(Date.UTC(2026, 10 - i, 1)).toISOString().slice(0, 7)),
  )
  expect(await work(seeded)).toEqual({ kind: 'done', rows: 0 })
  expect(
    await db.sql`select data from audit_event where org_id = ${seeded.orgId} and kind = 'backfill.done'`,
  ).toEqual([{ data: { source: 'Account', connector: 'tiny-ads' } }])
  const [source] = await db.sql`select last_good_day from source where id = ${seeded.sourceId}`
  expect(source).toEqual({ lastGoodDay: '2026-11-19' })
})

test('throttled months wait, months of an outage stay open, months nobody understands are given up', async () => {
  const seeded = await seedSource(services)
  await plan(seeded)
  tiny.mode.api = 'limit'
  expect(await work(seeded, true)).toMatchObject({ kind: 'later', seconds: 90 })
  const open = () => runs.openOf(db, seeded.orgId, seeded.sourceId, 'backfill')
  expect(await open()).toHaveLength(14)
  tiny.mode.api = 'down'
  expect(await work(seeded, true)).toMatchObject({ kind: 'failed', givenUp: false })
  expect(await open()).toHaveLength(14)
  tiny.mode.api = 'odd'
  expect(await work(seeded, true)).toEqual({ kind: 'done', rows: 0 })
  expect(await open()).toHaveLength(0)
  tiny.mode.api = 'check'
  await db.transaction((tx) => planManual(services, tx, seeded))
  expect(await open()).toHaveLength(14)
})

async function startWorker(): Promise<ChildProcess> {
  const worker = fork(WORKER, [url, tiny.origin])
  await once(worker, 'message')
  return worker
}

test('a worker killed at twenty random points loses and doubles nothing, and resumes at its cursor', {
  timeout: 120_000,
}, async () => {
  const seeded = await seedSource(services)
  await plan(seeded)
  const task = { kind: 'backfill', orgId: seeded.orgId, sourceId: seeded.sourceId }
  let spare = startWorker()
  for (let kill = 0; kill < 20; kill++) {
    const worker = await spare
    spare = startWorker()
    let pages = 1 + Math.floor(Math.random() * 4)
    const gone = once(worker, 'exit')
    tiny.onPage = () => {
      // Somewhere between the page's request, its rows' commit and the next request.
      if (--pages === 0) setTimeout(() => worker.kill('SIGKILL'), Math.random() * 12)
    }
    worker.send(task)
    await gone
  }
  tiny.onPage = null
  const [cursorBefore] = await db.sql<{ rows: number }[]>`
    select count(*)::int as rows from daily_metrics where source_id = ${seeded.sourceId}`
  expect(cursorBefore?.rows).toBeGreaterThan(0)
  const worker = await spare
  worker.send(task)
  expect((await once(worker, 'message'))[0]).toEqual({ done: 1, failures: [] })
  worker.disconnect()

  const expected = eachDay(WHOLE)
  const rows = await db.sql<{ date: string; campaigns: number }[]>`
    select date, count(*)::int as campaigns from daily_metrics where source_id = ${seeded.sourceId} group by date order by date`
  expect(rows).toEqual(expected.map((date) => ({ date, campaigns: 2 })))
  const slices = await db.sql<{ status: string; rowsRead: number }[]>`
    select status, rows_read from sync_run where source_id = ${seeded.sourceId}`
  expect(slices.every(({ status }) => status === 'done')).toBe(true)
  expect(slices.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBe(2 * expected.length)
  const pages = new Set(tiny.asked).size
  expect(tiny.asked.length).toBeLessThanOrEqual(pages + 20) // at most the page in hand is read again
})

test('the thread gets one message, edited as months arrive, at most every thirty seconds', async () => {
  const seeded = await seedSource(services)
  const { orgId, sourceId, clientId } = seeded
  const [request] = await db.sql<{ id: string }[]>`
    insert into access_request (org_id, client_id, purpose, requested_by, channel_id, status)
    values (${orgId}, ${clientId}, 'connect', 'U1', 'C1', 'finished') returning id`
  const requestId = request?.id as string
  await db.sql`update source set request_id = ${requestId} where id = ${sourceId}`
  await db.sql`insert into slack_post (org_id, key, channel_id, ts) values (${orgId}, ${`request:${requestId}`}, 'C1', '1.0')`
  const said: { how: string; threadTs?: string | undefined; message: SlackMessage }[] = []
  const voice: SlackVoice = {
    async post(_channel, message, options) {
      said.push({ how: 'post', threadTs: options?.threadTs, message })
      return { kind: 'posted', channel: 'C1', ts: '2.0' }
    },
    file: () => Promise.reject(new Error('no files here')),
    people: async () => ({ profiles: [], next: null }),
    async update(_channel, ts, message) {
      said.push({ how: `update ${ts}`, message })
      return 'updated'
    },
  }
  const speak = () =>
    backfillProgress.run(
      { ...services, slack: async () => voice, mail: { send: async () => ({ kind: 'sent' }) } },
      { orgId, requestId },
      { id: '1', attempt: 0, last: false, signal },
    )
  await plan(seeded)
  expect(sent.at(-1)).toEqual({ name: 'backfill-progress', payload: { orgId, requestId }, key: requestId })
  await speak()
  await speak()
  await work(seeded)
  const asked = sent.filter(({ name }) => name === 'backfill-progress')
  const paced = asked.filter(({ afterSeconds }) => afterSeconds)
  expect(new Set(paced.map(({ afterSeconds }) => afterSeconds))).toEqual(new Set([30]))
  const atOnce = asked.filter(({ key }) => key !== requestId)
  expect(atOnce, 'the end does not wait its turn').toEqual([
    { name: 'backfill-progress', payload: { orgId, requestId }, key: `${requestId} complete` },
  ])
  await speak()
  expect(said.map(({ how }) => how)).toEqual(['post', 'update 2.0'])
  expect(said[0]).toMatchObject({ threadTs: '1.0' })
  expect(said[0]?.message.text).toBe('Reading the history of one data source: 0 %, 0 of 14 months.')
  expect(said[1]?.message.text).toBe('The history of one data source is complete.')
  expect(sent.some(({ name, payload }) => name === 'request-card' && payload.requestId === requestId)).toBe(
    true,
  )
})
