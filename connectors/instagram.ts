/**
 * Instagram: one row per day for a professional account, reached through the Facebook page it is linked to. Insights
 * are one number per metric and window, so every day is a call of its own. (Instagram Platform, Graph API v26.0)
 */
import { valuesAt } from './classify.ts'
import { type Account, ConnectorError, type Context, defineConnector, type Row } from './connector.ts'
import { addDays, daysOf, windowFrom } from './days.ts'
import { walk } from './paging.ts'
import { edge, GRAPH, meta, ORIGIN, VERSION, WRITE_WARNING } from './providers/meta.ts'
import { given, numberAt, textAt, valueAt } from './values.ts'

const REACH_DAYS = 90
const DAYS_AT_ONCE = 7
const METRICS = ['views', 'reach', 'accounts_engaged', 'total_interactions'] as const

export const instagram = defineConnector({
  id: 'instagram',
  name: 'Instagram Insights',
  provider: meta,
  origins: [ORIGIN],
  scopes: [
    ...['instagram_basic', 'instagram_manage_insights', 'pages_show_list', 'pages_read_engagement'],
    'business_management',
  ],
  scopeWords: {
    instagram_basic: 'See your Instagram profile',
    instagram_manage_insights: 'See the insights of your Instagram account',
    pages_show_list: 'See which Facebook pages you manage, because Instagram accounts hang on them',
    pages_read_engagement: 'See which Instagram account belongs to a Facebook page',
    business_management: 'See the pages you manage through a business portfolio',
  },
  writeWarning: WRITE_WARNING,
  ...{ accountWord: 'Instagram account', alsoCalled: 'ig social organic followers' },
  help: {
    signInWith: 'the Facebook login that manages the page of your Instagram account',
    role: 'access to insights of that page is enough',
    friction: 'The Instagram account must be a business or creator account that is linked to the page.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'utc',
    restateDays: { nightly: 3, deep: 7 },
    backfillMonths: 13,
    reachDays: REACH_DAYS,
    backfillNote: 'Instagram keeps about 90 days.',
    lagDays: 1,
    dimensions: [],
    metrics: {
      views: {
        unit: 'count',
        common: 'impressions',
        says: 'How often content was on screen; views have replaced impressions at Instagram',
      },
      reach: { unit: 'count', says: 'Accounts that saw content that day; do not add up over days' },
      accounts_engaged: { unit: 'count', says: 'Accounts that interacted that day; do not add up over days' },
      total_interactions: { unit: 'count', says: 'Likes, comments, saves, shares and replies together' },
    },
    pages,
  },
  // Code 10 is a permission that was not given (scope_missing, as for all of Meta), but for this one message, which
  // speaks of a day with too few people. A lost page role is found by the listing.
  errors: [{ kind: 'unknown', at: 'api', contains: 'Not enough viewers' }],
  limit: { concurrency: 3, minTimeMs: 20 },
  version: { pinned: VERSION },
})

/** Pages without an Instagram account are listed too, so that the owner sees why the expected one is missing. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const fields = 'id,name,instagram_business_account{id,username,name,followers_count}'
  const url = `${GRAPH}/me/accounts`
  for await (const page of edge(context, { url, query: { fields, limit: '100' } })) {
    const [pageId, pageName] = [textAt(page, 'id'), textAt(page, 'name')]
    const linked = valueAt(page, 'instagram_business_account')
    const [id, username] = [textAt(linked, 'id'), textAt(linked, 'username')]
    const group = pageName
    if (id !== null) {
      const name = username === null ? (textAt(linked, 'name') ?? group ?? id) : `@${username}`
      yield { id, name, ...given({ group }) }
    } else if (pageId !== null)
      yield {
        id: pageId,
        name: pageName ?? pageId,
        unavailable: 'no Instagram account is linked to this page',
      }
  }
}

/** The place is the first day that is not read yet. */
function pages(
  context: Context,
  account: Account,
  range: { from: string; to: string },
  cursor: string | null,
) {
  return walk<string>(range.from, cursor, async (from) => {
    const window = windowFrom(from, range, DAYS_AT_ONCE) ?? range
    const rows = await Promise.all(daysOf(window).map((day) => rowOf(context, account, day)))
    const after = addDays(window.to, 1)
    return {
      rows: rows.filter((row) => row !== null),
      timeZone: 'Etc/UTC',
      after: after > range.to ? null : after,
    }
  })
}

/** Null for a day Instagram says nothing about: it leaves unknown metrics out and never gives 0 for them. */
async function rowOf(context: Context, { id }: Account, day: string): Promise<Row | null> {
  const [since, until] = [secondsOf(day), secondsOf(addDays(day, 1))]
  const query = { metric: METRICS.join(','), period: 'day', metric_type: 'total_value', since, until }
  const { body } = await context.call({ url: `${GRAPH}/${id}/insights`, query }).catch((error: unknown) => {
    if (!isTooQuiet(error)) throw error
    return { body: null }
  })
  const said = METRICS.map((name) => {
    const found = valuesAt(body, 'data[]').find((metric) => textAt(metric, 'name') === name) ?? null
    return [name, numberAt(found, 'total_value.value') ?? numberAt(found, 'values[].value')] as const
  })
  if (said.every(([, value]) => value === null)) return null
  return { date: day, dimensions: {}, metrics: Object.fromEntries(said) }
}

const secondsOf = (day: string) => String(Date.parse(`${day}T00:00:00Z`) / 1_000)

/** "Not enough viewers": the rule above leaves no other code 10 unknown. */
const isTooQuiet = (error: unknown) =>
  error instanceof ConnectorError && error.kind === 'unknown' && error.reason === '10'
