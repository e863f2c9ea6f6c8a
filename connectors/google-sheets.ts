/**
 * Google Sheets: one row per day, number column and the first three texts beside it; equal ones are added up. The first
 * line of a tab names its columns, and the whole tab is read every night: cells change without notice, and lines vanish.
 * Numbers under names like "Spend" or "Umsatz" also count in the common columns.
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Field,
  type Json,
  type Page,
  type Row,
} from './connector.ts'
import { walk } from './paging.ts'
import { deniedErrors, google } from './providers/google.ts'
import { type Columns, columnsOf, type Entry, entriesOf, wholeDays } from './tables.ts'
import { given, numberAt, textAt } from './values.ts'

const API = 'https://sheets.googleapis.com/v4/spreadsheets'
const SCOPE = 'https://www.googleapis.com/auth/spreadsheets.readonly'
const FIELDS =
  'spreadsheetId,properties(title,timeZone,locale),sheets.properties(sheetId,title,sheetType,gridProperties(rowCount))'
const LINES = 5_000
const NOT_SHARED =
  'This Google login cannot open the sheet. Share the sheet with it, or sign in with the login that can open it.'
const NOT_A_SHEET =
  'This file is no Google Sheet. Open it in Google Sheets, choose “Save as Google Sheets” in the File menu, and use the address of the copy.'
/** The common ones of the metrics. */
const COMMON = ['cost', 'revenue', 'impressions', 'clicks', 'conversions', 'sessions']
const TEXTS = ['text_1', 'text_2', 'text_3']

/** A published copy (/d/e/…) cannot be read this way. */
const spreadsheet: Field = {
  name: 'spreadsheet',
  label: 'Address of the Google Sheet',
  hint: 'Open the sheet and copy the address, e.g. https://docs.google.com/spreadsheets/d/1AbC…/edit',
  read(text) {
    const found = /(?:\/d\/|[?&]id=|^)([\w-]{20,})(?:[/?#&]|$)/.exec(text.trim())
    return found?.[1] ?? null
  },
  problem:
    'This is not the address of a Google Sheet: it begins with https://docs.google.com/spreadsheets/d/',
}

export const googleSheets = defineConnector({
  id: 'google-sheets',
  name: 'Google Sheets',
  provider: google,
  origins: ['https://sheets.googleapis.com'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'Read your Google Sheets; Latchkey reads only the tabs you choose' },
  writeWarning: null,
  ...{ accountWord: 'tab', alsoCalled: 'spreadsheet table excel' },
  help: {
    signInWith: 'a Google login that can open the sheet',
    role: 'being a viewer of the sheet is enough',
    friction: 'One column must hold dates; the first line must name the columns.',
  },
  ask: [spreadsheet],
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 400, deep: 400 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: [...TEXTS, 'column'],
    metrics: {
      value: { unit: 'decimal', says: 'The number, whatever its column counts' },
      cost: { unit: 'money', common: 'cost', says: 'The number, where its column is named like costs' },
      revenue: {
        unit: 'money',
        common: 'revenue',
        says: 'The number, where its column is named like revenue',
      },
      impressions: {
        unit: 'count',
        common: 'impressions',
        says: 'The number, where its column says impressions',
      },
      clicks: { unit: 'count', common: 'clicks', says: 'The number, where its column says clicks' },
      conversions: {
        unit: 'decimal',
        common: 'conversions',
        says: 'The number, where its column says conversions or leads',
      },
      sessions: {
        unit: 'count',
        common: 'sessions',
        says: 'The number, where its column says sessions or visits',
      },
    },
    pages,
  },
  errors: [
    ...deniedErrors.map((rule) =>
      rule.kind === 'account_lost' ? { ...rule, ownerAction: NOT_SHARED } : rule,
    ),
    {
      kind: 'account_lost',
      at: 'api',
      http: [400],
      contains: 'not supported for this document',
      ownerAction: NOT_A_SHEET,
    },
  ],
  version: { pinned: 'v4' },
})

type Book = { body: Json; tabs: Json[] }

async function open(context: Context, id: string): Promise<Book> {
  const { body } = await context.call({ url: `${API}/${id}`, query: { fields: FIELDS } })
  const tabs = valuesAt(body, 'sheets[].properties')
  return { body, tabs: tabs.filter((tab) => (textAt(tab, 'sheetType') ?? 'GRID') === 'GRID') }
}

/** The tabs of the sheet that was named and of those in use. Sheets of these that were taken away are passed over. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const named = context.answers.spreadsheet
  const ids = new Set([...(named ? [named] : []), ...context.known.map((id) => id.split('/')[0] ?? '')])
  for (const id of ids) {
    const book = await open(context, id).catch((error: unknown) => {
      if (id === named || !(error instanceof ConnectorError && error.kind === 'account_lost')) throw error
      return null
    })
    const title = textAt(book?.body ?? null, 'properties.title') ?? id
    const timeZone = textAt(book?.body ?? null, 'properties.timeZone')
    for (const tab of book?.tabs ?? [])
      yield {
        id: `${id}/${textAt(tab, 'sheetId') ?? 0}`,
        name: `${title} – ${textAt(tab, 'title') ?? ''}`,
        ...given({ timeZone }),
      }
  }
}

/** `row`: the next line to read, from 1. The columns are settled by the first lines, which name them. */
type Place = { row: number; columns: Columns | null }
type Lines = { cells: Json[][]; more: boolean; dayFirst: boolean }

function pages(
  context: Context,
  account: Account,
  range: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  return walk<Place>({ row: 1, columns: null }, cursor, async (place) => {
    const { cells, more, dayFirst } = await linesFrom(context, account.id, place.row)
    const head = place.columns
      ? -1
      : cells.findIndex((line) => line.some((cell) => textAt(cell, '') !== null))
    const names = (cells[head] ?? []).map((name) => textAt(name, '')?.trim() ?? '')
    const below = cells.slice(head + 1)
    const columns = place.columns ?? columnsOf(names, below, dayFirst)
    if (columns === null && below.length === 0) return { rows: [], after: null }
    if (columns === null) throw new ConnectorError('unknown', google.id, 'The tab has no column with dates')
    const whole = more ? wholeDays(below, columns) : below.length
    const row = whole < below.length ? place.row + head + 1 + whole : place.row + LINES
    const rows = entriesOf(below.slice(0, whole), columns, range).map(rowOf)
    if (more) return { rows, after: { row, columns } }
    return { rows, after: null, ...(place.row === 1 && { whole: true }) }
  })
}

/** Tabs are renamed, so the title for the address is looked up each time. */
async function linesFrom(context: Context, accountId: string, row: number): Promise<Lines> {
  const [id = '', sheetId] = accountId.split('/')
  const { body: book, tabs } = await open(context, id)
  const tab = tabs.find((one) => (textAt(one, 'sheetId') ?? '0') === sheetId)
  if (!tab) throw new ConnectorError('account_lost', google.id, 'The tab is no longer in the sheet')
  // The locales with the month in front (CLDR); the country may be missing (SpreadsheetProperties.locale).
  const dayFirst = !/^(en|fil)(_US|_PH)?$/.test(textAt(book, 'properties.locale') ?? '')
  const end = numberAt(tab, 'gridProperties.rowCount') ?? LINES
  // The tab became shorter since the page before; Google refuses ranges that begin below it.
  if (row > end) return { cells: [], more: false, dayFirst }
  const last = Math.min(end, row + LINES - 1)
  const range = `'${(textAt(tab, 'title') ?? '').replaceAll("'", "''")}'!${row}:${last}`
  const { body } = await context.call({
    url: `${API}/${id}/values/${encodeURIComponent(range)}`,
    query: { valueRenderOption: 'UNFORMATTED_VALUE', dateTimeRenderOption: 'SERIAL_NUMBER' },
  })
  const cells = valuesAt(body, 'values[]').map((line) => valuesAt(line, '[]'))
  return { cells, more: last < end, dayFirst }
}

function rowOf({ date, texts, column, value }: Entry): Row {
  const dimensions = Object.fromEntries(TEXTS.map((name, at) => [name, texts[at] ?? '']))
  const common = COMMON.map((name) => [name, name === column.means ? value : null])
  return {
    date,
    dimensions: { ...dimensions, column: column.name },
    metrics: { value, ...Object.fromEntries(common) },
    ...given({ currency: column.currency ?? null }),
  }
}
