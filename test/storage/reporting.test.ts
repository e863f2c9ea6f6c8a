import { expect, test } from 'vitest'
import { openDb } from '../../storage/db.ts'
import * as metrics from '../../storage/metrics.ts'
import { publishReporting } from '../../storage/reporting.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, rowPerDay, seedSource, tinyConnector } from '../support/reading.ts'

const { db, url } = await freshDatabase()
const connector = tinyConnector(rowPerDay)
const described = {
  id: connector.id,
  name: connector.name,
  dimensions: ['campaign', 'date'],
  metrics: {
    ...connector.report.metrics,
    order: { unit: 'ratio', says: "a word of SQL, and the provider's quote" },
  } as const,
}
const seeded = await seedSource(readingServices(db, [connector]))
await metrics.ensureMonths(db, '2026-11-01', '2026-11-02')
await db.transaction((tx) =>
  metrics.write(tx, seeded.orgId, seeded.sourceId, [
    {
      ...{
        date: '2026-11-01',
        key: '["one"]',
        dimensions: { campaign: 'one' },
        impressions: 10,
        clicks: null,
      },
      ...{ cost: '1.25', conversions: null, revenue: null, sessions: null, currency: 'EUR' },
      metrics: { impressions: 10, cost: '1.25', order: null },
    },
  ]),
)

test('the views speak of clients and accounts, amounts are decimal, and not known stays null', async () => {
  expect(await publishReporting(db, [described])).toEqual({ views: 'renewed', reader: 'ready' })
  const [common] = await db.sql`select * from reporting.daily_metrics`
  expect(common).toMatchObject({
    ...{ client: 'Acme', connector: 'tiny-ads', account: 'Account', date: '2026-11-01', impressions: 10 },
    ...{ clicks: null, cost: '1.250000', revenue: null, currency: 'EUR', dimensions: { campaign: 'one' } },
  })
  const [own] = await db.sql`select campaign, impressions, cost, "order", currency from reporting.tiny_ads`
  expect(own).toEqual({ campaign: 'one', impressions: 10, cost: '1.250000', order: null, currency: 'EUR' })
  expect(await db.sql`select client, connector, status from reporting.sources`).toEqual([
    { client: 'Acme', connector: 'tiny-ads', status: 'connected' },
  ])
})

test('a second start changes nothing, a new vocabulary does', async () => {
  expect(await publishReporting(db, [described])).toMatchObject({ views: 'current' })
  const metricsNow = { ...described.metrics, clicks: { unit: 'count', says: 'Clicks' } } as const
  expect(await publishReporting(db, [{ ...described, metrics: metricsNow }])).toMatchObject({
    views: 'renewed',
  })
  expect((await db.sql`select clicks from reporting.tiny_ads`)[0]).toEqual({ clicks: null })
})

test('several nodes may start at once', async () => {
  const nodes = Array.from({ length: 4 }, () => openDb(url, { max: 1 }))
  const all = await Promise.all(
    nodes.map((node) => publishReporting(node, [{ ...described, name: 'Newer' }])),
  )
  expect(all.filter(({ views }) => views === 'renewed')).toHaveLength(1)
  await Promise.all(nodes.map((node) => node.close()))
})

test('views that somebody built on are left alone rather than broken', async () => {
  await db.sql.unsafe('create view public.theirs as select client, date from reporting.tiny_ads')
  expect(await publishReporting(db, [{ ...described, name: 'Newest' }])).toEqual({
    ...{ views: 'in-use', reader: 'ready' },
  })
  expect(await db.sql`select client from public.theirs`).toHaveLength(1)
  await db.sql.unsafe('drop view public.theirs')
  expect(await publishReporting(db, [{ ...described, name: 'Newest' }])).toMatchObject({ views: 'renewed' })
})

test('every view and column says what it is', async () => {
  const bare = await db.sql`
    select attrelid::regclass::text as view, attname from pg_attribute
    where attrelid in (select (schemaname || '.' || quote_ident(viewname))::regclass from pg_views where schemaname = 'reporting')
      and attnum > 0 and col_description(attrelid, attnum) is null`
  expect(bare).toEqual([])
})

test('latchkey_reader sees the views and nothing else', async () => {
  await db.transaction(async ({ sql }) => {
    await sql`set local role latchkey_reader`
    expect(await sql`select source_id from reporting.daily_metrics`).toHaveLength(1)
  })
  for (const table of ['latchkey.connection', 'latchkey.daily_metrics', 'latchkey.org', 'pgboss.job']) {
    const look = db.transaction(async ({ sql }) => {
      await sql`set local role latchkey_reader`
      await sql.unsafe(`select 1 from ${table}`)
    })
    await expect(look).rejects.toMatchObject({ code: '42501' })
  }
})

test('a database user who may not create roles still gets the views', async () => {
  const user = `plain_${Date.now()}` // roles belong to the whole server
  await db.sql.unsafe(`create role ${user}`)
  await db.sql.unsafe(`grant create on database ${new URL(url).pathname.slice(1)} to ${user};
    grant usage on schema latchkey to ${user}; grant select on all tables in schema latchkey to ${user};
    drop schema reporting cascade`)
  const published = await db.transaction(async (tx) => {
    await tx.sql.unsafe(`set local role ${user}`)
    return publishReporting(tx, [described], `reader_of_${user}`)
  })
  expect(published).toEqual({ views: 'renewed', reader: 'missing' })
  await db.sql.unsafe(`drop owned by ${user} cascade; drop role ${user}`)
})
