/** Google Search Console: one row per day, for the whole site. Its days are Pacific days, wherever the site is. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Page,
  type Row,
} from './connector.ts'
import { walk } from './paging.ts'
import { google, needed, olderErrors } from './providers/google.ts'
import { numberAt, textAt } from './values.ts'

const API = 'https://www.googleapis.com/webmasters/v3'
const SCOPE = 'https://www.googleapis.com/auth/webmasters.readonly'
const PAGE_ROWS = 25_000

export const searchConsole = defineConnector({
  id: 'search-console',
  name: 'Google Search Console',
  provider: google,
  origins: ['https://www.googleapis.com'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Search Console sites and how they do in Google Search' },
  writeWarning: null,
  ...{ accountWord: 'site', alsoCalled: 'seo gsc organic webmaster' },
  help: {
    signInWith: 'the Google login you use for Search Console',
    role: 'the Restricted role on the site is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'pacific',
    restateDays: { nightly: 4, deep: 7 },
    backfillMonths: 13,
    lagDays: 2,
    dimensions: [],
    metrics: {
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks from Google Search' },
      impressions: { unit: 'count', common: 'impressions', says: 'How often the site was in the results' },
      ctr: { unit: 'ratio', says: 'Clicks per impression, 0 to 1' },
      position: { unit: 'average', says: 'Average place in the results; never add it up' },
    },
    pages,
  },
  errors: olderErrors,
  version: { pinned: 'v3' },
})

/** Ids are used letter for letter, with `sc-domain:` and the trailing slash. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${API}/sites` })
  for (const site of valuesAt(body, 'siteEntry[]')) {
    const id = textAt(site, 'siteUrl')
    if (id === null || textAt(site, 'permissionLevel') === 'siteUnverifiedUser') continue
    yield { id, name: id.replace('sc-domain:', '') }
  }
}

/** The place is the number of rows read so far. Only final days are given, two to three days late. */
function pages(
  context: Context,
  account: Account,
  { from, to }: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const url = `${API}/sites/${encodeURIComponent(account.id)}/searchAnalytics/query`
  const asked = { startDate: from, endDate: to, dimensions: ['date'], type: 'web', dataState: 'final' }
  return walk<number>(0, cursor, async (startRow) => {
    const json = { ...asked, rowLimit: PAGE_ROWS, startRow }
    const { body } = await context.call({ method: 'POST', url, json })
    const rows = valuesAt(body, 'rows[]').map(rowOf)
    const after = rows.length < PAGE_ROWS ? null : startRow + rows.length
    return { rows, after, timeZone: 'America/Los_Angeles' }
  })
}

function rowOf(row: Json): Row {
  return {
    date: needed(textAt(row, 'keys[]'), 'Search Console answered a row without its day'),
    dimensions: {},
    metrics: {
      clicks: numberAt(row, 'clicks'),
      impressions: numberAt(row, 'impressions'),
      ctr: numberAt(row, 'ctr'),
      position: numberAt(row, 'position'),
    },
  }
}
