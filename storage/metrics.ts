/** Rows of daily_metrics. Unchanged rows are never rewritten, and "not known" never replaces what was known. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Db } from './db.ts'

export type MetricRow = {
  date: string
  /** The dimensions, joined in a fixed order. Unique within a page together with the date. */
  key: string
  /** With the labels, which may change while the key stays. */
  dimensions: Record<string, string>
  impressions: number | null
  clicks: number | null
  cost: string | null
  conversions: string | null
  revenue: string | null
  sessions: number | null
  currency: string | null
  /** The connector's own vocabulary. */
  metrics: Record<string, number | string | null>
}

export type Written = 'nothing' | 'merge' | 'copy' | 'copy and merge'

const MERGE_ROWS = 5_000
const COPY_CHUNK = 128 * 1024
const DAY = /^\d{4}-\d\d-\d\d$/
const COMMON = ['impressions', 'clicks', 'cost', 'conversions', 'revenue', 'sessions', 'currency'] as const
const COLUMNS = ['source_id', 'date', 'key', 'org_id', 'dimensions', ...COMMON, 'metrics']
const TYPED = `source_id uuid, date date, key text, org_id uuid, dimensions jsonb, impressions bigint, clicks bigint,
  cost numeric(20, 6), conversions numeric(20, 6), revenue numeric(20, 6), sessions bigint, currency text, metrics jsonb`

/** Months whose partition this process has seen, per database. */
const seen = new WeakMap<Db, Set<string>>()

/** Makes the monthly partitions of a range of days. Any number of nodes may do so at once. Not in a transaction. */
export async function ensureMonths(db: Db, from: string, to: string): Promise<void> {
  const known = seen.get(db) ?? new Set()
  seen.set(db, known)
  for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = nextMonth(month)) {
    if (known.has(month)) continue
    await ensureMonth(db, month)
    known.add(month)
  }
}

/**
 * Inserts what is new and updates what differs, in the caller's transaction; rows the provider no longer reports
 * stay. Give it one page without duplicate keys, and one writer per source at a time: a rival inserting the same
 * key makes PostgreSQL raise 23505, upon which the caller repeats its transaction.
 */
export async function write(tx: Db, orgId: string, sourceId: string, rows: MetricRow[]): Promise<Written> {
  const [first] = rows
  if (!first) return 'nothing'
  const { from, to } = daysOf(rows, first.date)
  const { sql } = tx
  if (rows.length <= MERGE_ROWS) {
    const records = rows.map((row) => ({ source_id: sourceId, org_id: orgId, ...row }))
    const given = `(select * from json_to_recordset($1::json) as x (${TYPED}))`
    await sql.unsafe(merge(given, from, to), [records] as never[])
    return 'merge'
  }
  const [present] = await sql`
    select from daily_metrics where source_id = ${sourceId} and date between ${from} and ${to} limit 1`
  if (present) await sql`create temporary table staged (like daily_metrics) on commit drop`
  const into = present ? 'staged' : 'daily_metrics'
  const copy = await sql.unsafe(`copy ${into} (${COLUMNS.join(', ')}) from stdin`).writable()
  await pipeline(Readable.from(copyText(orgId, sourceId, rows)), copy)
  if (!present) return 'copy'
  await sql`analyze staged`
  await sql.unsafe(merge('staged', from, to))
  await sql`drop table staged`
  return 'copy and merge'
}

/** Drops what these rows lack, of all days from `from` to `to`. Returns how many. */
export async function dropOthers(
  tx: Db,
  orgId: string,
  sourceId: string,
  { from, to }: { from: string; to: string },
  rows: Pick<MetricRow, 'date' | 'key'>[],
): Promise<number> {
  const kept = rows.map(({ date, key }) => ({ date, key }))
  const dropped = await tx.sql`
    delete from daily_metrics t
    where source_id = ${sourceId} and org_id = ${orgId} and date between ${from} and ${to} and not exists (
      select from jsonb_to_recordset(${tx.sql.json(kept)}) as k (date date, key text)
      where k.date = t.date and k.key = t.key)`
  return dropped.count
}

/** A literal range of days, so that only its partitions are planned; both ends are checked days. */
function merge(from: string, first: string, last: string): string {
  const kept = (name: string) => `coalesce(s.${name}, t.${name})`
  const metrics = 't.metrics || jsonb_strip_nulls(s.metrics)'
  const was = ['dimensions', ...COMMON, 'metrics'].map((name) => `t.${name}`).join(', ')
  const becomes = ['s.dimensions', ...COMMON.map(kept), metrics].join(', ')
  return `merge into daily_metrics t using ${from} s
    on t.source_id = s.source_id and t.date = s.date and t.key = s.key and t.date between '${first}' and '${last}'
    when matched and (${was}) is distinct from (${becomes}) then update set
      dimensions = s.dimensions, ${COMMON.map((name) => `${name} = ${kept(name)}`).join(', ')}, metrics = ${metrics}
    when not matched then insert (${COLUMNS.join(', ')}) values (${COLUMNS.map((name) => `s.${name}`).join(', ')})`
}

function daysOf(rows: MetricRow[], day: string): { from: string; to: string } {
  let [from, to] = [day, day]
  for (const { date } of rows) {
    if (!DAY.test(date)) throw new Error('a row whose date is not yyyy-mm-dd')
    if (date < from) from = date
    if (date > to) to = date
  }
  return { from, to }
}

/** Attaching locks the parent less than `partition of` would; the advisory lock lets one node make it. */
async function ensureMonth(db: Db, month: string): Promise<void> {
  const name = `daily_metrics_${month.replace('-', '_')}`
  await db.transaction(async ({ sql }) => {
    await sql`select pg_advisory_xact_lock(hashtext('latchkey daily_metrics partition'))`
    const [there] = await sql`select from pg_inherits where inhrelid = to_regclass(${`latchkey.${name}`})`
    if (there) return
    await sql.unsafe(`create table ${name} (like daily_metrics including all)`)
    await sql.unsafe(
      `alter table daily_metrics attach partition ${name} for values from ('${month}-01') to ('${nextMonth(month)}-01')`,
    )
  })
}

function nextMonth(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}

/** COPY's text format: tabs between columns, \N for null; backslash, tab and line ends escaped. */
function* copyText(orgId: string, sourceId: string, rows: MetricRow[]): Generator<string> {
  let chunk = ''
  for (const row of rows) {
    const common = COMMON.map((name) => row[name])
    const values = [sourceId, row.date, row.key, orgId, JSON.stringify(row.dimensions), ...common]
    chunk += `${[...values, JSON.stringify(row.metrics)].map(copyValue).join('\t')}\n`
    if (chunk.length < COPY_CHUNK) continue
    yield chunk
    chunk = ''
  }
  if (chunk) yield chunk
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const copyValue = (value: string | number | null) =>
  value === null ? '\\N' : String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? '')
