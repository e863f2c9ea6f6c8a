/** Google Sheets as its API answers: whatever sheet is asked for has two tabs of an agency's notes, and a chart. */
import type { DayRange } from '../../connectors/connector.ts'
import { daysOf } from '../../connectors/days.ts'
import { refusal } from '../google/state.ts'
import type { Answer, Fake } from './fake.ts'
import { googleFake, rowsFrom } from './google.ts'

const tabs = [
  { sheetId: 0, title: 'Ausgaben', header: ['Datum', 'Kanal', 'Ausgaben (EUR)'], size: 240 },
  { sheetId: 11, title: "Leads '26", header: ['Datum', 'Herkunft', 'Leads'], size: 7 },
]

export const fake: Fake = {
  ...sheetsFake({ from: '2025-01-01', to: '2027-06-30' }),
  answers: { spreadsheet: 'https://docs.google.com/spreadsheets/d/1NorthwindOfflineSpend2026/edit' },
}

/** Sheets of those days: a line for each day and split, under one with the names. */
export function sheetsFake(range: DayRange): Fake {
  const days = daysOf(range)
  return googleFake(['https://sheets.googleapis.com'], ({ url }, { splits, figure }) => {
    const [, id, address] = /^\/v4\/spreadsheets\/([\w-]+)(?:\/values\/(.+))?$/.exec(url.pathname) ?? []
    if (id === undefined) return null
    const rowCount = 1 + days.length * splits(id).length
    if (address === undefined) return { body: book(id, rowCount) }
    const [, title, first = '', last = ''] = /^'(.*)'!(\d+):(\d+)$/.exec(decodeURIComponent(address)) ?? []
    const tab = tabs.find((one) => one.title === title?.replaceAll("''", "'"))
    if (!tab) return refusal(400, 'INVALID_ARGUMENT', `Unable to parse range: ${title}`) as Answer
    const [from, many] = [Math.max(0, Number(first) - 2), Number(last) - Math.max(2, Number(first)) + 1]
    const { rows } = rowsFrom([days, splits(id)], from, many, (day, { name }) => [
      ...[serial(day), name, figure(`sheet ${id} ${title} ${name}`, day, tab.size)],
    ])
    return { body: { majorDimension: 'ROWS', values: first === '1' ? [tab.header, ...rows] : rows } }
  })
}

/** Days as spreadsheets count them. */
const serial = (day: string) => (Date.parse(day) - Date.UTC(1899, 11, 30)) / 86_400_000

const book = (spreadsheetId: string, rowCount: number) => ({
  spreadsheetId,
  properties: { title: 'Müller Möbel – offline', timeZone: 'Europe/Berlin', locale: 'de_DE' },
  sheets: [
    ...tabs.map(({ sheetId, title }) => ({
      properties: { sheetId, title, sheetType: 'GRID', gridProperties: { rowCount } },
    })),
    { properties: { sheetId: 99, title: 'Diagramm', sheetType: 'OBJECT' } },
  ],
})
