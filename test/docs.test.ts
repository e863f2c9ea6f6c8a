/** What is written of the connectors is what they are: the README's table and the data dictionary are current. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { allConnectors } from '../connectors/index.ts'
import { authKind, catalogueTable, withCatalogue } from '../scripts/catalogue.ts'
import { dictionary } from '../scripts/dictionary.ts'
import { ownColumns, viewName } from '../storage/reporting.ts'

const STALE = 'the connectors have changed: run `npm run docs`'
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

describe('the README', () => {
  test('has the table `npm run docs` writes', () => {
    const readme = read('../README.md')
    expect(readme, STALE).toBe(withCatalogue(readme, allConnectors))
  })

  test('lists every connector once, every cell filled', () => {
    const rows = catalogueTable(allConnectors).split('\n').slice(2)
    const cells = rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
    expect(cells.map(([name]) => name)).toEqual(allConnectors.map(({ name }) => name))
    for (const row of cells) expect(row.filter(Boolean)).toHaveLength(5)
  })

  test('can be read at a sitting', () => {
    expect(read('../README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200)
  })

  test('without its marks is left alone', () => {
    expect(() => withCatalogue('# Latchkey', allConnectors)).toThrow('README.md lacks')
  })
})

describe('the data dictionary', () => {
  const written = read('../docs/data-dictionary.md')

  test('is what `npm run docs` writes', () => expect(written, STALE).toBe(dictionary(allConnectors)))

  test.each(allConnectors)('names the view, every column and what it says: $id', (connector) => {
    const { id, name, report } = connector
    const [, part = ''] = written.split(`\n## ${name}\n`)
    const own = part.split('\n## ')[0] ?? ''
    expect(own).toContain(`\`reporting.${viewName(id)}\``)
    for (const { column, says } of ownColumns({ id, name, ...report })) {
      expect(own).toContain(`| \`${column}\``)
      expect(own).toContain(says)
    }
  })
})

describe('the words of a connector', () => {
  test.each(allConnectors)('$id: no column is lost to another of the same name', (connector) => {
    const { id, name, report } = connector
    const { dimensions, labels = {}, metrics } = report
    const named = [...dimensions, ...Object.keys(labels), ...Object.keys(metrics)]
    const shown = ownColumns({ id, name, ...report }).map((column) => column.name)
    expect(named.filter((one) => !shown.includes(one) && one !== 'date' && one !== 'currency')).toEqual([])
  })

  test.each(allConnectors)(
    '$id: a common column has one metric, of a unit that can be summed',
    ({ report }) => {
      const common = Object.values(report.metrics).filter((metric) => metric.common !== undefined)
      expect(new Set(common.map((metric) => metric.common)).size).toBe(common.length)
      for (const { unit, common: column } of common) {
        expect(['count', 'decimal', 'money']).toContain(unit)
        if (column === 'cost' || column === 'revenue') expect(unit).toBe('money')
      }
    },
  )

  test.each(allConnectors)('$id: every label, metric and sign-in says what it is', ({ report, provider }) => {
    const says = [
      ...Object.values(report.labels ?? {}),
      ...Object.values(report.metrics).map((one) => one.says),
    ]
    for (const words of says) expect(words.trim().length).toBeGreaterThan(3)
    expect(authKind(provider)).not.toBe('')
  })
})
