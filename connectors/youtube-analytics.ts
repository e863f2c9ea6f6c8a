/** YouTube Analytics: one row per day, for the whole channel. Its days are Pacific days; the newest two are missing. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  type Context,
  type DayRange,
  defineConnector,
  type Json,
  type Page,
  type Row,
  type Rule,
} from './connector.ts'
import { listing, walk } from './paging.ts'
import { byPageToken, google, needed, olderErrors } from './providers/google.ts'
import { given, numberAt, textAt } from './values.ts'

const CHANNELS = 'https://www.googleapis.com/youtube/v3/channels'
const REPORTS = 'https://youtubeanalytics.googleapis.com/v2/reports'
const REPORT_SCOPE = 'https://www.googleapis.com/auth/yt-analytics.readonly'
const CHANNEL_SCOPE = 'https://www.googleapis.com/auth/youtube.readonly'
const PAGE_ROWS = 500
const NO_CHANNEL =
  'This Google login has no YouTube channel. Sign in again and choose the channel, or the brand account it belongs to.'

/** Their name for it → ours. */
const METRICS = {
  views: 'views',
  estimatedMinutesWatched: 'estimated_minutes_watched',
  averageViewDuration: 'average_view_duration',
  likes: 'likes',
  subscribersGained: 'subscribers_gained',
  subscribersLost: 'subscribers_lost',
}

export const youtubeAnalytics = defineConnector({
  id: 'youtube-analytics',
  name: 'YouTube Analytics',
  provider: google,
  origins: ['https://www.googleapis.com', 'https://youtubeanalytics.googleapis.com'],
  scopes: [REPORT_SCOPE, CHANNEL_SCOPE],
  scopeWords: {
    [REPORT_SCOPE]: 'See the YouTube Analytics reports of your channels',
    [CHANNEL_SCOPE]: 'See which YouTube channels you have',
  },
  writeWarning: null,
  ...{ accountWord: 'channel', alsoCalled: 'yt video channel views' },
  help: {
    signInWith: 'the Google login you use for the YouTube channel',
    role: 'you must own or manage the channel',
    friction: 'If the channel belongs to a brand account, choose that brand account when Google asks.',
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
      views: { unit: 'count', says: 'How often videos of the channel were watched' },
      estimated_minutes_watched: { unit: 'count', says: 'Minutes watched, as YouTube estimates them' },
      average_view_duration: { unit: 'average', says: 'Seconds watched per view; never add it up' },
      likes: { unit: 'count', says: 'Likes given to the videos' },
      subscribers_gained: { unit: 'count', says: 'New subscribers' },
      subscribers_lost: { unit: 'count', says: 'Subscribers who left' },
    },
    pages,
  },
  errors: [
    ...olderErrors,
    lost([401, 403], 'youtubeSignupRequired', NO_CHANNEL),
    lost([403], 'channelForbidden channelClosed channelSuspended accountClosed accountSuspended'),
    lost([403], 'authenticatedUserAccountClosed authenticatedUserAccountSuspended'),
    lost([404], 'channelNotFound'),
  ],
  version: { pinned: 'v2' },
})

/** `reasons` with spaces between. */
function lost(http: number[], reasons: string, ownerAction?: string): Rule {
  const path = 'error.errors[].reason'
  const rule: Rule = { kind: 'account_lost', at: 'api', http, path, in: reasons.split(' ') }
  return ownerAction === undefined ? rule : { ...rule, ownerAction }
}

/** As a rule the one channel that was chosen at sign-in. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const first = { url: CHANNELS, query: { part: 'snippet', mine: 'true', maxResults: '50' } }
  for await (const body of listing(context, first, byPageToken))
    for (const channel of valuesAt(body, 'items[]')) {
      const id = textAt(channel, 'id')
      if (id === null) continue
      yield {
        id,
        name: textAt(channel, 'snippet.title') ?? id,
        ...given({ group: textAt(channel, 'snippet.customUrl') }),
      }
    }
}

/** The place is the number of rows read so far. Days that are not worked out yet are not in the answer. */
function pages(
  context: Context,
  account: Account,
  { from, to }: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const query = {
    ...{ ids: `channel==${account.id}`, startDate: from, endDate: to, dimensions: 'day', sort: 'day' },
    ...{ metrics: Object.keys(METRICS).join(','), maxResults: String(PAGE_ROWS) },
  }
  return walk<number>(0, cursor, async (read) => {
    const request = { url: REPORTS, query: { ...query, startIndex: String(read + 1) } }
    const { body } = await context.call(request)
    const rows = valuesAt(body, 'rows[]').map(reader(body))
    const after = rows.length < PAGE_ROWS ? null : read + rows.length
    return { rows, after, timeZone: 'America/Los_Angeles' }
  })
}

/** Columns are found by their headers. */
function reader(body: Json): (row: Json) => Row {
  const names = valuesAt(body, 'columnHeaders[]').map((header) => textAt(header, 'name'))
  return (row) => {
    const cells = valuesAt(row, '[]')
    const cell = (name: string) => cells[names.indexOf(name)] ?? null
    const metrics = Object.entries(METRICS).map(([theirs, ours]) => [ours, numberAt(cell(theirs), '')])
    return {
      date: needed(textAt(cell('day'), ''), 'YouTube answered a row without its day'),
      dimensions: {},
      metrics: Object.fromEntries(metrics),
    }
  }
}
