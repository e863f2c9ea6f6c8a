import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { openDb } from '../../storage/db.ts'
import * as metrics from '../../storage/metrics.ts'
import { freshDatabase } from '../support/database.ts'

const { db, url } = await freshDatabase()
const orgId = randomUUID()

const row = (date: string, campaign: string, more: Partial<metrics.MetricRow> = {}): metrics.MetricRow => ({
  ...{ date, key: JSON.stringify([campaign]), dimensions: { campaign }, impressions: 10, clicks: null },
  ...{ cost: '1.250000', conversions: null, revenue: null, sessions: null, currency: 'EUR' },
  ...{ metrics: { impressions: 10, cost: '1.25', clicks: null } },
  ...more,
})

async function write(sourceId: string, rows: metrics.MetricRow[]) {
  await metrics.ensureMonths(db, '2026-10-01', '2026-11-30')
  return db.transaction((tx) => metrics.write(tx, orgId, sourceId, rows))
}

const stored = (sourceId: string) => db.sql<
  { date: string; key: string; xmin: string; impressions: number; cost: string }[]
>`
  select date, key, xmin::text as xmin, impressions, cost, metrics from daily_metrics where source_id = ${sourceId}
  order by date, key`

/** Rows for COPY: more than one MERGE takes. */
const many = (count: number, impressions = 1) =>
  Array.from({ length: count }, (_, i) =>
    row(`2026-11-${String((i % 28) + 1).padStart(2, '0')}`, `tab\t\\${i}\nline`, { impressions }),
  )

test('a page is merged: new rows inserted, changed rows updated, unchanged rows not written at all', async () => {
  const source = randomUUID()
  expect(
    await write(source, [row('2026-10-31', 'one'), row('2026-11-01', 'one'), row('2026-11-01', 'two')]),
  ).toBe('merge')
  const before = await stored(source)
  await write(source, [
    row('2026-10-31', 'one'),
    row('2026-11-01', 'one', { impressions: 11 }),
    row('2026-11-01', 'two'),
  ])
  const after = await stored(source)
  expect(after).toHaveLength(3)
  expect(after[0]?.xmin).toBe(before[0]?.xmin)
  expect(after[2]?.xmin).toBe(before[2]?.xmin)
  expect(after[1]?.xmin).not.toBe(before[1]?.xmin)
  expect(after[1]).toMatchObject({ impressions: 11, cost: '1.250000' })
})

test('what a source has no more is dropped: of these days, of this source and of this org only', async () => {
  const [source, other] = [randomUUID(), randomUUID()]
  const rows = ['2026-10-31', '2026-11-01', '2026-11-02'].flatMap((day) => [row(day, 'one'), row(day, 'two')])
  for (const id of [source, other]) await write(id, rows)
  const range = { from: '2026-11-01', to: '2026-11-02' }
  const kept = [row('2026-11-01', 'one')]
  expect(await metrics.dropOthers(db, randomUUID(), source, range, kept)).toBe(0)
  expect(await metrics.dropOthers(db, orgId, source, range, kept)).toBe(3)
  expect((await stored(source)).map(({ date, key }) => [date, key])).toEqual([
    ['2026-10-31', '["one"]'],
    ['2026-10-31', '["two"]'],
    ['2026-11-01', '["one"]'],
  ])
  expect(await stored(other)).toHaveLength(6)
})

test('what is not known any more does not replace what was known', async () => {
  const source = randomUUID()
  await write(source, [row('2026-11-01', 'one')])
  const unknown = {
    impressions: null,
    cost: null,
    currency: null,
    metrics: { impressions: null, cost: null, clicks: 3 },
  }
  await write(source, [row('2026-11-01', 'one', unknown)])
  expect(await stored(source)).toMatchObject([
    { impressions: 10, cost: '1.250000', metrics: { impressions: 10, cost: '1.25', clicks: 3 } },
  ])
})

test('a large page goes by COPY into an empty slice, and is merged into a filled one', async () => {
  const source = randomUUID()
  expect(await write(source, many(6_000))).toBe('copy')
  const before = await stored(source)
  expect(before).toHaveLength(6_000)
  expect(await write(source, many(6_000))).toBe('copy and merge')
  expect((await stored(source)).map(({ xmin }) => xmin)).toEqual(before.map(({ xmin }) => xmin))
  await write(source, many(6_001, 2))
  const after = await stored(source)
  expect(after).toHaveLength(6_001)
  expect(after.every(({ impressions }) => impressions === 2)).toBe(true)
})

test('two large pages in one transaction do not stumble over each other', async () => {
  const source = randomUUID()
  await db.transaction(async (tx) => {
    await metrics.write(tx, orgId, source, many(5_500))
    await metrics.write(tx, orgId, source, many(5_500, 2))
    await metrics.write(tx, orgId, source, many(5_500, 3))
  })
  expect((await stored(source)).every(({ impressions }) => impressions === 3)).toBe(true)
})

test('reading a source again touches no other month than its own', async () => {
  const source = randomUUID()
  await write(source, [row('2026-11-01', 'one')])
  const plan = await db.sql.unsafe(
    `explain select from daily_metrics where source_id = '${source}' and date between '2026-11-01' and '2026-11-02'`,
  )
  expect(JSON.stringify(plan)).not.toContain('2026_10')
})

test('many nodes may need the same new months at once', async () => {
  const nodes = Array.from({ length: 6 }, () => openDb(url, { max: 1 }))
  await Promise.all(nodes.map((node) => metrics.ensureMonths(node, '2031-01-15', '2032-02-02')))
  await Promise.all(nodes.map((node) => node.close()))
  const [found] = await db.sql`
    select count(*)::int as months from pg_inherits where inhparent = 'latchkey.daily_metrics'::regclass
      and inhrelid::regclass::text ~ '203[12]'`
  expect(found?.months).toBe(14)
})
