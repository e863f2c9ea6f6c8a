/** Rows of daily_metrics as they leave: cells of text, in the order and with the values of the reporting views. */
import type { Db } from './db.ts'
import { type OwnColumn, sqlOf } from './reporting.ts'

/** Null: empty. */
type Cells = (string | null)[]
export type Extent = { rows: number; first: string | null; last: string | null }

const ROWS_AT_ONCE = 2_000

/** How much lies between two days, ends included. Counting stops at `most`; then `last` is only a day so far. */
export async function extent(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  { from, to }: { from: string; to: string },
  most: number,
): Promise<Extent> {
  const [row] = await sql<Extent[]>`
    select count(*)::int as rows, min(date) as first, max(date) as last from (
      select date from daily_metrics
      where org_id = ${orgId} and source_id = ${sourceId} and date between ${from} and ${to}
      limit ${most}) counted`
  return row as Extent
}

/** Everything after it in this transaction sees one state of the data, and may take minutes. First in a transaction. */
export async function holdStill({ sql }: Db): Promise<void> {
  await sql`set transaction isolation level repeatable read, read only`
  await sql`set local statement_timeout = '15min'`
}

/**
 * Gives the rows to `take` in order of their days, a few thousand at a time and never more: the day, the columns, the
 * currency. Amounts are exact decimals without trailing zeros.
 */
export async function eachRow(
  { sql }: Db,
  orgId: string,
  sourceId: string,
  { from, to }: { from: string; to: string },
  columns: OwnColumn[],
  take: (rows: Cells[]) => Promise<void>,
): Promise<void> {
  const cells = ['m.date::text', ...columns.map(cell), 'm.currency']
  const query = `select to_json(array[${cells.join(', ')}]) as cells from daily_metrics m
    where m.org_id = $1 and m.source_id = $2 and m.date between $3 and $4 order by m.date, m.key`
  await sql
    .unsafe<{ cells: Cells }[]>(query, [orgId, sourceId, from, to])
    .cursor(ROWS_AT_ONCE, (rows) => take(rows.map((row) => row.cells)))
}

function cell(column: OwnColumn): string {
  const { kind } = column
  const value = sqlOf(column)
  return kind === 'dimension' || kind === 'label' || kind === 'count'
    ? `(${value})::text`
    : `trim_scale(${value})::text`
}
