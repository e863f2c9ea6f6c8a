/** A year of midnights with two nodes and an outage, and what one refresh reads. */
import { beforeEach, expect, test } from 'vitest'
import { ConnectorError, type DayRange, type Page } from '../../connectors/connector.ts'
import { localDate, nextLocalMidnight } from '../../flows/calendar.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { dueRefreshes, refreshConnection } from '../../flows/refresh.ts'
import { awaitMidnight, changeOrgZone, changeSourceZone } from '../../flows/time-zone.ts'
import { openDb } from '../../storage/db.ts'
import * as zones from '../../storage/refresh-zones.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, rowPerDay, type Sent, seedSource, tinyConnector } from '../support/reading.ts'

const { db, url } = await freshDatabase()
const HOUR = 3_600_000
const signal = new AbortController().signal
const sent: Sent[] = []
const read: { account: string; range: DayRange }[] = []
let trouble: ConnectorError | null = null

async function* pages(context: unknown, account: { id: string }, range: DayRange): AsyncGenerator<Page> {
  if (trouble) throw trouble
  read.push({ account: account.id, range })
  yield* rowPerDay(context, account, range)
}
const services = readingServices(db, [tinyConnector(pages)], sent)

beforeEach(async () => {
  await db.sql`delete from refresh_zone`
  sent.length = read.length = 0
  trouble = null
})

const refresh = ({ payload }: Sent, last = false) =>
  refreshConnection(
    services,
    { ...(payload as never as { orgId: string; connectionId: string; timeZone: string; day: string }), last },
    signal,
  )

const refreshJobs = () => sent.splice(0).filter(({ name }) => name === 'daily-refresh')

/** Moves the clock to the zone's local midnight that begins the day after `at`. */
async function atMidnight(at: string, zone: string): Promise<void> {
  await setClock(db, nextLocalMidnight(new Date(at), zone))
}

test('a year in twelve zones, two nodes, 30 hours down: one refresh per local day, and no day unread', {
  timeout: 150_000,
}, async () => {
  const names = [
    ...[
      'Africa/Cairo',
      'Asia/Beirut',
      'America/Havana',
      'America/Santiago',
      'Atlantic/Azores',
      'Asia/Kolkata',
    ],
    ...['Pacific/Kiritimati', 'Pacific/Apia', 'Australia/Lord_Howe', 'America/New_York', 'Europe/Berlin'],
    'Etc/UTC',
  ]
  const reading = new Set(['Africa/Cairo', 'America/Havana', 'Atlantic/Azores', 'Pacific/Kiritimati'])
  const first = Date.parse('2026-01-01T12:00Z')
  await db.sql`create table test_now as select ${new Date(first)}::timestamptz as at`
  await db.sql.unsafe(
    `create or replace function latchkey.clock() returns timestamptz language sql stable as $$ select at from latchkey.test_now $$`,
  )
  const asked = new Map<string, string[]>()
  for (const zone of names) {
    const { orgId } = await seedSource(services, { orgZone: zone })
    asked.set(zone, [])
    await db.transaction((tx) => awaitMidnight(tx, orgId, zone))
  }
  const other = openDb(url, { max: 3 })
  const nodes = [services, readingServices(other, [tinyConnector(pages)], sent)]
  const outage = [Date.parse('2026-06-10T00:00Z'), Date.parse('2026-06-11T06:00Z')] as const
  const last = Date.parse('2027-01-01T12:00:00Z')
  for (;;) {
    const [next] = await db.sql<{ at: Date }[]>`select min(next_refresh_at) as at from refresh_zone`
    let at = (next as { at: Date }).at.getTime()
    if (at > outage[0] && at < outage[1]) at = outage[1]
    if (at > last) break
    await db.sql`update test_now set at = ${new Date(at)}`
    await Promise.all(nodes.map(dueRefreshes))
    const jobs = refreshJobs()
    for (const { payload } of jobs) asked.get(String(payload.timeZone))?.push(String(payload.day))
    await Promise.all(
      jobs.filter(({ payload }) => reading.has(String(payload.timeZone))).map((job) => refresh(job)),
    )
  }
  await other.close()

  for (const [zone, days] of asked) {
    const midnights = midnightsBetween(first, last, zone)
    const inOutage = midnights.filter(({ at }) => at > outage[0] && at < outage[1]).map(({ day }) => day)
    const merged = inOutage.slice(0, -1) // days missed in the outage share the run that covers them
    expect(days, zone).toEqual(midnights.map(({ day }) => day).filter((day) => !merged.includes(day)))
  }
  const runs = await db.sql<{ zone: string; runs: number; done: number; days: number; unread: number }[]>`
    select org.time_zone as zone, count(*)::int as runs, (count(*) filter (where run.status = 'done'))::int as done,
      count(distinct run.key)::int as days,
      (select count(*)::int from generate_series(min(run.to_day), max(run.to_day), '1 day') as day
       where not exists (select from daily_metrics m where m.source_id = run.source_id and m.date = day::date)) as unread
    from sync_run run join org on org.id = run.org_id where run.kind = 'daily' group by org.time_zone, run.source_id`
  expect(runs.map(({ zone }) => zone).sort()).toEqual([...reading].sort())
  for (const { zone, ...counts } of runs) {
    const days = asked.get(zone)?.length
    expect(counts, zone).toEqual({ runs: days, done: days, days, unread: 0 })
  }
})

/** By walking every quarter of an hour, not by the code under test. */
function midnightsBetween(from: number, to: number, zone: string): { at: number; day: string }[] {
  const found: { at: number; day: string }[] = []
  let day = localDate(from, zone)
  for (let at = from; at <= to; at += HOUR / 4) {
    const now = localDate(at, zone)
    if (now > day) found.push({ at, day: now })
    day = now
  }
  return found
}

test('a retry repeats only what failed, and a finished local day is not read again', async () => {
  await setClock(db, '2026-11-20T00:00:00Z')
  const { orgId, connectionId, sourceId } = await seedSource(services)
  await db.transaction((tx) => awaitMidnight(tx, orgId, 'Etc/UTC'))
  await setClock(db, '2026-11-21T00:00:10Z')
  await dueRefreshes(services)
  const [job] = refreshJobs()
  expect(job).toMatchObject({ payload: { orgId, connectionId, timeZone: 'Etc/UTC', day: '2026-11-21' } })
  expect(job?.key).toBe(`${connectionId}:Etc/UTC:2026-11-21`)

  trouble = new ConnectorError('transient', 'tiny', 'Tiny Ads answered 503')
  expect(await refresh(job as Sent)).toMatchObject({ kind: 'failed', sources: 1 })
  const [late] = await db.sql`select delayed_since, status from source where id = ${sourceId}`
  expect(late).toMatchObject({ delayedSince: expect.any(Date), status: 'connected' })

  trouble = null
  expect(await refresh(job as Sent)).toEqual({ kind: 'done', runs: 1 })
  expect(await refresh(job as Sent)).toEqual({ kind: 'done', runs: 0 })
  expect(read).toEqual([{ account: 'a1', range: { from: '2026-11-18', to: '2026-11-20' } }])
  const [good] = await db.sql`select delayed_since, last_good_day from source where id = ${sourceId}`
  expect(good).toEqual({ delayedSince: null, lastGoodDay: '2026-11-20' })
})

test('a rate limit is a wait, never a failure', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const { orgId, connectionId, sourceId } = await seedSource(services)
  const job: Sent = {
    name: 'daily-refresh',
    payload: { orgId, connectionId, timeZone: 'Etc/UTC', day: '2026-11-20' },
  }
  trouble = new ConnectorError('rate_limited', 'tiny', 'Tiny Ads answered 429', { retryAfterSeconds: 240 })
  expect(await refresh(job, true)).toMatchObject({ kind: 'later', seconds: 240 })
  const [row] = await db.sql`
    select source.delayed_since, sync_run.status from source join sync_run on source_id = source.id where source.id = ${sourceId}`
  expect(row).toEqual({ delayedSince: null, status: 'queued' })
  trouble = null
  expect(await refresh(job)).toEqual({ kind: 'done', runs: 1 })
})

test('a night that failed for good is made up for by the next, and the first of a month reads deeper', async () => {
  await setClock(db, '2026-11-28T00:00:10Z')
  const { orgId, connectionId } = await seedSource(services)
  const on = (day: string): Sent => ({
    name: 'daily-refresh',
    payload: { orgId, connectionId, timeZone: 'Etc/UTC', day },
  })
  await refresh(on('2026-11-28'))
  trouble = new ConnectorError('transient', 'tiny', 'Tiny Ads answered 503')
  await setClock(db, '2026-11-29T00:00:10Z')
  await refresh(on('2026-11-29'), true)
  trouble = null
  await setClock(db, '2026-12-02T00:00:10Z') // the nights in between were missed altogether
  await refresh(on('2026-12-02'))
  await setClock(db, '2026-12-03T00:00:10Z')
  await refresh(on('2026-12-03'))
  expect(read.map(({ range }) => range)).toEqual([
    { from: '2026-11-25', to: '2026-11-27' },
    { from: '2026-11-02', to: '2026-12-01' }, // the first of the month was among them
    { from: '2026-11-30', to: '2026-12-02' },
  ])
})

test('changing the zone moves the next midnight and repeats no local day', async () => {
  await setClock(db, '2026-11-20T20:00:00Z') // 01:30 on the 21st in Kolkata
  const { orgId, connectionId, sourceId } = await seedSource(services, { orgZone: 'Asia/Kolkata' })
  await refresh({ name: '', payload: { orgId, connectionId, timeZone: 'Asia/Kolkata', day: '2026-11-21' } })
  const change = (timeZone: string) =>
    db.transaction((tx) => changeOrgZone(services, tx, { orgId, timeZone }))
  expect(await change('Mars/Olympus')).toEqual({ kind: 'unknown-zone' })
  expect(await change('America/New_York')).toEqual({
    ...{ kind: 'changed', nextRefreshAt: new Date('2026-11-21T05:00:00Z') },
  })
  expect(await change('America/New_York')).toEqual({ kind: 'unchanged' })
  expect(await zones.ofOrg(db, orgId)).toEqual([
    { timeZone: 'America/New_York', nextRefreshAt: new Date('2026-11-21T05:00:00Z') },
  ])
  await atMidnight('2026-11-20T20:00:00Z', 'America/New_York')
  await dueRefreshes(services)
  const [job] = refreshJobs()
  expect(job?.payload).toMatchObject({ day: '2026-11-21' })
  expect(await refresh(job as Sent)).toEqual({ kind: 'done', runs: 0 })

  await db.transaction((tx) => changeSourceZone(services, tx, { orgId, sourceId, timeZone: 'Europe/Berlin' }))
  expect((await zones.ofOrg(db, orgId)).map(({ timeZone }) => timeZone).sort()).toEqual([
    ...['America/New_York', 'Europe/Berlin'],
  ])
  await db.transaction((tx) => changeSourceZone(services, tx, { orgId, sourceId, timeZone: null }))
  expect((await zones.ofOrg(db, orgId)).map(({ timeZone }) => timeZone)).toEqual(['America/New_York'])
})

test('a source whose zone nobody awaits is found again', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const { orgId } = await seedSource(services, { orgZone: 'Europe/Berlin' })
  await reconcile(services)
  expect(await zones.ofOrg(db, orgId)).toEqual([
    { timeZone: 'Europe/Berlin', nextRefreshAt: new Date('2026-11-20T23:00:00Z') },
  ])
})

test('disconnected sources and connections have no refresh', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  await db.sql`update source set status = 'disconnected'`
  const { orgId, connectionId } = await seedSource(services)
  await db.transaction((tx) => awaitMidnight(tx, orgId, 'Etc/UTC'))
  await db.sql`update connection set status = 'disconnected' where id = ${connectionId}`
  await setClock(db, new Date(Date.parse('2026-11-21T00:00:00Z') + HOUR))
  expect(await dueRefreshes(services)).toBe(1)
  expect(refreshJobs()).toEqual([])
})

test('a worker that must stop between two sources hands the rest back instead of calling it done', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const { orgId, clientId, connectionId } = await seedSource(services)
  await db.sql`
    insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name)
    values (${orgId}, ${clientId}, ${connectionId}, 'tiny-ads', 'a2', 'Second')`
  const stopping = new AbortController()
  const job = { orgId, connectionId, timeZone: 'Etc/UTC', day: '2026-11-20', last: false }
  let stored = 0
  const transaction: typeof db.transaction = async (work) => {
    const done = await db.transaction(work)
    if (++stored === 2) stopping.abort() // the run is planned, its only page is stored
    return done
  }
  const stopped = { ...services, db: { ...db, transaction } }
  expect(await refreshConnection(stopped, job, stopping.signal)).toMatchObject({ kind: 'later' })
  expect(read).toHaveLength(1)
  expect(await refreshConnection(services, job, signal)).toEqual({ kind: 'done', runs: 1 })
})

test('a zone this Node does not know refreshes by UTC and keeps no other zone waiting', async () => {
  await setClock(db, '2026-11-20T12:00:00Z')
  const { orgId } = await seedSource(services)
  await db.sql`
    insert into refresh_zone (org_id, time_zone, next_refresh_at) values
      (${orgId}, 'Mars/Olympus', latchkey.clock()), (${orgId}, 'Etc/UTC', latchkey.clock())`
  expect(await dueRefreshes(services)).toBe(2)
  expect(refreshJobs()).toMatchObject([{ payload: { orgId, timeZone: 'Etc/UTC' } }])
})
