/** The schema `reporting`: stable views for other tools, and the role that sees them and nothing else. */
import { createHash } from 'node:crypto'
import type { Db } from './db.ts'

type ReportingMetric = { unit: 'count' | 'decimal' | 'money' | 'ratio' | 'average'; says: string }
export type ReportingConnector = {
  id: string
  name: string
  dimensions: string[]
  /** What a row is called besides, by name: what it says. */
  labels?: Record<string, string>
  metrics: Record<string, ReportingMetric>
}

export type Published = {
  /** 'in-use': somebody built views of their own on the old ones, which therefore stay until those are dropped. */
  views: 'current' | 'renewed' | 'in-use'
  /** 'missing': this database user may not create roles, so an administrator has to. */
  reader: 'ready' | 'missing'
}

const READER = 'latchkey_reader'

/**
 * Makes or renews the views and grants them to `latchkey_reader`. Any number of nodes may start at once: the lock is
 * the migrations'. Views are replaced only when their text changed, so that a start disturbs no reader.
 */
export async function publishReporting(
  db: Db,
  connectors: ReportingConnector[],
  reader = READER,
): Promise<Published> {
  const statements = [...base(), ...connectors.flatMap(connectorView)]
  const views = await db
    .transaction((tx) => renewViews(tx.sql, statements))
    .catch((error: { code?: string }) => {
      if (error.code !== DEPENDENTS_EXIST) throw error
      return 'in-use' as const
    })
  return { views, reader: await db.transaction((tx) => grantReader(tx.sql, reader)) }
}

const DEPENDENTS_EXIST = '2BP01'

async function renewViews(sql: Db['sql'], statements: string[]): Promise<'current' | 'renewed'> {
  const stamp = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16)
  await lock(sql)
  const [schema] = await sql<{ says: string | null }[]>`
    select obj_description(oid, 'pg_namespace') as says from pg_namespace where nspname = 'reporting'`
  if (schema?.says?.includes(stamp)) return 'current'
  if (!schema) await sql`create schema reporting`
  const old = await sql<{ name: string }[]>`
    select viewname as name from pg_views where schemaname = 'reporting'`
  for (const { name } of old) await sql`drop view reporting.${sql(name)}`
  for (const statement of statements) await sql.unsafe(statement)
  await sql.unsafe(
    `comment on schema reporting is 'Stable views of Latchkey for other tools (version ${stamp})'`,
  )
  return 'renewed'
}

async function lock(sql: Db['sql']): Promise<void> {
  await sql`set local lock_timeout = '60s'`
  await sql`set local statement_timeout = '90s'`
  await sql`select pg_advisory_xact_lock(hashtext('latchkey migrate'))`
}

/** Roles belong to the whole server, so another database's node may make it at this moment. */
async function grantReader(sql: Db['sql'], reader: string): Promise<Published['reader']> {
  await lock(sql)
  await sql.unsafe(`do $$ begin
    if not exists (select from pg_roles where rolname = '${reader}') then create role ${reader} nologin; end if;
  exception when insufficient_privilege or duplicate_object or unique_violation then null;
  end $$`)
  const [role] = await sql`select from pg_roles where rolname = ${reader}`
  if (!role) return 'missing'
  await sql.unsafe(`
    revoke all on schema latchkey from ${reader};
    grant usage on schema reporting to ${reader};
    grant select on all tables in schema reporting to ${reader}`)
  return 'ready'
}

/** What every view begins with. Names are those of the data dictionary. */
export const WHERE_FROM: [column: string, from: string, says: string][] = [
  ['org_id', 'm.org_id', 'The agency'],
  ['client_id', 's.client_id', 'The client'],
  ['client', 'c.name', 'The client, by name'],
  ['source_id', 'm.source_id', 'The data source; see reporting.sources'],
  ['connector', 's.connector_id', 'What is read, e.g. google-ads'],
  ['account_id', 's.account_id', 'The account at the provider'],
  ['account', 's.account_name', 'The account, by name'],
  ['date', 'm.date', 'The day, in the account’s own time zone'],
]
export const COMMON: typeof WHERE_FROM = [
  ['impressions', 'm.impressions', 'Null: the provider has or said none'],
  ['clicks', 'm.clicks', 'Null: the provider has or said none'],
  ['cost', 'm.cost', 'In whole units of the currency column'],
  ['conversions', 'm.conversions', 'May be a fraction'],
  ['revenue', 'm.revenue', 'In whole units of the currency column'],
  ['sessions', 'm.sessions', 'Null: the provider has or said none'],
]
export const CURRENCY: (typeof WHERE_FROM)[0] = ['currency', 'm.currency', 'Of the account, ISO 4217']
const FROM = `latchkey.daily_metrics m
  join latchkey.source s on s.org_id = m.org_id and s.id = m.source_id
  join latchkey.client c on c.org_id = s.org_id and c.id = s.client_id`

export const DIMENSIONS: (typeof WHERE_FROM)[0] = [
  'dimensions',
  'm.dimensions',
  'What the row is split by, by name',
]
export const SOURCES: typeof WHERE_FROM = [
  ['org_id', 's.org_id', 'The agency'],
  ['client_id', 's.client_id', 'The client'],
  ['client', 'c.name', 'The client, by name'],
  ['source_id', 's.id', 'The data source'],
  ['connector', 's.connector_id', 'What is read, e.g. google-ads'],
  ['account_id', 's.account_id', 'The account at the provider'],
  ['account', 's.account_name', 'The account, by name'],
  ['currency', 's.currency', 'Of the account, ISO 4217'],
  ['account_time_zone', 's.account_time_zone', 'In which the provider counts its days'],
  ['status', 's.status', 'connected, disconnected, paused or removed'],
  ['last_good_day', 's.last_good_day', 'Data are complete up to and including this day'],
  ['synced_at', 's.synced_at', 'When it was last read without trouble'],
  ['delayed_since', 's.delayed_since', 'Passing trouble since; null: none'],
  ['disconnected_at', 's.disconnected_at', 'When access ended; null: it did not'],
  ['created_at', 's.created_at', 'When it was connected first'],
  ['flags', 's.flags', 'What the provider says is wrong with the last figures, e.g. sampled; empty: nothing'],
  ['missing_metrics', 's.missing_metrics', 'Metrics it used to have and the last rows did not; empty: none'],
]

function base(): string[] {
  return [
    ...view('daily_metrics', 'One row per data source, day and split; null is not known, never 0', FROM, [
      ...[...WHERE_FROM, DIMENSIONS, ...COMMON, CURRENCY],
    ]),
    ...view(
      'sources',
      'One row per data source',
      'latchkey.source s join latchkey.client c on c.org_id = s.org_id and c.id = s.client_id',
      SOURCES,
    ),
  ]
}

/** What a connector's rows hold beside the columns all have: the middle of its view, and of its exports. */
export type OwnColumn = {
  /** Unquoted: lower case, digits and underscores. */
  column: string
  kind: 'dimension' | 'label' | ReportingMetric['unit']
  /** Its name in `dimensions` or `metrics` of a row. */
  name: string
  says: string
}

/** In the order of the view. A name that says the same as one before it, or as a column all have, is left out. */
export function ownColumns({ dimensions, labels = {}, metrics }: ReportingConnector): OwnColumn[] {
  const taken = new Set([...WHERE_FROM, CURRENCY].map(([column]) => column))
  const all: OwnColumn[] = [
    ...dimensions.map((name) => own(name, 'dimension', 'Part of what the row is split by')),
    ...Object.entries(labels).map(([name, says]) => own(name, 'label', says)),
    ...Object.entries(metrics).map(([name, { unit, says }]) => own(name, unit, says)),
  ]
  return all.filter(({ column }) => !taken.has(column) && taken.add(column))
}

const own = (name: string, kind: OwnColumn['kind'], says: string): OwnColumn => ({
  ...{ column: plainName(name), kind, name, says },
})

/** The SQL of a column, of a row of latchkey.daily_metrics called `m`. */
export function sqlOf({ kind, name }: OwnColumn): string {
  if (kind === 'dimension' || kind === 'label') return `m.dimensions ->> ${text(name)}`
  const value = `(m.metrics ->> ${text(name)})::numeric`
  if (kind === 'count') return `round(${value})::bigint`
  return kind === 'money' ? `${value}::numeric(20, 6)` : value
}

/** The view a connector's rows stand in, within the schema `reporting`. */
export const viewName = (connectorId: string) => plainName(connectorId)

function connectorView(connector: ReportingConnector): string[] {
  const { id, name } = connector
  const columns = ownColumns(connector).map((one): (typeof WHERE_FROM)[0] => [
    columnOf(one.column),
    sqlOf(one),
    one.says,
  ])
  return view(
    columnOf(id),
    `${name}, in its own words; null is not known, never 0`,
    `${FROM}\n  where s.connector_id = ${text(id)}`,
    [...WHERE_FROM, ...columns, CURRENCY],
  )
}

function view(name: string, says: string, from: string, columns: typeof WHERE_FROM): string[] {
  const list = columns.map(([column, value]) => `${value} as ${column}`).join(', ')
  return [
    `create view reporting.${name} as select ${list} from ${from}`,
    `comment on view reporting.${name} is ${text(says)}`,
    ...columns.map(([column, , about]) => `comment on column reporting.${name}.${column} is ${text(about)}`),
  ]
}

/** Quoted, so that a name may be a word of SQL. */
const columnOf = (name: string) => `"${plainName(name)}"`
const plainName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
const text = (words: string) => `'${words.replaceAll("'", "''")}'`
