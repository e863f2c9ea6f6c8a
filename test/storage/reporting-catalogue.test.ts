/** The views of a whole catalogue, whatever its connectors call things. */
import { expect, test } from 'vitest'
import { allConnectors } from '../../connectors/index.ts'
import * as metrics from '../../storage/metrics.ts'
import { ownColumns, publishReporting, type ReportingConnector, viewName } from '../../storage/reporting.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, rowPerDay, seedSource, tinyConnector } from '../support/reading.ts'

const { db } = await freshDatabase()
const MANY = 24
const count = { unit: 'count', says: 'A count' } as const
const says = 'Says something'

/** Words of SQL, of Slack and of nobody, in every place where a name may stand. */
const SQL_WORDS = ['select', 'order', 'group', 'user', 'table', 'end', 'limit', 'all', 'desc', 'null', 'from']
const odd: ReportingConnector[] = [
  {
    ...{ id: 'tiny-ads', name: "Tiny 'Ads'", dimensions: ['group', 'x.y z'] },
    metrics: Object.fromEntries(SQL_WORDS.map((word) => [word, count])),
  },
  { id: 'no-split', name: 'No split', dimensions: [], metrics: { 'Video Views (3s)': count } },
  {
    ...{
      id: 'taken',
      name: 'Taken names',
      dimensions: ['date', 'client', 'campaign'],
      labels: { currency: says },
    },
    metrics: { campaign: count, Clicks: count, clicks: count },
  },
]
const catalogue = [
  ...odd,
  ...allConnectors.map(({ id, name, report }) => ({ id, name, ...report })),
  ...Array.from({ length: MANY }, (_, i) => ({
    ...{
      id: `filler-${i}`,
      name: `Filler ${i}`,
      dimensions: ['campaign_id'],
      labels: { campaign_name: says },
    },
    metrics: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`metric_${n}`, count])),
  })),
]

test('all views of two dozen connectors and more stand at once, and a second start changes nothing', async () => {
  expect(await publishReporting(db, catalogue)).toEqual({ views: 'renewed', reader: 'ready' })
  for (const connector of catalogue) {
    const name = viewName(connector.id)
    const columns = await db.sql<{ name: string }[]>`
      select column_name as name from information_schema.columns
      where table_schema = 'reporting' and table_name = ${name} order by ordinal_position`
    const own = ownColumns(connector).map(({ column }) => column)
    expect(columns.slice(8, -1).map((column) => column.name)).toEqual(own)
    await db.transaction(async ({ sql }) => {
      await sql`set local role latchkey_reader`
      expect(await sql`select * from reporting.${sql(name)}`).toEqual([])
    })
  }
  expect(await publishReporting(db, catalogue)).toMatchObject({ views: 'current' })
})

test('a connector whose metrics are words of SQL, without labels, reads as any other', async () => {
  const services = readingServices(db, [tinyConnector(rowPerDay)])
  const { orgId, sourceId } = await seedSource(services)
  await metrics.ensureMonths(db, '2026-11-01', '2026-11-01')
  const blank = { impressions: null, clicks: null, cost: null, conversions: null, revenue: null }
  const own = Object.fromEntries(SQL_WORDS.map((word, i) => [word, i === 0 ? null : i]))
  const dimensions = { group: 'a', 'x.y z': "b'c" }
  const row = { date: '2026-11-01', key: '[]', dimensions, ...blank, sessions: null, currency: 'EUR' }
  await db.transaction((tx) => metrics.write(tx, orgId, sourceId, [{ ...row, metrics: own }]))
  const [found] = await db.sql`select * from reporting.tiny_ads`
  expect(found).toMatchObject({ group: 'a', xYZ: "b'c", select: null, order: 1, from: 10, currency: 'EUR' })
})

test('a name that is taken gives way to the one before it', () => {
  const [, , taken] = odd
  expect(taken && ownColumns(taken).map(({ column, kind }) => [column, kind])).toEqual([
    ['campaign', 'dimension'],
    ['clicks', 'count'],
  ])
})
