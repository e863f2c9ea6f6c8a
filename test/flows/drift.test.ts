/** A metric that is gone: said once per connection, shown in lists and views, over by itself; flags beside it. */
import { beforeEach, expect, test } from 'vitest'
import { type DayRange, defineConnector, type Page, type Row } from '../../connectors/connector.ts'
import { alertOf } from '../../flows/alert.ts'
import { settleDrift } from '../../flows/drift.ts'
import { listSources } from '../../flows/overview.ts'
import { runSync } from '../../flows/sync.ts'
import { viewFor } from '../../jobs/compose/incident-view.ts'
import { publishReporting } from '../../storage/reporting.ts'
import type { RunKind } from '../../storage/sync-runs.ts'
import * as runs from '../../storage/sync-runs.ts'
import { incidentCard } from '../../templates/slack/incident.ts'
import { sourceList } from '../../templates/slack/sources.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, type Seeded, type Sent, seedSource, tinyConnector } from '../support/reading.ts'
import { jobsNamed } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const sent: Sent[] = []
let give: (range: DayRange, cursor: string | null) => AsyncIterable<Page>
const connector = defineConnector(
  tinyConnector((_context, _account, range, cursor) => give(range, cursor), {
    report: {
      metrics: {
        impressions: { unit: 'count', common: 'impressions', says: 'Shown' },
        unique_reach: { unit: 'count', says: 'People' },
      },
    },
  }),
)
const services = readingServices(db, [connector], sent)
const signal = new AbortController().signal
const NOW = Date.parse('2026-11-20T12:00:00Z')

beforeEach(async () => {
  sent.length = 0
  await setClock(db, new Date(NOW))
})

const row = (date: string, reach: number | null): Row => ({
  ...{ date, dimensions: { campaign: 'one' }, metrics: { impressions: 10, unique_reach: reach } },
})
/** Pages of rows with these values of reach, one row a page. */
const giving = (reaches: (number | null)[], flags?: string[]) => {
  give = async function* (range, cursor) {
    for (let i = Number(cursor ?? 0); i < Math.max(1, reaches.length); i++) {
      const rows = i < reaches.length ? [row(range.from, reaches[i] ?? null)] : []
      yield { rows, next: i + 1 < reaches.length ? String(i + 1) : null, ...(flags && { flags }) }
    }
  }
}

let made = 0
async function read({ orgId, sourceId }: Seeded, kind: RunKind = 'daily', day = '2026-11-01'): Promise<void> {
  const key = `k${made++}`
  const [runId] = await runs.plan(db, orgId, [{ sourceId, kind, key, fromDay: day, toDay: day }])
  expect(await runSync(services, { orgId, runId: runId ?? 0 }, signal)).toMatchObject({ kind: 'done' })
}
const sourceRow = async ({ sourceId }: Seeded) =>
  (await db.sql`select * from source where id = ${sourceId}`)[0]
const open = ({ connectionId }: Seeded) => db.sql<{ id: string; status: string }[]>`
  select id, status from incident where connection_id = ${connectionId} and kind = 'degraded' order by opened_at`
const events = async ({ orgId }: Seeded, kind: string) =>
  db.sql`select data from audit_event where org_id = ${orgId} and kind = ${kind}`

test('without a value in any row of a finished run it is degraded, and good values stay', async () => {
  const seeded = await seedSource(services)
  giving([7])
  await read(seeded)
  giving([null])
  await read(seeded)
  expect(await sourceRow(seeded)).toMatchObject({
    ...{ status: 'connected', missingMetrics: ['unique_reach'], degradedSince: new Date(NOW) },
  })
  const [stored] = await db.sql`select metrics from daily_metrics where source_id = ${seeded.sourceId}`
  expect(stored?.metrics).toMatchObject({ unique_reach: 7 })
  expect(await open(seeded)).toHaveLength(1)
  expect(await events(seeded, 'source.degraded')).toEqual([{ data: { metrics: ['unique_reach'] } }])
  await read(seeded)
  await read(seeded)
  expect(jobsNamed(sent, 'incident-card'), 'once').toHaveLength(1)
})

test('the card is amber, names what is missing where the client hears alerts, and asks nobody to reconnect', async () => {
  const seeded = await seedSource(services)
  await db.sql`update client set channel_id = 'CACME' where id = ${seeded.clientId}`
  giving([7])
  await read(seeded)
  giving([null])
  await read(seeded)
  const alert = await alertOf(services, seeded.orgId, (await open(seeded))[0]?.id ?? '')
  if (!alert) throw new Error('no alert')
  expect(alert.clients).toMatchObject([{ name: 'Acme', route: [['CACME']] }])
  const card = incidentCard(viewFor(alert, new Set([seeded.clientId])))
  expect(card.color).toBe('#daa038')
  expect(JSON.stringify(card)).toContain('Account, no longer says unique reach')
  expect(JSON.stringify(card)).not.toContain('"Reconnect"')
})

test.each<[string, () => Promise<Seeded>]>([
  [
    'a run without rows',
    async () => {
      const seeded = await seedSource(services)
      giving([7])
      await read(seeded)
      giving([])
      await read(seeded)
      return seeded
    },
  ],
  [
    'a metric it never had',
    async () => {
      const seeded = await seedSource(services)
      giving([null])
      await read(seeded)
      await read(seeded)
      return seeded
    },
  ],
  [
    'a metric that comes and goes',
    async () => {
      const seeded = await seedSource(services)
      for (const reach of [null, 7, null, 7, 7, null]) {
        giving([reach])
        await read(seeded)
      }
      return seeded
    },
  ],
  [
    'a metric that only the first read of old months had',
    async () => {
      const seeded = await seedSource(services)
      giving([7])
      await read(seeded, 'backfill', '2025-11-01')
      giving([null])
      await read(seeded)
      return seeded
    },
  ],
  [
    'an old month of a backfill',
    async () => {
      const seeded = await seedSource(services)
      giving([7])
      await read(seeded)
      giving([null])
      await read(seeded, 'backfill', '2025-11-01')
      return seeded
    },
  ],
  [
    'one row of many, on a page read before the worker was replaced',
    async () => {
      const seeded = await seedSource(services)
      giving([7])
      await read(seeded)
      giving([3, null, null])
      const whole = give
      give = async function* (range, cursor) {
        for await (const page of whole(range, cursor)) {
          yield page
          if (page.next === '1') throw new Error('killed')
        }
      }
      await expect(read(seeded)).rejects.toThrow('killed')
      give = whole
      const [run] =
        await db.sql`select id from sync_run where source_id = ${seeded.sourceId} and status = 'running'`
      await runSync(services, { orgId: seeded.orgId, runId: run?.id }, signal)
      return seeded
    },
  ],
])('%s proves nothing', async (_what, scene) => {
  const seeded = await scene()
  expect(await sourceRow(seeded)).toMatchObject({ missingMetrics: [], degradedSince: null })
  expect(await open(seeded)).toEqual([])
})

test('it is over when the metric comes back, and the next time is news again', async () => {
  const seeded = await seedSource(services)
  giving([7])
  await read(seeded)
  giving([null])
  await read(seeded)
  await settleDrift(services)
  expect((await open(seeded)).map(({ status }) => status)).toEqual(['open'])
  giving([null, 8])
  await read(seeded, 'manual')
  await settleDrift(services)
  await settleDrift(services)
  expect(await sourceRow(seeded)).toMatchObject({ missingMetrics: [], degradedSince: null })
  expect(await events(seeded, 'incident.restored')).toHaveLength(1)
  const alert = await alertOf(services, seeded.orgId, (await open(seeded))[0]?.id ?? '')
  expect(alert?.incident).toMatchObject({ status: 'resolved', outcome: { healed: [seeded.sourceId] } })
  for (const reach of [9, 9, null]) {
    giving([reach])
    await read(seeded)
  }
  expect((await open(seeded)).map(({ status }) => status)).toEqual(['resolved', 'open'])
})

test('sources of one connection that lose it in one night are one card; a later one is a reply below it', async () => {
  const first = await seedSource(services)
  const others: Seeded[] = []
  for (const account of ['a2', 'a3']) {
    const [more] = await db.sql`
      insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name)
      values (${first.orgId}, ${first.clientId}, ${first.connectionId}, 'tiny-ads', ${account}, ${account}) returning id`
    others.push({ ...first, sourceId: more?.id as string })
  }
  const [second, third] = others as [Seeded, Seeded]
  giving([7])
  for (const one of [first, second, third]) await read(one)
  giving([null])
  await read(first)
  await read(second)
  expect(await open(first)).toHaveLength(1)
  expect(await events(first, 'incident.degraded')).toEqual([])
  await setClock(db, new Date(NOW + 86_400_000))
  await read(third)
  expect(await events(first, 'incident.degraded')).toMatchObject([{ data: { source: 'a3' } }])
  expect(await open(first)).toHaveLength(1)
})

test('lists and the reporting view say it, and what the provider says of its own figures', async () => {
  const seeded = await seedSource(services)
  giving([7], ['thresholded'])
  await read(seeded, 'backfill')
  giving([7], ['sampled'])
  await read(seeded)
  giving([null, null], ['sampled', 'odd_thing'])
  await read(seeded)
  const list = await listSources(services, seeded.orgId, '', 10)
  if (list.kind !== 'found') throw new Error('not found')
  const rights = { reconnect: true, refresh: true, remove: true }
  const said = JSON.stringify(sourceList({ ...list, onlyDisconnected: false }, rights))
  expect(said).toContain('Degraded: no longer says unique reach')
  expect(said).toContain('odd thing and figures estimated from a sample')
  await publishReporting(db, [])
  const [view] =
    await db.sql`select flags, missing_metrics from reporting.sources where source_id = ${seeded.sourceId}`
  expect(view).toEqual({ flags: ['odd_thing', 'sampled'], missingMetrics: ['unique_reach'] })
})
