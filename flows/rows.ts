/** From a connector's page to rows of daily_metrics: keys, common columns, duplicates and strays. Pure. */
import { createHash } from 'node:crypto'
import type { Connector, DayRange, Page, Row } from '../connectors/connector.ts'
import type { MetricRow } from '../storage/metrics.ts'

/** An index entry must stay well below PostgreSQL's 2.7 kB. */
const KEY_MAX = 600
/** What is no number, be it a word or NaN, is "not known". */
const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
const COUNTS = ['impressions', 'clicks', 'sessions'] as const
const AMOUNTS = ['cost', 'conversions', 'revenue'] as const

/**
 * The page's rows inside the range, one per date and key: of duplicates the last one stands. Days outside the range
 * are dropped, above all the account's current day, which is not over.
 */
export function metricRows(
  report: Pick<Connector['report'], 'dimensions' | 'metrics' | 'labels'>,
  page: Page,
  range: DayRange,
  currency: string | null,
): MetricRow[] {
  const byKey = new Map<string, MetricRow>()
  for (const row of page.rows) {
    if (!/^\d{4}-\d\d-\d\d$/.test(row.date) || row.date < range.from || row.date > range.to) continue
    const made = metricRow(report, row, row.currency ?? page.currency ?? currency)
    byKey.set(`${made.date} ${made.key}`, made)
  }
  return [...byKey.values()]
}

function metricRow(
  report: Pick<Connector['report'], 'dimensions' | 'metrics' | 'labels'>,
  row: Row,
  currency: string | null,
): MetricRow {
  const dimensions = Object.fromEntries(
    report.dimensions.map((name) => [name, storable(row.dimensions[name] ?? '')]),
  )
  const labels = Object.fromEntries(
    Object.keys(report.labels ?? {}).map((name) => [name, storable(row.labels?.[name] ?? '')]),
  )
  const metrics = Object.fromEntries(
    Object.keys(report.metrics).map((name) => [name, known(row.metrics[name])]),
  )
  const common = (name: string) => {
    const own = Object.keys(report.metrics).find((metric) => report.metrics[metric]?.common === name)
    return own === undefined ? null : (metrics[own] ?? null)
  }
  const counts = COUNTS.map((name) => [name, count(common(name))])
  const amounts = AMOUNTS.map((name) => [name, amount(common(name))])
  const numbers = Object.fromEntries([...counts, ...amounts]) as Pick<
    MetricRow,
    (typeof COUNTS)[number] | (typeof AMOUNTS)[number]
  >
  // What may be renamed stays out of the key: a renamed campaign is the same row, not a second one.
  const shown = { ...dimensions, ...labels }
  return { date: row.date, key: keyOf(dimensions), dimensions: shown, ...numbers, currency, metrics }
}

/** The connector's names of the metrics that have a value in some row. All rows of a page have the same names. */
export function metricsWithValues(rows: MetricRow[]): string[] {
  const wanted = new Set(Object.keys(rows[0]?.metrics ?? {}))
  const found: string[] = []
  for (const { metrics } of rows) {
    for (const name of wanted)
      if (metrics[name] !== null && metrics[name] !== undefined) {
        found.push(name)
        wanted.delete(name)
      }
    if (wanted.size === 0) break // as a rule after the first row
  }
  return found
}

/** JSON of the values keeps `a|b, c` and `a, b|c` apart; a long one keeps its head and a hash of the whole. */
function keyOf(dimensions: Record<string, string>): string {
  const whole = JSON.stringify(Object.values(dimensions))
  if (Buffer.byteLength(whole) <= KEY_MAX) return whole
  const head = Buffer.from(whole)
    .subarray(0, 200)
    .toString('utf8')
    .replace(/\uFFFD/g, '')
  return `${head}#${createHash('sha256').update(whole).digest('hex')}`
}

/** PostgreSQL stores no NUL, and jsonb no half of a surrogate pair. */
const storable = (text: string) => text.replaceAll('\u0000', '').toWellFormed()

function known(value: number | string | null | undefined): number | string | null {
  if (value === undefined || value === null || !NUMBER.test(String(value))) return null
  return value
}

function count(value: number | string | null): number | null {
  return value === null ? null : Math.round(Number(value))
}

/** As text, so that no cent is lost between a provider's decimal and ours. */
function amount(value: number | string | null): string | null {
  return value === null ? null : String(value)
}
