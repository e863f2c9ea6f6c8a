/** The catalogue of data sources as a table: what the README says of them, written from the connectors themselves. */
import type { Connector, Provider } from '../connectors/connector.ts'

/** Columns as wide as their widest cell, as the formatter wants them. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|') || ' '))
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => (row[i] ?? '').length)))
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [first = [], ...rest] = all
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n')
}

export function catalogueTable(connectors: Connector[]): string {
  return table(
    ['Data source', 'Sign-in', 'History', 'Read again nightly · monthly', 'Provider app'],
    connectors.map(({ name, provider, report }) => [
      name,
      authKind(provider),
      historyOf(report),
      restated(report),
      appOf(provider),
    ]),
  )
}

/** What the owner does, and what is odd about it. */
export function authKind(provider: Provider): string {
  if (provider.auth === 'key') return provider.authWord
  const odd = [
    provider.depart ? 'OAuth 1.0a' : 'OAuth',
    provider.exchange && !provider.depart ? 'own exchange' : '',
    provider.ask ? 'asks which first' : '',
  ]
  return odd.filter(Boolean).join(', ')
}

/** How far back a first read goes. */
export function historyOf({ backfillMonths, reachDays, reachWithout }: Connector['report']): string {
  const whole = reachDays === undefined ? `${backfillMonths} months` : `${reachDays} days`
  return reachWithout ? `${whole}; ${reachWithout.days} days without an optional permission` : whole
}

/** How many of the newest days are read anew, each night and on the first of each month. */
export const restated = ({ restateDays: { nightly, deep } }: Connector['report']) =>
  nightly === deep ? `${nightly} days` : `${nightly} · ${deep} days`

/** The environment variables it needs. */
export function appOf(provider: Provider): string {
  if (provider.auth === 'key') return 'none: the owner enters it'
  const name = provider.id.toUpperCase()
  const pair = `\`${name}_CLIENT_ID\`, \`${name}_CLIENT_SECRET\``
  return provider.developerToken ? `${pair}, \`${provider.developerToken}\`` : pair
}

const START = '<!-- catalogue: written by `npm run docs` -->'
const END = '<!-- end of catalogue -->'

/** The README with its table renewed. Throws where the marks around it are gone. */
export function withCatalogue(readme: string, connectors: Connector[]): string {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`README.md lacks ${START} or ${END}`)
  return `${readme.slice(0, start)}${START}\n\n${catalogueTable(connectors)}\n\n${readme.slice(end)}`
}
