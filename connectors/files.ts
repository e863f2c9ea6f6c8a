/** What is in prepared files: ZIP containers, CSV, and JSON too long to parse at once or with numbers beyond 2^53. */
import { crc32, inflateRawSync } from 'node:zlib'
import type { Json } from './call.ts'

/** No report is larger unpacked; what claims to be is refused before memory is. */
const UNPACKED_BYTES = 100 * 1024 * 1024
const [CENTRAL, LOCAL, END] = [0x02014b50, 0x04034b50, 0x06054b50]
/** More columns than any report has. */
const CELLS_MAX = 10_000
const ZIP64 = 0xffffffff
const [QUOTE, COMMA, LF, CR] = [0x22, 0x2c, 0x0a, 0x0d]
const [OPEN, CLOSE, BACKSLASH] = [0x7b, 0x7d, 0x5c]

/**
 * The first file of a ZIP container, by its central directory: local headers may lack the sizes (APPNOTE 4.4.4).
 * Anything but a ZIP is given back as it is. Throws on what is broken, encrypted, ZIP64 or too large.
 */
export function unzipped(zip: Buffer): Buffer {
  if (zip.toString('latin1', 0, 2) !== 'PK') return zip
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0 || zip.readUInt32LE(end) !== END) throw new Error('a ZIP without its directory')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let entry = 0; entry < count; entry += 1) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error('a ZIP with a broken directory')
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28)
    const isFolder = zip[nameEnd - 1] === 0x2f
    if (!isFolder) return entryAt(zip, at)
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return Buffer.alloc(0)
}

function entryAt(zip: Buffer, at: number): Buffer {
  const [packed, unpacked] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)]
  const header = zip.readUInt32LE(at + 42)
  const isEncrypted = (zip.readUInt16LE(at + 8) & 1) === 1
  if (isEncrypted || [packed, unpacked, header].includes(ZIP64) || unpacked > UNPACKED_BYTES)
    throw new Error('a ZIP that is encrypted or too large')
  if (zip.readUInt32LE(header) !== LOCAL) throw new Error('a ZIP with a broken entry')
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
  const data = zip.subarray(start, start + packed)
  const method = zip.readUInt16LE(at + 10)
  if (method !== 0 && method !== 8) throw new Error(`a ZIP packed by method ${method}`)
  const file = method === 0 ? data : inflateRawSync(data, { maxOutputLength: unpacked || 1 })
  if (file.length !== unpacked || crc32(file) !== zip.readUInt32LE(at + 16))
    throw new Error('a ZIP that broke on its way')
  return file
}

/**
 * Rows of a CSV (RFC 4180) by their column names, at most `limit` from byte `at` on (0: the beginning). The header is
 * the first line that has `column`; what is narrower than it, like titles, notes and blank lines, is no row.
 */
export function csvPage(
  file: Buffer,
  at: number,
  { column, limit }: { column: string; limit: number },
): { rows: Record<string, string>[]; next: number | null } {
  const rows: Record<string, string>[] = []
  const { names, end } = headerOf(file, column)
  for (let place = Math.max(at, end); place < file.length; ) {
    if (rows.length === limit) return { rows, next: place }
    const line = lineAt(file, place)
    place = line.end
    if (line.cells.length < names.length) continue
    rows.push(Object.fromEntries(names.map((name, index) => [name, line.cells[index] ?? ''])))
  }
  return { rows, next: null }
}

function headerOf(file: Buffer, column: string): { names: string[]; end: number } {
  const hasMark = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf
  for (let place = hasMark ? 3 : 0; place < file.length; ) {
    const line = lineAt(file, place)
    if (line.cells.includes(column)) return { names: line.cells, end: line.end }
    place = line.end
  }
  if (file.length > 0) throw new Error(`a CSV without its column ${column}`)
  return { names: [], end: 0 }
}

function lineAt(file: Buffer, at: number): { cells: string[]; end: number } {
  const cells: string[] = []
  for (let place = at; ; ) {
    const { text, end } = cellAt(file, place)
    if (cells.push(text) > CELLS_MAX) throw new Error('a CSV with an endless line')
    place = end + 1
    if (file[end] !== COMMA) return { cells, end: place }
  }
}

/** `end` is the comma or the line's end. A quotation mark counts only where a cell begins with it. */
function cellAt(file: Buffer, at: number): { text: string; end: number } {
  const closing = file[at] === QUOTE ? closingQuote(file, at + 1) : null
  let end = closing === null ? at : closing + 1
  while (end < file.length && file[end] !== COMMA && file[end] !== LF) end += 1
  if (closing !== null) return { text: file.toString('utf8', at + 1, closing).replaceAll('""', '"'), end }
  const isBeforeBreak = file[end] !== COMMA && file[end - 1] === CR && end > at
  return { text: file.toString('utf8', at, isBeforeBreak ? end - 1 : end), end }
}

function closingQuote(file: Buffer, from: number): number {
  for (let place = from; ; ) {
    const found = file.indexOf(QUOTE, place)
    if (found < 0) throw new Error('a CSV that ends within quotation marks')
    if (file[found + 1] !== QUOTE) return found
    place = found + 2
  }
}

/** Objects of a JSON array, at most `limit` from byte `at` on (0: the beginning), each parsed by itself. */
export function jsonPage(file: Buffer, at: number, limit: number): { rows: Json[]; next: number | null } {
  const rows: Json[] = []
  if (file.length > 0 && !/^\s*\[/.test(file.toString('latin1', 0, 100))) throw new Error('no JSON array')
  for (let place = at; ; ) {
    const start = file.indexOf(OPEN, place)
    if (start < 0) return { rows, next: null }
    if (rows.length === limit) return { rows, next: start }
    place = objectEnd(file, start)
    rows.push(exactJson(file.toString('utf8', start, place)))
  }
}

function objectEnd(file: Buffer, start: number): number {
  let depth = 0
  let isText = false
  for (let place = start; place < file.length; place += 1) {
    const byte = file[place]
    if (isText && byte === BACKSLASH) place += 1
    else if (byte === QUOTE) isText = !isText
    else if (!isText && byte === OPEN) depth += 1
    else if (!isText && byte === CLOSE) depth -= 1
    if (depth === 0) return place + 1
  }
  throw new Error('JSON that ends too early')
}

const parse = JSON.parse as (
  text: string,
  reviver: (key: string, value: Json, context: { source?: string }) => Json,
) => Json

/** JSON whose numbers of more than 15 digits, e.g. ids, come as text: as numbers they would lose the last ones. */
export function exactJson(text: string): Json {
  return parse(text, (_key, value, { source = '' }) =>
    typeof value === 'number' && source.replace(/\D/g, '').length > 15 ? source : value,
  )
}
