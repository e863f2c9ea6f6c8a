/** Prepared files: ZIP containers, CSV and long JSON, also where they are odd, broken or meant to break something. */
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { csvPage, exactJson, jsonPage, unzipped } from '../../connectors/files.ts'
import { zipOf } from '../../sandbox/fakes/zip.ts'

describe('ZIP', () => {
  const file = Buffer.from('TimePeriod,Clicks\r\n2026-11-06,5\r\n')
  const zip = zipOf('report.csv', file)
  const central = zip.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(zip)
    change(copy)
    return copy
  }

  it('opens an entry whose sizes stand behind its data', () => {
    expect(zip.readUInt32LE(18)).toBe(0)
    expect(unzipped(zip)).toEqual(file)
  })

  it('opens one made by another program: stored, after a folder, with a comment', () => {
    const made = Buffer.from(
      'UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAEAAAAb3V0L1BLAwQUAAAAAAAAACEAxRCXJAQAAAAEAAAACQAAAG91dC9hLmNzdmEsYgpQSwECFAMUAAAAAAAAACEAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAgAEAAAAAb3V0L1BLAQIUAxQAAAAAAAAAIQDFEJckBAAAAAQAAAAJAAAAAAAAAAAAAACAASIAAABvdXQvYS5jc3ZQSwUGAAAAAAIAAgBpAAAATQAAAAIAaGk=',
      'base64',
    )
    expect(unzipped(made).toString()).toBe('a,b\n')
  })

  it('gives back what is no ZIP, and nothing for an empty one', () => {
    expect(unzipped(file)).toBe(file)
    expect(unzipped(Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]))).toHaveLength(0)
  })

  it('refuses more than it says, before it takes the memory', () => {
    const bomb = zipOf('bomb.csv', Buffer.alloc(20 * 1024 * 1024))
    const at = bomb.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
    bomb.writeUInt32LE(1_000, at + 24)
    expect(() => unzipped(bomb)).toThrow('Cannot create a Buffer larger than 1000 bytes')
    bomb.writeUInt32LE(200 * 1024 * 1024, at + 24)
    expect(() => unzipped(bomb)).toThrow('too large')
  })

  it.each([
    ['broken data', changed((copy) => copy.writeUInt32LE(1, central + 16))],
    ['an encrypted entry', changed((copy) => copy.writeUInt16LE(1, central + 8))],
    ['an unknown method', changed((copy) => copy.writeUInt16LE(12, central + 10))],
    ['an entry that is elsewhere', changed((copy) => copy.writeUInt32LE(7, central + 42))],
    ['a directory that is elsewhere', changed((copy) => copy.writeUInt32LE(3, copy.length - 6))],
    ['half a file', zip.subarray(0, 40)],
    ['a place beyond the end', changed((copy) => copy.writeUInt32LE(99_999, copy.length - 6))],
  ])('throws on %s', (_what, broken) => {
    expect(() => unzipped(broken)).toThrow()
  })

  it('is what the fake writes, byte for byte', () => {
    expect(zip.includes(deflateRawSync(file))).toBe(true)
  })
})

describe('CSV', () => {
  const read = (text: string, column = 'day') => csvPage(Buffer.from(text), 0, { column, limit: 100 }).rows

  it('reads quotes, commas, line breaks and umlauts in cells, either line end, no last one', () => {
    expect(read('day,name\r\n1,"a ""b"", c\r\nd"\r\n2,Süß\n3,"x"')).toEqual([
      { day: '1', name: 'a "b", c\r\nd' },
      { day: '2', name: 'Süß' },
      { day: '3', name: 'x' },
    ])
  })

  it('takes a quotation mark within a plain cell as it is', () => {
    expect(read('day,name,more\n1,5" heels,x\n2,"",')).toEqual([
      { day: '1', name: '5" heels', more: 'x' },
      { day: '2', name: '', more: '' },
    ])
  })

  it('skips the byte order mark, titles before the header, blank lines and notes after the rows', () => {
    const text = '\ufeff"Report Name: daily"\n\n"Rows: 1"\nday,name\n1,a\n\n"©2026 Microsoft Corporation."\n'
    expect(read(text)).toEqual([{ day: '1', name: 'a' }])
    expect(read('\ufeffday,name\n1,a\n')).toEqual([{ day: '1', name: 'a' }])
  })

  it('throws where its columns are missing or it ends within quotation marks', () => {
    expect(() => read('<html><p>Access denied</p></html>')).toThrow('column day')
    expect(() => read('day,name\n1,"a')).toThrow('quotation marks')
    expect(() => read(`day,name\n${','.repeat(20_000)}`)).toThrow('endless line')
    expect(read('')).toEqual([])
  })

  it('goes on where a page ended', () => {
    const file = Buffer.from('day,name\n1,ä\n2,"b\n"\n3,c\n')
    const first = csvPage(file, 0, { column: 'day', limit: 2 })
    expect(first.rows.map(({ day }) => day)).toEqual(['1', '2'])
    expect(csvPage(file, first.next ?? 0, { column: 'day', limit: 2 })).toEqual({
      rows: [{ day: '3', name: 'c' }],
      next: null,
    })
  })
})

describe('JSON', () => {
  it('keeps every digit of ids and amounts, also beside text that looks like one', () => {
    expect(
      exactJson('{"a":9007199254740993,"b":1.5,"c":"x:12345678901234567,","d":[12345678901.123456]}'),
    ).toEqual({
      a: '9007199254740993',
      b: 1.5,
      c: 'x:12345678901234567,',
      d: ['12345678901.123456'],
    })
  })

  it('reads objects one by one, whatever their texts hold, and goes on where a page ended', () => {
    const file = Buffer.from('[ {"a":"}{\\"\\\\"},\n{"b":{"c":[{}]}} , {"d":"ü"}]')
    const first = jsonPage(file, 0, 2)
    expect(first.rows).toEqual([{ a: '}{"\\' }, { b: { c: [{}] } }])
    expect(jsonPage(file, first.next ?? 0, 2)).toEqual({ rows: [{ d: 'ü' }], next: null })
    expect(jsonPage(Buffer.from('[]'), 0, 2)).toEqual({ rows: [], next: null })
  })

  it('throws on what is no array or ends too early', () => {
    expect(() => jsonPage(Buffer.from('<Error>Expired</Error>'), 0, 2)).toThrow()
    expect(() => jsonPage(Buffer.from('[{"a":1},{"b":'), 0, 5)).toThrow()
  })
})
