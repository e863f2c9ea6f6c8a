/** The data dictionary: every view and column of the schema `reporting`, written from the connectors themselves. */
import { readFileSync } from 'node:fs'
import type { Connector } from '../connectors/connector.ts'
import {
  COMMON,
  CURRENCY,
  DIMENSIONS,
  type OwnColumn,
  ownColumns,
  SOURCES,
  viewName,
  WHERE_FROM,
} from '../storage/reporting.ts'
import { FLAGS } from '../templates/slack/sources.ts'
import { metricWords } from '../templates/words.ts'
import { historyOf, restated, table } from './catalogue.ts'

type Column = [name: string, says: string]

export function dictionary(connectors: Connector[]): string {
  return `${[
    '# Data dictionary',
    'Written by `npm run docs` from `connectors/`: do not edit by hand.',
    ...general(connectors),
    ...connectors.flatMap(ofConnector),
  ].join('\n\n')}\n`
}

function general(connectors: Connector[]): string[] {
  const columns = (list: [string, string, string][]): Column[] => list.map(([name, , says]) => [name, says])
  return [
    'Schema `reporting`, for the role `latchkey_reader`. Amounts are decimals in whole units of the `currency` column; they are never converted, so sum them per currency. A day is the day of the clock each data source reports by. A missing value is null, never 0. The newest days of every data source are read again every night, because providers correct them: figures settle once they are older than that.',
    '## reporting.daily_metrics',
    'One row per data source, day and split. For sums across data sources.',
    columnTable(columns([...WHERE_FROM, DIMENSIONS, ...COMMON, CURRENCY])),
    'Which metric of which data source feeds each common column; a dash: none, so the column is null.',
    commonTable(connectors),
    'Conversions are what each provider calls so: add them up per data source before you compare.',
    '## reporting.sources',
    'One row per data source.',
    columnTable(columns(SOURCES)),
    '## Views of the data sources',
    `Each begins with the columns ${WHERE_FROM.map(([name]) => `\`${name}\``).join(', ')} and ends with \`${CURRENCY[0]}\`. "Export CSV" in Slack gives the same columns, with the names of client, data source and account in front.`,
    table(
      ['Data source', 'View', 'Split by'],
      connectors.map(({ id, name, report }) => [
        name,
        `\`reporting.${viewName(id)}\``,
        report.dimensions.length > 0
          ? report.dimensions.map((one) => `\`${one}\``).join(', ')
          : 'nothing: one row per day',
      ]),
    ),
  ]
}

const columnTable = (columns: Column[]) =>
  table(
    ['Column', 'Says'],
    columns.map(([name, says]) => [`\`${name}\``, says]),
  )

function commonTable(connectors: Connector[]): string {
  const names = COMMON.map(([name]) => name)
  return table(
    ['Data source', ...names.map((name) => `\`${name}\``)],
    connectors.map(({ name, report: { metrics } }) => [
      name,
      ...names.map((common) => {
        const own = Object.keys(metrics).find((metric) => metrics[metric]?.common === common)
        return own ? `\`${own}\`` : '–'
      }),
    ]),
  )
}

const ZONES: Record<Connector['report']['zone'], string> = {
  account: 'the account’s own time zone',
  pacific: 'Pacific time (America/Los_Angeles), wherever the account is',
  utc: 'UTC, wherever the account is',
}

function ofConnector(connector: Connector): string[] {
  const { id, name, report, version } = connector
  const late = Math.max(1, report.lagDays)
  const facts = [
    `Days are counted in ${ZONES[report.zone]}.`,
    `The newest day is ${late === 1 ? 'yesterday' : `${late} days ago`}.`,
    `Read again every night · on the first of the month: ${restated(report)}.`,
    `History: ${historyOf(report)}.${report.backfillNote ? ` ${report.backfillNote}` : ''}`,
    `API version ${version.pinned}${version.sunset ? `, switched off by the provider on ${version.sunset}` : ''}.`,
    ...permissions(connector),
    ...flagsOf(id),
  ]
  return [
    `## ${name}`,
    `\`reporting.${viewName(id)}\``,
    facts.map((fact) => `- ${fact}`).join('\n'),
    table(
      ['Column', 'Kind', 'Says', 'Common column'],
      ownColumns({ id, name, ...report }).map((column) => [
        `\`${column.column}\``,
        KINDS[column.kind],
        column.says,
        commonOf(connector, column),
      ]),
    ),
  ]
}

const KINDS: Record<OwnColumn['kind'], string> = {
  dimension: 'dimension',
  label: 'label, may change',
  count: 'whole number',
  decimal: 'decimal',
  money: 'amount',
  ratio: 'ratio, never add up',
  average: 'average, never add up',
}

function commonOf({ report }: Connector, { name, kind }: OwnColumn): string {
  const common = kind === 'dimension' || kind === 'label' ? undefined : report.metrics[name]?.common
  return common ? `\`${common}\`` : ''
}

/** What the owner is asked for, in the words they read. */
function permissions({ scopes, optionalScopes = [], scopeWords, writeWarning }: Connector): string[] {
  const asked = [...scopes, ...optionalScopes].map((scope) => {
    const optional = optionalScopes.includes(scope) ? ', optional' : ''
    return `\`${scope}\` (${scopeWords[scope] ?? 'identity'}${optional})`
  })
  const said = scopes.length > 0 ? asked : Object.values(scopeWords)
  return [
    ...(said.length > 0 ? [`Permissions asked for: ${said.join(', ')}.`] : []),
    ...(writeWarning ? [writeWarning] : []),
  ]
}

/** The words a connector's file may say of a page: they are nowhere but in what it reads. */
function flagsOf(id: string): string[] {
  const source = readFileSync(new URL(`../connectors/${id}.ts`, import.meta.url), 'utf8')
  const listed = [...source.matchAll(/flags: \['(\w+)'\]/g)].map(([, flag = '']) => flag)
  const said = new Set([...Object.keys(FLAGS).filter((flag) => source.includes(`'${flag}'`)), ...listed])
  if (said.size === 0) return []
  const words = [...said].map((flag) => `\`${flag}\` (${FLAGS[flag] ?? metricWords(flag)})`)
  return [`May be marked in Slack: ${words.join(', ')}.`]
}
