/** Runs: resumed at their cursor, fenced, and what a page becomes. The killed worker is in backfill.test.ts. */
import { beforeEach, expect, test } from 'vitest'
import { ConnectorError, type DayRange, type Page } from '../../connectors/connector.ts'
import { planCatchUp, planManual } from '../../flows/backfill.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { runSync } from '../../flows/sync.ts'
import { retryOf } from '../../jobs/job.ts'
import * as runs from '../../storage/sync-runs.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import {
  eachDay,
  readingServices,
  rowOf,
  type Seeded,
  type Sent,
  seedSource,
  tinyConnector,
} from '../support/reading.ts'

const { db } = await freshDatabase()
const sent: Sent[] = []
let give: (range: DayRange, cursor: string | null) => AsyncIterable<Page>
const connector = tinyConnector((_context, _account, range, cursor) => give(range, cursor))
const services = readingServices(db, [connector], sent)
const signal = new AbortController().signal
const RANGE = { from: '2026-11-01', to: '2026-11-03' }

/** One day a page; the cursor is the next day. */
async function* dayByDay(range: DayRange, cursor: string | null): AsyncGenerator<Page> {
  const days = eachDay({ ...range, from: cursor ?? range.from })
  for (const [i, day] of days.entries()) yield { rows: [rowOf(day, 'one')], next: days[i + 1] ?? null }
}

beforeEach(async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  sent.length = 0
  give = dayByDay
})

let manual = 0
async function openRun({ orgId, sourceId }: Seeded, range = RANGE): Promise<number> {
  const [id] = await runs.plan(db, orgId, [
    { sourceId, kind: 'manual', key: `m${manual++}`, fromDay: range.from, toDay: range.to },
  ])
  return id as number
}

const days = async ({ sourceId }: Seeded) =>
  db.sql<{ date: string; impressions: number | null }[]>`
    select date, impressions from daily_metrics where source_id = ${sourceId} order by date, key`
const runRow = async (id: number) => (await db.sql`select * from sync_run where id = ${id}`)[0]
const sourceRow = async ({ sourceId }: Seeded) =>
  (await db.sql`select * from source where id = ${sourceId}`)[0]

test('every page commits with its cursor, and the next attempt begins there', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  const asked: (string | null)[] = []
  give = async function* (range, cursor) {
    asked.push(cursor)
    let given = 0
    for await (const page of dayByDay(range, cursor)) {
      if (given++ === 2) throw new ConnectorError('transient', 'tiny', 'Tiny Ads answered 503')
      yield page
    }
  }
  const subject = { orgId: seeded.orgId, runId }
  expect(await runSync(services, subject, signal)).toMatchObject({ kind: 'failed' })
  expect(await runRow(runId)).toMatchObject({
    status: 'queued',
    cursor: '2026-11-03',
    rowsRead: 2,
    failureClass: 'transient',
  })
  expect(await days(seeded)).toHaveLength(2)
  expect(await runSync(services, subject, signal)).toEqual({ kind: 'done', rows: 1 })
  expect(asked).toEqual([null, '2026-11-03'])
  expect(await days(seeded)).toHaveLength(3)
  expect(await sourceRow(seeded)).toMatchObject({ lastGoodDay: '2026-11-03', delayedSince: null })
  expect(await runSync(services, subject, signal)).toEqual({ kind: 'idle' })
})

test('a worker that was overtaken writes nothing any more and says nothing', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  give = async function* (range, cursor) {
    for await (const page of dayByDay(range, cursor)) {
      yield page
      if (page.next === '2026-11-02') await runs.claim(db, seeded.orgId, runId)
    }
  }
  expect(await runSync(services, { orgId: seeded.orgId, runId }, signal)).toEqual({ kind: 'fenced' })
  expect(await days(seeded)).toHaveLength(1)
  expect(await runRow(runId)).toMatchObject({ status: 'running', cursor: '2026-11-02', rowsRead: 1 })
})

test('stopping a source fences the worker that is reading it, and nobody resumes it while disconnected', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  give = async function* (range, cursor) {
    for await (const page of dayByDay(range, cursor)) {
      yield page
      await runs.stop(db, seeded.orgId, [seeded.sourceId])
    }
  }
  expect(await runSync(services, { orgId: seeded.orgId, runId }, signal)).toEqual({ kind: 'fenced' })
  const next = await openRun(seeded)
  await db.sql`update source set status = 'disconnected' where id = ${seeded.sourceId}`
  expect(await runSync(services, { orgId: seeded.orgId, runId: next }, signal)).toEqual({ kind: 'idle' })
  expect(await runRow(next)).toMatchObject({ status: 'stopped' })
})

test('days outside the range, today above all, and duplicates within a page are not stored', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  give = async function* () {
    const strays = [rowOf('2026-11-20', 'one'), rowOf('2026-10-31', 'one'), rowOf('not a day', 'one')]
    yield { rows: [...strays, rowOf('2026-11-02', 'one', 1), rowOf('2026-11-02', 'one', 2)], next: null }
  }
  expect(await runSync(services, { orgId: seeded.orgId, runId }, signal)).toEqual({ kind: 'done', rows: 1 })
  expect(await days(seeded)).toEqual([{ date: '2026-11-02', impressions: 2 }])
})

test('hostile and endless names, words for numbers and exact cents all fit', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  const long = 'x'.repeat(5_000)
  const odd = { campaign: 'nul\u0000 half \ud800 tab\t' }
  give = async function* () {
    yield {
      rows: [
        {
          date: '2026-11-01',
          dimensions: { campaign: `${long}a` },
          metrics: { impressions: Number.NaN, cost: '0.1' },
        },
        {
          date: '2026-11-01',
          dimensions: { campaign: `${long}b` },
          metrics: { impressions: '12', cost: 'n/a' },
        },
        { date: '2026-11-02', dimensions: odd, metrics: { impressions: 3, cost: '123456789.123456' } },
      ],
      ...{ next: null, currency: 'JPY' },
    }
  }
  expect(await runSync(services, { orgId: seeded.orgId, runId }, signal)).toEqual({ kind: 'done', rows: 3 })
  expect(
    await db.sql`select impressions, cost, currency from daily_metrics where source_id = ${seeded.sourceId} order by date, key`,
  ).toEqual([
    { impressions: null, cost: '0.100000', currency: 'JPY' },
    { impressions: 12, cost: null, currency: 'JPY' },
    { impressions: 3, cost: '123456789.123456', currency: 'JPY' },
  ])
  expect(await sourceRow(seeded)).toMatchObject({ currency: 'JPY' })
})

test('where rows may vanish, a whole page leaves nothing else from its first day on, and an empty one leaves all', async () => {
  const seeded = await seedSource(services)
  const read = async (page: Omit<Page, 'next'>) => {
    give = async function* () {
      yield { ...page, next: null }
    }
    const subject = { orgId: seeded.orgId, runId: await openRun(seeded) }
    expect(await runSync(services, subject, signal)).toMatchObject({ kind: 'done' })
    return (await days(seeded)).map(({ date }) => date)
  }
  const three = ['2026-11-01', '2026-11-02', '2026-11-03'].map((day) => rowOf(day, 'one'))
  expect(await read({ rows: three })).toHaveLength(3)
  expect(await read({ rows: [], whole: true })).toHaveLength(3)
  expect(await read({ rows: three.slice(1, 2) })).toHaveLength(3)
  expect(await read({ rows: [rowOf('2026-11-02', 'two')], whole: true })).toEqual([
    '2026-11-01',
    '2026-11-02',
  ])
  expect(await read({ rows: three.slice(0, 1), whole: true })).toEqual(['2026-11-01'])
})

test('a report that gives the same cursor twice is ended, and after the last attempt given up', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  give = async function* () {
    for (;;) yield { rows: [], next: 'again' }
  }
  const outcome = await runSync(services, { orgId: seeded.orgId, runId, last: true }, signal)
  expect(outcome).toMatchObject({ kind: 'failed', error: { kind: 'unknown' }, givenUp: true })
  expect(await runRow(runId)).toMatchObject({ status: 'failed' })
})

test('a rival that inserts the same key first costs one repetition, not a row', async () => {
  const seeded = await seedSource(services)
  const [first, second] = [await openRun(seeded), await openRun(seeded)]
  const rows = Array.from({ length: 3_000 }, (_, i) => rowOf('2026-11-02', `c${i}`))
  give = async function* () {
    yield { rows, next: null }
  }
  const both = await Promise.all(
    [first, second].map((runId) => runSync(services, { orgId: seeded.orgId, runId }, signal)),
  )
  expect(both).toEqual(Array(2).fill({ kind: 'done', rows: 3_000 }))
  expect(await days(seeded)).toHaveLength(3_000)
})

test('a worker asked to stop hands the rest back between pages', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  const stop = new AbortController()
  give = async function* (range, cursor) {
    for await (const page of dayByDay(range, cursor)) {
      yield page
      stop.abort()
    }
  }
  const subject = { orgId: seeded.orgId, runId }
  expect(await runSync(services, subject, stop.signal)).toMatchObject({ kind: 'later' })
  expect(await runRow(runId)).toMatchObject({ cursor: '2026-11-03' })
  give = dayByDay
  expect(await runSync(services, subject, signal)).toEqual({ kind: 'done', rows: 1 })
})

test('after a reconnect the gap is read exactly, once', async () => {
  const seeded = await seedSource(services)
  const { orgId, sourceId } = seeded
  await db.sql`update source set last_good_day = '2026-11-12' where id = ${sourceId}`
  const plan = () => db.transaction((tx) => planCatchUp(services, tx, { orgId, sourceId }))
  await plan()
  await plan()
  const open = await runs.openOf(db, orgId, sourceId, 'catch-up')
  expect(open).toMatchObject([{ fromDay: '2026-11-13', toDay: '2026-11-19' }])
  const runId = open[0]?.id as number
  expect(sent.filter(({ name }) => name === 'sync-source')).toEqual(
    Array(2).fill({ name: 'sync-source', payload: { orgId, sourceId, runId }, key: String(runId) }),
  )
  expect(await runSync(services, { orgId, runId }, signal)).toEqual({ kind: 'done', rows: 7 })
  sent.length = 0
  await plan()
  expect(sent).toEqual([])
})

test('refresh now reads what tonight would, for connected sources of this org only', async () => {
  const seeded = await seedSource(services)
  const { orgId, sourceId } = seeded
  const other = await seedSource(services)
  const plan = (of: string) => db.transaction((tx) => planManual(services, tx, { orgId: of, sourceId }))
  expect(await plan(other.orgId)).toBe(false)
  expect(await plan(orgId)).toBe(true)
  expect(await runs.openOf(db, orgId, sourceId, 'manual')).toMatchObject([
    { fromDay: '2026-11-17', toDay: '2026-11-19' },
  ])
})

test('an open run nobody works on gets its job again, once in ten minutes', async () => {
  const seeded = await seedSource(services)
  const runId = await openRun(seeded)
  await reconcile(services)
  expect(sent).toEqual([])
  await db.sql`update sync_run set beat_at = now() - interval '11 minutes' where id = ${runId}`
  await reconcile(services)
  await reconcile(services)
  const { orgId, sourceId } = seeded
  expect(sent).toEqual([{ name: 'sync-source', payload: { orgId, sourceId, runId }, key: String(runId) }])
})

test('a refresh that waits is sent again under its own key, which the queue takes once', async () => {
  const seeded = await seedSource(services, { orgZone: 'Asia/Kolkata' })
  const { orgId, connectionId, sourceId } = seeded
  await runs.plan(db, orgId, [
    { sourceId, kind: 'daily', key: '2026-11-20', fromDay: '2026-11-17', toDay: '2026-11-19' },
  ])
  await db.sql`update sync_run set beat_at = now() - interval '11 minutes' where source_id = ${sourceId}`
  await reconcile(services)
  expect(sent).toEqual([
    {
      name: 'daily-refresh',
      payload: { orgId, connectionId, timeZone: 'Asia/Kolkata', day: '2026-11-20' },
      key: `${connectionId}:Asia/Kolkata:2026-11-20`,
    },
  ])
})

test('a report that is still being prepared is no trouble: nothing is delayed, said or given up', async () => {
  const seeded = await seedSource(services)
  const id = await openRun(seeded)
  give = async function* (range, cursor) {
    if (cursor === null) yield { rows: [], next: 'ordered' }
    await Promise.reject(
      new ConnectorError('rate_limited', 'tiny', `Preparing ${range.from}`, { retryAfterSeconds: 20 }),
    )
  }
  const { orgId, sourceId } = seeded
  sent.length = 0
  for (let attempt = 0; attempt < 3; attempt++)
    expect(await runSync(services, { orgId, runId: id, last: true }, signal)).toMatchObject({
      ...{ kind: 'later', seconds: 20 },
    })
  expect(await runRow(id)).toMatchObject({ status: 'queued', cursor: 'ordered' })
  const [source] = await db.sql`select status, delayed_since, detail from source where id = ${sourceId}`
  expect(source).toEqual({ status: 'connected', delayedSince: null, detail: null })
  const events = await db.sql`select kind from audit_event where org_id = ${orgId}`
  expect([events.length, sent]).toEqual([0, []])
})

test('no wait a provider names keeps a source from being asked for longer than six hours', async () => {
  const seeded = await seedSource(services)
  give = async function* () {
    yield* []
    await Promise.reject(new ConnectorError('rate_limited', 'tiny', 'Wait', { retryAfterSeconds: 4e9 }))
  }
  const runId = await openRun(seeded)
  const outcome = await runSync(services, { orgId: seeded.orgId, runId }, signal)
  expect(outcome).toMatchObject({ kind: 'later', seconds: 6 * 3_600 })
})

test('trouble that names a wait of seconds is not asked about every second', async () => {
  const failed = (retryAfterSeconds: number | null) =>
    retryOf(new ConnectorError('transient', 'tiny', 'Down', { retryAfterSeconds }))
  expect([failed(1), failed(600), failed(4e9)]).toMatchObject([
    { seconds: 60 },
    { seconds: 600 },
    { seconds: 3600 },
  ])
  expect(failed(null)).toMatchObject({ kind: 'transient' })
})
