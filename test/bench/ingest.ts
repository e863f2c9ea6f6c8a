/** Report rows into daily_metrics: the first load, and reading again what has not changed. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Db, openDb } from '../../storage/db.ts'
import * as metrics from '../../storage/metrics.ts'
import { migrate } from '../../storage/migrate.ts'
import type { Bench } from './main.ts'
import { type Counter, compare, count, type Line } from './measure.ts'

export const name = 'ingest'

const FIRST_DAY = Date.UTC(2025, 9, 1)
const DAYS = 31

export async function run({ url, rounds, quick }: Bench, say: (line: Line | Counter) => void): Promise<void> {
  const databaseUrl = await url('bench_ingest')
  await migrate(databaseUrl)
  const db = openDb(databaseUrl)
  try {
    const stage = await prepare(db)
    say(await firstLoad(stage, quick ? 10_000 : 100_000, rounds))
    say(await unchanged(stage, quick ? 2_000 : 8_000, rounds))
    for (const line of await walOfRepull(stage, quick ? 10_000 : 100_000)) say(line)
  } finally {
    await db.close()
  }
}

type Stage = { db: Db; orgId: string; source(): Promise<string> }

async function prepare(db: Db): Promise<Stage> {
  await metrics.ensureMonths(db, day(0), day(DAYS))
  const [org] = await db.sql<{ id: string }[]>`insert into org (name) values ('Bench') returning id`
  // Rows of daily_metrics name a source without referring to it, so an id is all it takes.
  return { db, orgId: org?.id ?? '', source: async () => randomUUID() }
}

const day = (n: number) => new Date(FIRST_DAY + n * 86_400_000).toISOString().slice(0, 10)

function make(rows: number, changed = 0): metrics.MetricRow[] {
  return Array.from({ length: rows }, (_, i) => ({
    date: day(i % DAYS),
    key: `["campaign ${Math.floor(i / DAYS)}"]`,
    dimensions: { campaign: `campaign ${Math.floor(i / DAYS)}` },
    impressions: 1000 + ((i * 31) % 9973),
    clicks: i % 17 === 0 ? null : (i % 300) + (i % 10 < changed ? 1 : 0),
    cost: ((i % 5000) / 4).toFixed(4),
    ...{ conversions: null, revenue: null, sessions: null, currency: 'EUR', metrics: {} },
  }))
}

const write = ({ db, orgId }: Stage, source: string, rows: metrics.MetricRow[]) =>
  db.transaction((tx) => metrics.write(tx, orgId, source, rows))

async function firstLoad(stage: Stage, rows: number, rounds: number): Promise<Line> {
  const given = make(rows)
  const timed = (load: (source: string) => Promise<unknown>) => async () => {
    const source = await stage.source()
    const began = performance.now()
    await load(source)
    const perSecond = (rows / (performance.now() - began)) * 1000
    await stage.db.sql`truncate daily_metrics`
    return perSecond
  }
  return compare(
    'ingest.c1.first',
    'rows/s',
    {
      ours: { name: 'ours', run: timed((source) => write(stage, source, given)) },
      peers: [{ name: 'insert-helper', run: timed((source) => insertHelper(stage, source, given)) }],
      floor: { name: 'raw-copy', run: timed((source) => rawCopy(stage, source, given)) },
    },
    [
      { of: 'raw-copy', atLeast: 0.9 },
      { of: 'insert-helper', atLeast: 4 },
    ],
    rounds,
  )
}

async function unchanged(stage: Stage, rows: number, rounds: number): Promise<Line> {
  const given = make(rows)
  const [ours, theirs] = [await stage.source(), await stage.source()]
  await write(stage, ours, given)
  await write(stage, theirs, given)
  const timed = (load: () => Promise<unknown>) => async () => {
    const began = performance.now()
    await load()
    return (rows / (performance.now() - began)) * 1000
  }
  return compare(
    'ingest.c3.unchanged',
    'rows/s',
    {
      ours: { name: 'ours', run: timed(() => write(stage, ours, given)) },
      peers: [{ name: 'insert-helper', run: timed(() => insertHelper(stage, theirs, given)) }],
    },
    [{ of: 'insert-helper', atLeast: 3 }],
    rounds,
  )
}

/** WAL of reading 100k rows again: nothing changed, and one row in ten changed. */
async function walOfRepull(stage: Stage, rows: number): Promise<Counter[]> {
  const [ours, theirs] = [await stage.source(), await stage.source()]
  await write(stage, ours, make(rows))
  await write(stage, theirs, make(rows))
  await stage.db.sql`vacuum analyze daily_metrics`
  const scale = 100_000 / rows
  const same = (await wal(stage.db, () => write(stage, ours, make(rows)))) * scale
  const peer = (await wal(stage.db, () => insertHelper(stage, theirs, make(rows)))) * scale
  const tenth = (await wal(stage.db, () => write(stage, ours, make(rows, 1)))) * scale
  return [
    count('ingest.c2.unchanged', 'MB WAL', same, { atMost: 0.5 }, { 'on-conflict-update': peer }),
    count('ingest.c2.tenth', 'MB WAL', tenth, { atMost: 4 }),
  ]
}

async function wal({ sql }: Db, work: () => Promise<unknown>): Promise<number> {
  await sql`select pg_switch_wal()`
  const [before] = await sql<{ at: string }[]>`select pg_current_wal_insert_lsn()::text as at`
  await work()
  const [after] = await sql<{ mb: number }[]>`
    select (pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ${before?.at ?? ''}::pg_lsn) / 1e6)::float8 as mb`
  return after?.mb ?? Number.NaN
}

/** What one would otherwise write: the driver's helper with ON CONFLICT DO UPDATE, 1,000 rows a statement. */
async function insertHelper({ db, orgId }: Stage, source: string, rows: metrics.MetricRow[]): Promise<void> {
  await db.transaction(async ({ sql }) => {
    for (let at = 0; at < rows.length; at += 1000) {
      const part = rows.slice(at, at + 1000).map(({ dimensions, metrics: own, ...row }) => ({
        ...{ source_id: source, org_id: orgId },
        ...row,
        dimensions: sql.json(dimensions),
        metrics: sql.json(own as never),
      }))
      await sql`
        insert into daily_metrics ${sql(part)} on conflict (source_id, date, key) do update set
          impressions = excluded.impressions, clicks = excluded.clicks, cost = excluded.cost,
          conversions = excluded.conversions, revenue = excluded.revenue, sessions = excluded.sessions,
          currency = excluded.currency, metrics = excluded.metrics`
    }
  })
}

async function rawCopy({ db, orgId }: Stage, source: string, rows: metrics.MetricRow[]): Promise<void> {
  await db.transaction(async ({ sql }) => {
    const copy = await sql
      .unsafe(
        'copy daily_metrics (source_id, date, key, org_id, dimensions, impressions, clicks, cost, currency) from stdin',
      )
      .writable()
    await pipeline(Readable.from(lines(orgId, source, rows)), copy)
  })
}

function* lines(orgId: string, source: string, rows: metrics.MetricRow[]): Generator<string> {
  let chunk = ''
  for (const row of rows) {
    const clicks = row.clicks ?? '\\N'
    chunk += `${source}\t${row.date}\t${row.key}\t${orgId}\t${JSON.stringify(row.dimensions)}\t${row.impressions}\t${clicks}\t${row.cost}\tEUR\n`
    if (chunk.length < 128 * 1024) continue
    yield chunk
    chunk = ''
  }
  if (chunk) yield chunk
}
