/**
 * CSV as spreadsheets open it: RFC 4180 with CRLF, UTF-8 with a byte order mark (without it Excel reads "Größe" as
 * "GrÃ¶ÃŸe"), and nothing from outside that a spreadsheet would run as a formula.
 */

/** Stands first in the file. */
export const BYTE_ORDER_MARK = '\ufeff'

/** `plain[i]`: the cells of this column are ours, numbers and days, and stay as they are. */
export function csvRecord(cells: (string | null)[], plain: boolean[] = []): string {
  return `${cells.map((cell, i) => quoted(plain[i] ? (cell ?? '') : harmless(cell ?? ''))).join(',')}\r\n`
}

/** RFC 4180 §2.6 and 2.7. Text that a person may have written is in quotes also where a leading space could be lost. */
const quoted = (cell: string) => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** What begins a formula, also in the wide forms of East Asian keyboards. */
const STARTS = '=+\\-@\uff1d\uff0b\uff0d\uff20'
/** Space of any kind, control and invisible characters: some programs pass over them before they look. */
const PASSED_OVER = '\\s\\p{Cc}\\p{Cf}'
const FORMULA = new RegExp(`^[${PASSED_OVER}]*[${STARTS}]|^[\\t\\r\\n]`, 'u')
/**
 * Where Excel separates by semicolons, as in German, it ends a cell at one even within our quotes, and any line break
 * begins a row: what follows could be a formula as well.
 */
const FORMULA_WITHIN = new RegExp(`([;\\t\\r\\n][${PASSED_OVER}"']*)(?=[${STARTS}])`, 'gu')
const NUMBER = /^-?\d+(\.\d+)?$/

/** With an apostrophe before it a cell is text to every spreadsheet (OWASP, CSV injection). A mere number stays one. */
export function harmless(cell: string): string {
  const text = cell.replaceAll('\u0000', '')
  if (NUMBER.test(text)) return text
  const inner = text.replace(FORMULA_WITHIN, "$1'")
  return FORMULA.test(inner) ? `'${inner}` : inner
}

/** Letters, digits and hyphens, whatever the words were: safe on every file system and in every header. */
export function fileName(words: string[], ending: string): string {
  const parts = words.map((word) =>
    word
      .replace(/ß/g, 'ss')
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40)
      .replace(/-+$/, ''),
  )
  return `${parts.filter(Boolean).join('-') || 'latchkey'}.${ending}`
}
