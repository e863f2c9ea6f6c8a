/** Tables kept by people: which column holds the days, which numbers and texts, and days as people write them. Pure. */
import type { Json } from './call.ts'
import type { DayRange } from './connector.ts'
import { decimalAt, given, sumOf, textAt } from './values.ts'

/** `means`: the metric it counts in by its name, if it is the first such column. */
type NumberColumn = { at: number; name: string; means?: string; currency?: string }
/** `written`: the table has its numbers as text. */
export type Columns = {
  date: number
  dayFirst: boolean
  written: boolean
  texts: number[]
  numbers: NumberColumn[]
}

/** Days as spreadsheets count them, from 1899-12-30: 2000 to 2099. Other numbers are amounts. */
const SERIALS: [number, number] = [36_526, 73_050]
/** What a formula that failed shows: its number is not known just now. */
const FAILED = /^#(DIV\/0!|N\/A|REF!|VALUE!|NAME\?|NUM!|NULL!|ERROR!)$/
const SERIAL_EPOCH = Date.UTC(1899, 11, 30)
const DAY_MS = 86_400_000
const DATE_NAME = /^(date|day|datum|tag|jour|fecha|d[ií]a|data|giorno)\b/iu
/** Names of columns that count in a common metric; whole words. */
const NAMES: Record<string, RegExp> = {
  cost: words('spend|spent|costs?|kosten|ausgaben'),
  revenue: words('revenue|umsatz|umsätze|erlöse?|einnahmen'),
  impressions: words('impressions|impressionen'),
  clicks: words('clicks|klicks'),
  conversions: words('conversions|konversionen|leads'),
  sessions: words('sessions|visits|sitzungen|besuche'),
}
const RATIO = /[%/ø]|(?<!\p{L})(per|pro|rate|avg|average|target|budget|goal|ziel|plan)(?!\p{L})/iu
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

function words(any: string): RegExp {
  return new RegExp(`(?<!\\p{L})(${any})(?!\\p{L})`, 'iu')
}

/**
 * By the names of the columns and what is below them. The days are in the column that is called so, else in the first
 * with written days, else in the first of all if its numbers can be days. Null: no column holds days. `dayFirst` is
 * how 5/11 is meant where the column itself does not show it.
 */
export function columnsOf(names: string[], lines: Json[][], dayFirst: boolean): Columns | null {
  const columns = Array.from(
    { length: Math.max(names.length, ...lines.map((line) => line.length)) },
    (_, at) =>
      lines
        .map((line) => line[at] ?? null)
        .filter((cell) => cell !== null && cell !== '' && !FAILED.test(String(cell))),
  )
  const dated = columns.map((cells) => mostly(cells, (cell) => dayIn(cell, true) ?? dayIn(cell, false)))
  const written = columns.map((cells) => mostly(cells, (cell) => typeof cell === 'string' || null))
  const called = dated.findIndex((is, at) => is && DATE_NAME.test(names[at] ?? ''))
  const spelled = dated.findIndex((is, at) => is && written[at])
  const date = [called, spelled, dated[0] ? 0 : -1].find((at) => at >= 0)
  if (date === undefined) return null
  const others = [...columns.keys()].filter((at) => at !== date && columns[at]?.length)
  // Where real numbers are, digits in text are somebody's ids.
  const isWritten = !columns.flat().some((cell) => typeof cell === 'number')
  const isNumber = (at: number) =>
    isWritten
      ? (columns[at] ?? []).every((cell) => writtenNumber(cell) !== null)
      : mostly(columns[at] ?? [], (cell) => typeof cell === 'number' || null)
  return {
    ...{ date, dayFirst: shownOrder(columns[date] ?? []) ?? dayFirst, written: isWritten },
    texts: others.filter((at) => !isNumber(at)),
    numbers: meanings(others.filter(isNumber).map((at) => ({ at, name: ownName(names, at) }))),
  }
}

/** Of several columns with one name each has its own numbers. */
function ownName(names: string[], at: number): string {
  const name = names[at]
  if (!name) return `Column ${at + 1}`
  return names.indexOf(name) < at ? `${name} (column ${at + 1})` : name
}

/** "Cost per lead" is no cost, "Clicks target" are no clicks. */
function meanings(columns: NumberColumn[]): NumberColumn[] {
  const free = new Map(Object.entries(NAMES))
  return columns.map((column) => {
    const { name } = column
    const means = RATIO.test(name) ? null : ([...free].find(([, words]) => words.test(name))?.[0] ?? null)
    if (means) free.delete(means)
    const code = /(?<!\p{L})[A-Z]{3}(?!\p{L})/u.exec(name)?.[0] ?? ''
    const sign = name.includes('€') ? 'EUR' : name.includes('£') ? 'GBP' : null
    return { ...column, ...given({ means, currency: CURRENCIES.has(code) ? code : sign }) }
  })
}

/** How many of these lines hold whole days, where the last day may go on in lines to come. All, if it is the only one. */
export function wholeDays(lines: Json[][], { date, dayFirst }: Pick<Columns, 'date' | 'dayFirst'>): number {
  const days = lines.map((line) => dayIn(line[date] ?? null, dayFirst))
  const last = days.findLast((day) => day !== null)
  const before = days.findLastIndex((day) => day !== null && day !== last)
  return before < 0 ? lines.length : before + 1
}

export type Entry = { date: string; texts: string[]; column: NumberColumn; value: string | null }

/**
 * A number of a column on a day, with the first three texts beside it; those alike are added up. Lines without a day,
 * e.g. totals, and cells without a number are left out; the number of a formula that failed is not known.
 */
export function entriesOf(lines: Json[][], columns: Columns, { from, to }: DayRange): Entry[] {
  const found = new Map<string, Omit<Entry, 'value'> & { values: (string | null)[] }>()
  for (const line of lines) {
    const date = dayIn(line[columns.date] ?? null, columns.dayFirst)
    if (date === null || date < from || date > to) continue
    const texts = columns.texts.slice(0, 3).map((at) => textAt(line[at] ?? null, '')?.trim() ?? '')
    for (const column of columns.numbers) {
      const cell = line[column.at] ?? null
      const value = decimalAt(cell, '') ?? (columns.written ? writtenNumber(cell) : null)
      if (value === null && !FAILED.test(String(cell))) continue
      const key = JSON.stringify([date, texts, column.name])
      const entry = found.get(key) ?? { date, texts, column, values: [] }
      found.set(key, entry)
      entry.values.push(value)
    }
  }
  return [...found.values()].map(({ values, ...entry }) => ({ ...entry, value: sumOf(values) }))
}

/** A number as people write it, e.g. $1,234.50 or 1.234,5 €, as a decimal. Null: none, or digits that begin with 0. */
export function writtenNumber(cell: Json): string | null {
  const bare = (textAt(cell, '') ?? '').replace(/[\s$€£¥]/g, '')
  if (/^-?(?!0\d)(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(bare)) return bare.replaceAll(',', '')
  if (/^-?(?!0\d)(\d+|\d{1,3}(\.\d{3})+),\d{1,2}$/.test(bare))
    return bare.replaceAll('.', '').replace(',', '.')
  return null
}

/** The day in a cell, written or as a spreadsheet's number. */
export function dayIn(cell: Json, dayFirst: boolean): string | null {
  if (typeof cell !== 'number') return spelledDay(textAt(cell, '') ?? '', dayFirst)
  if (cell < SERIALS[0] || cell > SERIALS[1]) return null
  return new Date(SERIAL_EPOCH + Math.floor(cell) * DAY_MS).toISOString().slice(0, 10)
}

const mostly = (cells: Json[], holds: (cell: Json) => unknown) =>
  cells.length > 0 && cells.filter((cell) => holds(cell) !== null).length * 2 > cells.length

/** 13/11 can only be a day first, 11/13 only a month. Null: nothing shows it. */
function shownOrder(cells: Json[]): boolean | null {
  for (const cell of cells) {
    const [, a, b] = /^(\d{1,2})[-/](\d{1,2})[-/]\d/.exec(String(cell).trim()) ?? []
    if (Number(a) > 12) return true
    if (Number(b) > 12) return false
  }
  return null
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const GERMAN: Record<string, string> = { mär: 'mar', mai: 'may', okt: 'oct', dez: 'dec' }

/**
 * A day as people write it: 2026-11-05, 20261105, 5.11.26, 5/11/2026, 5 Nov 2026, November 5, 2026; a time after it is
 * left out. `dayFirst` says how 5/11 is meant; with dots the day is first. Null: no day, or none there is.
 */
export function spelledDay(text: string, dayFirst: boolean): string | null {
  const whole = text.trim().toLowerCase()
  const iso = /^(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[t ].*)?$/.exec(whole)
  if (iso) return realDay(iso[1], iso[3], iso[4])
  const [, a, sign, b, year] = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?: .*)?$/.exec(whole) ?? []
  if (year !== undefined) {
    const [day, month] = dayFirst || sign === '.' ? [a, b] : [b, a]
    return realDay(year.length === 2 ? `20${year}` : year, month, day)
  }
  const day = /(?:^|[ ,])(\d{1,2})(?:st|nd|rd|th|\.)?(?=[ ,]|$)/.exec(whole)?.[1]
  const word = /\p{L}{3,}/gu
  const months = [...whole.matchAll(word)].map(([name]) => GERMAN[name.slice(0, 3)] ?? name.slice(0, 3))
  const month = months.map((name) => MONTHS.indexOf(name) + 1).find((number) => number > 0)
  return month === undefined ? null : realDay(/\b\d{4}\b/.exec(whole)?.[0], String(month), day)
}

function realDay(year?: string, month?: string, day?: string): string | null {
  if (!year || !month || !day) return null
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) ? text : null
}
