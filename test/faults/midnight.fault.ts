/** Zones whose midnight is skipped or comes twice, over two years, with two nodes asking at once. */
import { expect, test } from 'vitest'
import { localDate } from '../../flows/calendar.ts'
import { dueRefreshes } from '../../flows/refresh.ts'
import { awaitMidnight } from '../../flows/time-zone.ts'
import { openDb } from '../../storage/db.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, rowPerDay, type Sent, seedSource, tinyConnector } from '../support/reading.ts'
import { report } from './figures.ts'

const ZONES = [
  ...['America/Santiago', 'Africa/Cairo', 'Asia/Beirut', 'America/Havana', 'Atlantic/Azores'],
  ...['Asia/Gaza', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/New_York', 'Europe/Berlin'],
]
const FROM = Date.parse('2026-01-01T12:00Z')
const DAYS = 730
const DAY_MS = 86_400_000

test('F27 one refresh per local day in zones that skip or repeat midnight', async ({ task }) => {
  const { db, url } = await freshDatabase()
  const other = openDb(url, { max: 3 })
  const sent: Sent[] = []
  const services = readingServices(db, [tinyConnector(rowPerDay)], sent)
  await db.sql`create table test_now as select ${new Date(FROM)}::timestamptz as at`
  await db.sql.unsafe(
    'create or replace function latchkey.clock() returns timestamptz language sql stable as $$ select at from latchkey.test_now $$',
  )
  for (const zone of ZONES) {
    const { orgId } = await seedSource(services, { orgZone: zone })
    await db.transaction((tx) => awaitMidnight(tx, orgId, zone))
  }
  const nodes = [services, readingServices(other, [tinyConnector(rowPerDay)], sent)]
  let ticks = 0
  for (;;) {
    const [next] = await db.sql<{ at: Date }[]>`select min(next_refresh_at) as at from refresh_zone`
    const at = next?.at ?? new Date(Number.NaN)
    if (!(at.getTime() <= FROM + DAYS * DAY_MS)) break
    await db.sql`update test_now set at = ${at}`
    await Promise.all(nodes.map(dueRefreshes))
    ticks++
  }
  await other.close()

  const asked = Map.groupBy(sent, ({ payload }) => String(payload.timeZone))
  for (const zone of ZONES) {
    const days = (asked.get(zone) ?? []).map(({ payload }) => String(payload.day))
    expect(days, zone).toEqual(localDays(zone))
  }
  report(task, { zones: ZONES.length, days: DAYS, ticks, refreshes: sent.length, missed: 0, repeated: 0 })
})

/** Every local date that begins within the span, found by walking quarters of an hour. */
function localDays(zone: string): string[] {
  const days = new Set<string>()
  for (let at = FROM; at <= FROM + DAYS * DAY_MS; at += 900_000) days.add(localDate(at, zone))
  return [...days].slice(1)
}
