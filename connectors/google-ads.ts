/** Google Ads: one row per campaign and day. Sends no developer token: they ended on 2026-09-09. */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type FailureClass,
  type HttpRequest,
  type Json,
  type Page,
  type Row,
  type Rule,
} from './connector.ts'
import { listing, walk } from './paging.ts'
import { google, needed } from './providers/google.ts'
import { decimalAt, fromMicros, given, numberAt, textAt, valueAt } from './values.ts'

const VERSION = 'v25'
const API = `https://googleads.googleapis.com/${VERSION}`
const SCOPE = 'https://www.googleapis.com/auth/adwords'
const CODES = ['authentication', 'authorization', 'quota', 'request']
  .map((family) => `error.details[].errors[].errorCode.${family}Error`)
  .join('|')
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
  ...{ accountWord: 'ad account', alsoCalled: 'adwords advertising ppc sem paid campaigns' },
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
    coded('account_lost', 'NOT_ADS_USER', NO_ADS),
    coded('revoked', 'TWO_STEP_VERIFICATION_NOT_ENROLLED', TWO_STEP),
    coded('revoked', 'ADVANCED_PROTECTION_NOT_ENROLLED', ADVANCED),
    coded('revoked', 'OAUTH_TOKEN_REVOKED OAUTH_TOKEN_DISABLED GOOGLE_ACCOUNT_DELETED'),
    coded('account_lost', 'CUSTOMER_NOT_FOUND CLIENT_CUSTOMER_ID_INVALID CUSTOMER_NOT_ENABLED'),
    coded('account_lost', 'USER_PERMISSION_DENIED ACTION_NOT_PERMITTED INCOMPLETE_SIGNUP'),
    coded('account_lost', 'ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT ACCESS_DENIED_FOR_ACCOUNT_TYPE'),
    coded('account_lost', 'INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION'),
    coded('rate_limited', 'RESOURCE_EXHAUSTED RESOURCE_TEMPORARILY_EXHAUSTED'),
    coded('app_config', 'CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION CLOUD_PROJECT_NOT_UNDER_ORGANIZATION'),
    coded('app_config', 'CLOUD_PROJECT_NOT_FOUND PROJECT_DISABLED SERVICE_ACCESS_DENIED MISSING_TOS'),
    coded('app_config', 'ORGANIZATION_NOT_RECOGNIZED ORGANIZATION_NOT_APPROVED'),
    { kind: 'app_config', at: 'api', contains: 'DEVELOPER_TOKEN' }, // also as HTTP 401: no dead token
    coded('version_sunset', 'UNSUPPORTED_VERSION'),
    { kind: 'version_sunset', at: 'api', http: [404] },
  ],
  reasonPath: `${CODES}|${google.reasonPath}`,
  version: { pinned: VERSION },
})

/** `codes` with spaces between. */
function coded(kind: FailureClass, codes: string, ownerAction?: string): Rule {
  const rule: Rule = { kind, at: 'api', path: CODES, in: codes.split(' ') }
  return ownerAction === undefined ? rule : { ...rule, ownerAction }
}

/**
 * Every account under every root the login reaches, without the managers themselves: they have no metrics. An
 * account reached both directly and through a manager is given once, directly. Closed and suspended roots are listed
 * too, and refuse every question: the others still count.
 */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${API}/customers:listAccessibleCustomers` })
  const roots = valuesAt(body, 'resourceNames[]').map((name) => String(name).replace('customers/', ''))
  const found = new Map<string, Account>()
  let refused: ConnectorError | null = null
  while (roots.length > 0) {
    const some = roots.splice(0, ROOTS_AT_ONCE).map((root) =>
      below(context, root).catch((error: unknown) => {
        if (!(error instanceof ConnectorError && error.kind === 'account_lost')) throw error
        refused = error
        return []
      }),
    )
    for (const account of (await Promise.all(some)).flat())
      if (!found.has(account.id) || !account.parent) found.set(account.id, account)
  }
  if (found.size === 0 && refused) throw refused
  yield* found.values()
}

/** The root itself is in the answer as level 0; levels further down are in it without asking again. */
async function below(context: Context, root: string): Promise<Account[]> {
  const first = { ...search(root, CLIENTS, ''), headers: { 'login-customer-id': root } }
  const answers = listing(context, first, ({ body }, asked) => {
    const token = textAt(body, 'nextPageToken')
    return token === null ? null : { ...asked, ...search(root, CLIENTS, token) }
  })
  const clients = (await Array.fromAsync(answers)).flatMap((body) =>
    valuesAt(body, 'results[].customerClient'),
  )
  return clients.flatMap((client) => offered(client, root))
}

function offered(client: Json, root: string): Account[] {
  const id = textAt(client, 'id')
  const closed = ['CANCELED', 'CLOSED'].includes(textAt(client, 'status') ?? '')
  if (id === null || closed || valueAt(client, 'manager') === true) return []
  const name = textAt(client, 'descriptiveName') ?? id.replace(/^(\d{3})(\d{3})(\d+)$/, '$1-$2-$3')
  const [currency, timeZone] = [textAt(client, 'currencyCode'), textAt(client, 'timeZone')]
  const through = /^customers\/(\d+)\//.exec(textAt(client, 'resourceName') ?? '')?.[1] ?? root
  const account = { id, name, ...given({ currency, timeZone, parent: id === root ? null : through }) }
  return [account]
}

/** The place is Google's page token, which ages: an aged one starts the range again, and rows merge by their key. */
function pages(
  context: Context,
  account: Account,
  { from, to }: DayRange,
  cursor: string | null,
): AsyncGenerator<Page> {
  const query = `SELECT segments.date, campaign.id, campaign.name, campaign.status, customer.currency_code, metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '${from}' AND '${to}' ORDER BY segments.date, campaign.id`
  // A cursor may also be the bare page token.
  const place = cursor === null || cursor.startsWith('"') ? cursor : JSON.stringify(cursor)
  return walk<string>('', place, async (token) => {
    const { body } = await context.call(search(account.id, query, token)).catch((error: unknown) => {
      if (token === '' || !isAged(error)) throw error
      return context.call(search(account.id, query, ''))
    })
    const results = valuesAt(body, 'results[]')
    const currency = textAt(results[0] ?? null, 'customer.currencyCode') ?? account.currency ?? null
    return { rows: results.map(rowOf), after: textAt(body, 'nextPageToken'), ...given({ currency }) }
  })
}

/** `pageToken` '': the first page. */
function search(customer: string, query: string, pageToken: string): HttpRequest {
  const json = pageToken === '' ? { query } : { query, pageToken }
  return { method: 'POST', url: `${API}/customers/${customer}/googleAds:search`, json }
}

const isAged = (error: unknown) =>
  error instanceof ConnectorError && /^(INVALID|EXPIRED)_PAGE_TOKEN$/.test(error.reason ?? '')

function rowOf(result: Json): Row {
  const id = needed(textAt(result, 'campaign.id'), 'Google Ads answered a row without its campaign')
  return {
    date: needed(textAt(result, 'segments.date'), 'Google Ads answered a row without its day'),
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
