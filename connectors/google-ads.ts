/** Google Ads: one row per campaign and day. Sends no developer token: they ended on 2026-09-09. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type FailureClass,
  type Json,
  type Page,
  type Reply,
  type Row,
  type Rule,
} from './connector.ts'
import { google } from './providers/google.ts'
import { decimalAt, fromMicros, given, numberAt, textAt } from './values.ts'

const VERSION = 'v25'
const API = `https://googleads.googleapis.com/${VERSION}`
const SCOPE = 'https://www.googleapis.com/auth/adwords'
const CODE = 'error.details[].errors[].errorCode'
const CLIENTS =
  'SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, customer_client.time_zone, customer_client.manager, customer_client.level, customer_client.status FROM customer_client'
/** Agencies reach hundreds of roots, each a question of its own, while the owner waits. */
const ROOTS_AT_ONCE = 5
const NO_ADS = 'This Google login has no Google Ads account. Sign in with the login you use for Google Ads.'
const TWO_STEP = 'Turn on two-step verification for this Google login, then reconnect.'
const ADVANCED = 'Enrol this Google login in the Advanced Protection Program, then reconnect.'

export const googleAds = defineConnector({
  id: 'google-ads',
  name: 'Google Ads',
  provider: google,
  origins: ['https://googleads.googleapis.com'],
  scopes: [SCOPE],
  scopeWords: { [SCOPE]: 'See your Google Ads accounts, campaigns and their results' },
  writeWarning:
    'Google has no read-only permission for Google Ads, so this permission would also allow changes; Latchkey contains no code that makes any.',
  accountWord: 'ad account',
  help: {
    signInWith: 'the Google login you use for Google Ads',
    role: 'read-only access to the ad account, or to a manager account above it, is enough',
    friction: 'Google asks for two-step verification and may ask you to set up a passkey first.',
  },
  headers: (account) => (account?.parent ? { 'login-customer-id': account.parent } : {}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 30, deep: 90 },
    backfillMonths: 13,
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: {
      campaign_name: 'The campaign, by its present name',
      campaign_status: 'As Google Ads has it, e.g. ENABLED',
    },
    metrics: {
      impressions: { unit: 'count', common: 'impressions', says: 'How often ads were shown' },
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks on ads' },
      cost: { unit: 'money', common: 'cost', says: 'What the clicks and views cost' },
      conversions: {
        unit: 'decimal',
        common: 'conversions',
        says: 'Conversions, credited to the day of the click; fractions come from attribution',
      },
      conversions_value: { unit: 'money', common: 'revenue', says: 'Value of those conversions' },
    },
    pages,
  },
  errors: [
    coded('account_lost', 'authenticationError', ['NOT_ADS_USER'], NO_ADS),
    coded('revoked', 'authenticationError', ['TWO_STEP_VERIFICATION_NOT_ENROLLED'], TWO_STEP),
    coded('revoked', 'authenticationError', ['ADVANCED_PROTECTION_NOT_ENROLLED'], ADVANCED),
    coded('revoked', 'authenticationError', [
      ...['OAUTH_TOKEN_REVOKED', 'OAUTH_TOKEN_DISABLED'],
      ...['GOOGLE_ACCOUNT_DELETED', 'GOOGLE_ACCOUNT_COOKIE_INVALID'],
    ]),
    coded('account_lost', 'authenticationError', ['CUSTOMER_NOT_FOUND']),
    coded('account_lost', 'authorizationError', [
      ...['USER_PERMISSION_DENIED', 'CUSTOMER_NOT_ENABLED', 'ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT'],
      'INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION',
    ]),
    coded('rate_limited', 'quotaError', [
      ...['RESOURCE_EXHAUSTED', 'RESOURCE_TEMPORARILY_EXHAUSTED'],
      'EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION',
      'EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION',
    ]),
    coded('app_config', 'authorizationError', [
      ...['CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION', 'CLOUD_PROJECT_NOT_UNDER_ORGANIZATION'],
      ...['PROJECT_DISABLED', 'DEVELOPER_TOKEN_NOT_APPROVED', 'DEVELOPER_TOKEN_PROHIBITED', 'MISSING_TOS'],
    ]),
    coded('version_sunset', 'requestError', ['UNSUPPORTED_VERSION']),
    { kind: 'version_sunset', at: 'api', http: [404] },
  ],
  reasonPath: `${['authentication', 'authorization', 'quota', 'request'].map((of) => `${CODE}.${of}Error`).join('|')}|${google.reasonPath}`,
  version: { pinned: VERSION },
})

function coded(kind: FailureClass, of: string, codes: string[], ownerAction?: string): Rule {
  const rule: Rule = { kind, at: 'api', path: `${CODE}.${of}`, in: codes }
  return ownerAction === undefined ? rule : { ...rule, ownerAction }
}

/**
 * Every account under every root the login reaches, without the managers themselves: they have no metrics. An
 * account reached both directly and through a manager is given once, directly.
 */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${API}/customers:listAccessibleCustomers` })
  const roots = valuesAt(body, 'resourceNames[]').map((name) => String(name).replace('customers/', ''))
  const found = new Map<string, Account>()
  let refused: ConnectorError | null = null
  for (let at = 0; at < roots.length; at += ROOTS_AT_ONCE) {
    const answers = await Promise.all(
      roots.slice(at, at + ROOTS_AT_ONCE).map((root) => below(context, root).catch(closed)),
    )
    for (const answer of answers) {
      if (answer instanceof ConnectorError) refused = answer
      else
        for (const account of answer)
          if (!found.has(account.id) || !account.parent) found.set(account.id, account)
    }
  }
  if (found.size === 0 && refused) throw refused
  yield* found.values()
}

/** Closed and suspended accounts are listed too, and refuse every question: the others still count. */
function closed(error: unknown): ConnectorError {
  if (error instanceof ConnectorError && error.kind === 'account_lost') return error
  throw error
}

/** The root itself is in the answer as level 0; levels further down are in it without asking again. */
async function below(context: Context, root: string): Promise<Account[]> {
  const found: Account[] = []
  let pageToken: string | null = null
  do {
    const reply: Reply = await search(context, root, CLIENTS, pageToken, { 'login-customer-id': root })
    for (const client of valuesAt(reply.body, 'results[].customerClient')) {
      const account = offered(client, root)
      if (account) found.push(account)
    }
    pageToken = textAt(reply.body, 'nextPageToken')
  } while (pageToken !== null)
  return found
}

function offered(client: Json, root: string): Account | null {
  const id = textAt(client, 'id')
  const status = textAt(client, 'status')
  if (id === null || valuesAt(client, 'manager')[0] === true) return null
  if (status === 'CANCELED' || status === 'CLOSED') return null
  return {
    id,
    name: textAt(client, 'descriptiveName') ?? id.replace(/^(\d{3})(\d{3})(\d+)$/, '$1-$2-$3'),
    ...given({
      currency: textAt(client, 'currencyCode'),
      timeZone: textAt(client, 'timeZone'),
      parent: id === root ? null : root,
    }),
  }
}

/** Cursors are Google's page tokens, which age: an aged one starts the range again, and rows merge by their key. */
async function* pages(
  context: Context,
  account: Account,
  { from, to }: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const query = `SELECT segments.date, campaign.id, campaign.name, campaign.status, customer.currency_code, metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${from}' AND '${to}' ORDER BY segments.date, campaign.id`
  let next = cursor
  do {
    const reply: Reply = await search(context, account.id, query, next).catch((error: unknown) => {
      if (next === null || !isAged(error)) throw error
      return search(context, account.id, query, null)
    })
    next = textAt(reply.body, 'nextPageToken')
    const results = valuesAt(reply.body, 'results[]')
    const currency = textAt(results[0] ?? null, 'customer.currencyCode') ?? account.currency ?? null
    yield { rows: results.map(rowOf), next, ...given({ currency }) }
  } while (next !== null)
}

function search(
  context: Context,
  customer: string,
  query: string,
  pageToken: string | null,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return context.call({
    method: 'POST',
    url: `${API}/customers/${customer}/googleAds:search`,
    json: pageToken === null ? { query } : { query, pageToken },
    headers,
  })
}

const isAged = (error: unknown) =>
  error instanceof ConnectorError && /^(INVALID|EXPIRED)_PAGE_TOKEN$/.test(error.reason ?? '')

function rowOf(result: Json): Row {
  const date = textAt(result, 'segments.date')
  const id = textAt(result, 'campaign.id')
  if (date === null || id === null)
    throw new ConnectorError('unknown', google.id, 'Google Ads answered a row without its day or campaign')
  return {
    date,
    dimensions: { campaign_id: id },
    labels: {
      campaign_name: textAt(result, 'campaign.name') ?? id,
      campaign_status: textAt(result, 'campaign.status') ?? '',
    },
    metrics: {
      impressions: numberAt(result, 'metrics.impressions'),
      clicks: numberAt(result, 'metrics.clicks'),
      cost: fromMicros(textAt(result, 'metrics.costMicros')),
      conversions: numberAt(result, 'metrics.conversions'),
      conversions_value: decimalAt(result, 'metrics.conversionsValue'),
    },
  }
}
