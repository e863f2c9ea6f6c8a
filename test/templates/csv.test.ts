/** Exported text opens in every spreadsheet as what it is: never as a formula, and never as two cells. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BYTE_ORDER_MARK, csvRecord, fileName, harmless } from '../../templates/csv.ts'
import { HOSTILE } from '../support/hostile.ts'

/** RFC 4180 as a strict reader has it. */
function read(text: string, separator = ','): string[][] {
  const rows: string[][] = []
  let cell = ''
  let row: string[] = []
  let within = false
  for (let i = 0; i < text.length; i++) {
    const at = text[i]
    if (within && at === '"' && text[i + 1] === '"') {
      cell += '"'
      i++
    } else if (at === '"' && (within || cell === '')) within = !within
    else if (!within && at === separator) {
      row.push(cell)
      cell = ''
    } else if (!within && at === '\r' && text[i + 1] === '\n') {
      rows.push([...row, cell])
      row = []
      cell = ''
      i++
    } else cell += at
  }
  expect(cell + row.join('') + within).toBe('false')
  return rows
}

/** Excel where it separates by semicolons: quotes only count at the start of a cell, and any line end ends a row. */
const cellsInGerman = (text: string) =>
  text
    .split(/\r\n|[\r\n]/)
    .flatMap((line) => line.split(/[;\t]/).map((cell) => cell.replace(/^["'\s]*"/, '')))

const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]/u

const ATTACKS = [
  ...["=cmd|' /C calc'!A0", '+1+1', '-1+1', '@SUM(1)', '\t=1+1', '\r=1+1', '\n=1+1', ' =1+1', '\u00a0=1'],
  ...['＝1+1', '＋1', '－1+1', '＠SUM(1)', '\u200b=1', '\ufeff=1', '\u0000=1', '=HYPERLINK("http://x","y")'],
  ...['-2-3', '--1', '-a', '+49 30 1234', '- 50 %', '-1,5', '−'],
  ...['a;=1+1', 'a";=1+1;"', 'a\n=1+1', 'a\r\n@SUM(1)', 'a\t+1+1', "a; '=1", 'a;"=1"'],
]

describe('text from outside', () => {
  test.each([...ATTACKS, ...HOSTILE])(
    '%j is no formula, as it stands or where semicolons separate',
    (name) => {
      const record = csvRecord(['Acme', name, '5'], [false, false, true])
      const [row] = read(record)
      expect(row).toHaveLength(3)
      const cell = row?.[1] ?? ''
      if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(FORMULA)
      for (const part of cellsInGerman(record).slice(1)) expect(part).not.toMatch(/^[\s\p{Cf}]*[=@+＝＋＠]/u)
    },
  )

  test('whatever people write, one record is one row of as many cells, none of them a formula', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'ab=+-@;,"\' \t\r\n＝0123.\ufeff') })
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 2, maxLength: 5 }), (cells) => {
        const rows = read(csvRecord(cells))
        expect(rows).toHaveLength(1)
        expect(rows[0]).toEqual(cells.map(harmless))
        for (const cell of rows[0] ?? []) if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(FORMULA)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each(['Brand', 'Größe 42', 'a-b', 'x = y', 'me@acme.example', 'Summer, 2026', '50 % – now', '日本'])(
    '%j stays as it is',
    (name) => expect(harmless(name)).toBe(name),
  )

  test.each(['-1', '-1.5', '0', '1234567890123456789'])('the number %s stays one', (number) => {
    expect(harmless(number)).toBe(number)
  })
})

test('records end in CRLF, quotes are doubled, nothing known is an empty cell', () => {
  expect(csvRecord(['a', 'b"c', 'd,e', null, 'f\ng'])).toBe('a,"b""c","d,e",,"f\ng"\r\n')
  expect(csvRecord(['-1.25', '-1'], [true, true])).toBe('-1.25,-1\r\n')
  expect(Buffer.from(BYTE_ORDER_MARK)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
})

test.each([
  [['Größe & Söhne GmbH', 'Google Ads'], 'grosse-sohne-gmbh-google-ads.csv'],
  [['../../etc/passwd', 'x\u0000y'], 'etc-passwd-x-y.csv'],
  [['日本', '…'], 'latchkey.csv'],
  [['CON'.repeat(40)], `${'con'.repeat(13)}c.csv`],
])('%j becomes a file name anybody can save', (words, name) => {
  expect(fileName(words, 'csv')).toBe(name)
})
