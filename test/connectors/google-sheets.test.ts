/** Tables as people keep them: which column is which, days in every spelling, and sheets that were taken away. */
import { describe, expect, it } from 'vitest'
import { googleSheets } from '../../connectors/google-sheets.ts'
import { openContext } from '../../connectors/http.ts'
import { google } from '../../connectors/providers/google.ts'
import { columnsOf, dayIn, entriesOf, spelledDay, wholeDays, writtenNumber } from '../../connectors/tables.ts'
import { app, type Exchange, expectCalls, interceptor, shownBy } from './fixture.ts'
import { fixture } from './fixtures/google-sheets.ts'

describe('days as people write them', () => {
  it.each([
    ['2026-11-05', '2026-11-05'],
    ['2026/11/5', '2026-11-05'],
    ['20261105', '2026-11-05'],
    ['2026-11-05T23:30:00Z', '2026-11-05'],
    ['5.11.2026', '2026-11-05'],
    ['05.11.26', '2026-11-05'],
    [' 5 Nov 2026 ', '2026-11-05'],
    ['5. November 2026', '2026-11-05'],
    ['Thursday, November 5th, 2026', '2026-11-05'],
    ['Do, 5. März 2026', '2026-03-05'],
    ['12. Dezember 2026 14:00', '2026-12-12'],
    ['29.02.2028', '2028-02-29'],
  ])('%s', (written, day) => {
    expect(spelledDay(written, true)).toBe(day)
    expect(spelledDay(written, false)).toBe(day)
  })

  it('reads 5/11 as it is meant', () => {
    expect(spelledDay('5/11/2026', true)).toBe('2026-11-05')
    expect(spelledDay('5/11/2026 08:00', false)).toBe('2026-05-11')
    expect(spelledDay('11-5-26', false)).toBe('2026-11-05')
  })

  it.each(['', 'Total', '2026', '29.02.2026', '13/13/2026', 'May', 'KW 45', 'Q4 2026', '12.50', '1.234,50'])(
    'takes "%s" for no day',
    (written) => {
      expect(spelledDay(written, true)).toBeNull()
      expect(spelledDay(written, false)).toBeNull()
    },
  )

  it('reads the number a spreadsheet has for a day, also with a time, and no amount for one', () => {
    expect(dayIn(46_331, true)).toBe('2026-11-05')
    expect(dayIn(46_331.99, true)).toBe('2026-11-05')
    expect(dayIn(300, true)).toBeNull()
    expect(dayIn(99_000, true)).toBeNull()
    expect(dayIn(true, true)).toBeNull()
  })
})

describe('columns', () => {
  it('keeps the numbers of two columns with one name apart', () => {
    const names = ['Date', 'Cost', 'Cost']
    const lines = [['2026-11-05', 1, 2]]
    const columns = columnsOf(names, lines, true)
    const found = columns && entriesOf(lines, columns, { from: '2026-11-01', to: '2026-11-30' })
    expect(found?.map(({ column, value }) => [column.name, column.means, value])).toEqual([
      ['Cost', 'cost', '1'],
      ['Cost (column 3)', undefined, '2'],
    ])
  })

  it('reads a table that has all its numbers as text, as in the API guide', () => {
    const names = ['Item', 'Cost', 'Stocked', 'Ship Date']
    const lines = [
      ['Wheel', '$20.50', '4', '3/1/2016'],
      ['Door', '$15', '2', '3/15/2016'],
      ['Engine', '$1,100.00', '1', '3/20/2016'],
    ]
    const columns = columnsOf(names, lines, false)
    const found = columns && entriesOf(lines, columns, { from: '2016-03-01', to: '2016-03-31' })
    expect(found?.map(({ date, texts, column, value }) => [date, ...texts, column.name, value])).toEqual([
      ['2016-03-01', 'Wheel', 'Cost', '20.5'],
      ['2016-03-01', 'Wheel', 'Stocked', '4'],
      ['2016-03-15', 'Door', 'Cost', '15'],
      ['2016-03-15', 'Door', 'Stocked', '2'],
      ['2016-03-20', 'Engine', 'Cost', '1100'],
      ['2016-03-20', 'Engine', 'Stocked', '1'],
    ])
  })

  it('leaves digits in text alone where real numbers are', () => {
    const columns = columnsOf(['Date', 'Shop', 'Cost'], [['2026-11-05', '4711', 3]], true)
    expect(columns).toMatchObject({ written: false, texts: [1], numbers: [{ at: 2 }] })
  })

  it.each([
    ['300', '300'],
    ['-$5.00', '-5.00'],
    ['1,234,567.8', '1234567.8'],
    ['1.234,50 €', '1234.50'],
    ['0.5', '0.5'],
    ['0', '0'],
    ['007', null],
    ['12%', null],
    ['1,23,4', null],
    ['20 pieces', null],
    ['', null],
  ])('takes "%s" for %s', (text, value) => expect(writtenNumber(text)).toBe(value))

  it('finds the days by name, by how they are written, or in front', () => {
    expect(columnsOf(['Spend', 'Datum'], [[40_000, 46_331]], true)).toMatchObject({ date: 1 })
    expect(columnsOf(['Id', 'When'], [[40_000, '2026-11-05']], true)).toMatchObject({ date: 1 })
    expect(columnsOf(['When', 'Spend'], [[46_331, 40_000]], true)).toMatchObject({ date: 0 })
    expect(columnsOf(['Spend', 'When'], [[3, 46_331]], true)).toBeNull()
    expect(columnsOf(['Code', 'Name'], [['DE', 'Germany']], true)).toBeNull()
  })

  it('takes the order of day and month from the column, else from the sheet’s country', () => {
    const order = (...days: string[]) =>
      columnsOf(
        ['Date'],
        days.map((day) => [day]),
        false,
      )?.dayFirst
    expect(order('1/2/2026', '13/2/2026')).toBe(true)
    expect(order('1/2/2026', '1/20/2026')).toBe(false)
    expect(order('1/2/2026')).toBe(false)
  })

  it('counts a column in a common metric by whole words of its name, the first of them, and no ratio', () => {
    const names = [
      'Date',
      'Media spend (EUR)',
      'Kosten',
      'Cost per lead',
      'Leads',
      'Umsatz €',
      'Clicks goal',
      'Costa',
    ]
    const columns = columnsOf(names, [['2026-11-05', 1, 2, 3, 4, 5, 6, 7]], true)
    expect(columns?.numbers.map(({ name, means, currency }) => [name, means, currency])).toEqual([
      ['Media spend (EUR)', 'cost', 'EUR'],
      ['Kosten', undefined, undefined],
      ['Cost per lead', undefined, undefined],
      ['Leads', 'conversions', undefined],
      ['Umsatz €', 'revenue', 'EUR'],
      ['Clicks goal', undefined, undefined],
      ['Costa', undefined, undefined],
    ])
  })

  it('adds up what is alike, to the cent, leaves totals out, and does not know what a failed formula would say', () => {
    const lines = [
      ['2026-11-05', 'Radio', 0.1],
      ['2026-11-05', 'Radio', 0.2],
      ['2026-11-05', 'Print', '#REF!'],
      ['Total', '', 0.3],
    ]
    const columns = columnsOf(['Date', 'Channel', ''], lines, true)
    if (!columns) throw new Error('no columns')
    const entries = entriesOf(lines, columns, { from: '2026-11-01', to: '2026-11-30' })
    expect(entries.map(({ date, texts, column, value }) => [date, texts, column.name, value])).toEqual([
      ['2026-11-05', ['Radio'], 'Column 3', '0.3'],
      ['2026-11-05', ['Print'], 'Column 3', null],
    ])
    expect(entriesOf(lines, columns, { from: '2026-11-06', to: '2026-11-30' })).toEqual([])
  })

  it('keeps the lines of a day together, unless there is no other', () => {
    const columns = { date: 0, dayFirst: true, texts: [], numbers: [] }
    expect(wholeDays([['2026-11-05'], ['2026-11-06'], [], ['2026-11-06']], columns)).toBe(1)
    expect(wholeDays([['2026-11-06'], ['2026-11-06']], columns)).toBe(2)
    expect(wholeDays([], columns)).toBe(0)
  })
})

describe('sheets that change', () => {
  const shown = shownBy(fixture)
  const open = (known: string[], answers = {}) =>
    openContext({
      ...{ provider: google, connector: googleSheets, accessToken: 'ya29.fixture', app, known, answers },
      signal: new AbortController().signal,
    })
  const [whole, values] = fixture.report.pages[0] as [Exchange, Exchange]
  const id = fixture.account.id.split('/')[0] ?? ''
  const gone = { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } }

  it('lists the others where one in use was taken away, and says so of the one that is named', async () => {
    const other = { ...whole, url: whole.url.replace(id, 'gone') }
    interceptor(other, shown).reply(404, gone)
    expectCalls([whole], shown)
    const accounts = await Array.fromAsync(googleSheets.accounts(open(['gone/0', `${id}/0`])))
    expect(accounts.map((account) => account.id)).toEqual([`${id}/0`, `${id}/11`])
    interceptor(other, shown).reply(404, gone)
    await expect(
      Array.fromAsync(googleSheets.accounts(open([], { spreadsheet: 'gone' }))),
    ).rejects.toMatchObject({ kind: 'account_lost', ownerAction: expect.stringContaining('Share the sheet') })
  })

  const read = (tab: string) =>
    Array.fromAsync(
      googleSheets.report.pages(open([]), { id: `${id}/${tab}`, name: '' }, fixture.range, null),
    )

  it.each([
    ['en_US', '2026-11-05'],
    ['en', '2026-11-05'],
    ['fil_PH', '2026-11-05'],
    ['en_GB', '2026-05-11'],
    ['es', '2026-05-11'],
  ])('reads 11/5 as people of %s mean it', async (locale, day) => {
    const book = JSON.parse(JSON.stringify(whole).replace('5004', '2').replace('en_US', locale)) as Exchange
    const lines = [
      ['Date', 'Spend'],
      ['11/5/2026', 3],
    ]
    const url = values.url.replace('5000', '2')
    expectCalls([book, { ...values, url, answer: { values: lines } }], shown)
    const range = { from: '2026-01-01', to: '2026-12-31' }
    const pages = googleSheets.report.pages(open([]), fixture.account, range, null)
    expect(await Array.fromAsync(pages)).toMatchObject([{ rows: [{ date: day }] }])
  })

  it('says that a short tab was read whole, so that lines which were deleted can go', async () => {
    const small = JSON.parse(JSON.stringify(whole).replace('5004', '2')) as Exchange
    const lines = [
      ['Date', 'Spend'],
      ['2026-11-05', 3],
    ]
    expectCalls(
      [small, { ...values, url: values.url.replace('5000', '2'), answer: { values: lines } }],
      shown,
    )
    expect(await read('0')).toMatchObject([{ rows: [{ metrics: { value: '3' } }], whole: true }])
  })

  it('ends where a tab became shorter than the place it resumes from', async () => {
    expectCalls([JSON.parse(JSON.stringify(whole).replace('5004', '3000')) as Exchange], shown)
    const columns = { date: 0, dayFirst: false, texts: [], numbers: [{ at: 1, name: 'Spend' }] }
    const place = JSON.stringify({ row: 5001, columns })
    const pages = googleSheets.report.pages(open([]), fixture.account, fixture.range, place)
    expect(await Array.fromAsync(pages)).toEqual([{ rows: [], next: null }])
  })

  it('misses a tab that was deleted', async () => {
    expectCalls([whole], shown)
    await expect(read('77')).rejects.toMatchObject({ kind: 'account_lost' })
  })

  it('gives no rows of a tab with nothing but names, and fails where no column holds days', async () => {
    expectCalls([whole, { ...values, answer: { values: [[], ['Date', 'Spend']] } }], shown)
    expect(await read('0')).toMatchObject([{ rows: [], next: null }])
    expectCalls(
      [
        whole,
        {
          ...values,
          answer: {
            values: [
              ['Code', 'Spend'],
              ['DE', 3],
            ],
          },
        },
      ],
      shown,
    )
    await expect(read('0')).rejects.toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('dates'),
    })
  })
})
