/**
 * Mailchimp: one row per day for an audience. Each login's API lies in a data centre of its own, which the OAuth
 * metadata name. Tokens neither end nor have scopes. (mailchimp.com/developer: OAuth 2, Lists, Activity, Errors)
 */
import { valuesAt } from './classify.ts'
import {
  type Account,
  ConnectorError,
  type Context,
  type DayRange,
  defineConnector,
  type Identity,
  type Json,
  type OAuthProvider,
  type Reply,
  type Row,
} from './connector.ts'
import { redeemCode } from './grants.ts'
import { listing, walk } from './paging.ts'
import { given, numberAt, textAt } from './values.ts'

const LOGIN = 'https://login.mailchimp.com'
const LISTS = 1_000
/** Also all the days there are. */
const DAYS = 180

const mailchimp: OAuthProvider = {
  auth: 'oauth',
  id: 'mailchimp',
  name: 'Mailchimp',
  permissionsUrl: 'https://admin.mailchimp.com/account/connected-sites/',
  authorizeUrl: `${LOGIN}/oauth2/authorize`,
  tokenUrl: `${LOGIN}/oauth2/token`,
  origins: [LOGIN, 'https://*.api.mailchimp.com'],
  ...{ scopeSeparator: '', baseScopes: [], params: {} }, // there are no scopes
  tokenAuth: 'form',
  authorization: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),

  async exchange(context, app, back) {
    const tokens = await redeemCode(mailchimp, context, app, back)
    const authorization = `OAuth ${tokens.accessToken}`
    const { body } = await context.call({ url: `${LOGIN}/oauth2/metadata`, headers: { authorization } })
    return {
      ...tokens,
      expiresInSeconds: null,
      refreshToken: null,
      scopes: null,
      raw: body,
      site: siteIn(body),
    }
  },

  /** The same person has one id in all accounts, and the account one for all its people. */
  async identity(context, { raw }): Promise<Identity> {
    const who = textAt(raw, 'login.login_id') === null ? await loginOf(context) : raw
    const [account, login] = [textAt(who, 'user_id|account_id'), textAt(who, 'login.login_id|login_id')]
    if (account === null || login === null)
      throw new ConnectorError('unknown', mailchimp.id, 'Mailchimp did not say who signed in')
    const label = textAt(who, 'login.login_email|login.email|email|accountname')
    return { id: `${account}/${login}`, label: label ?? `Mailchimp login ${login}` }
  },

  renew: null,
  errors: [
    { kind: 'revoked', at: 'api', http: [401], path: 'title', in: ['API Key Invalid'] },
    { kind: 'consent_failed', at: 'token', path: 'error', in: ['invalid_grant'] },
    { kind: 'account_lost', at: 'api', http: [403, 404] },
    { kind: 'rate_limited', http: [403], json: false },
    { kind: 'rate_limited', http: [429] },
    { kind: 'app_config', at: 'token', path: 'error', in: ['invalid_client', 'unauthorized_client'] },
    { kind: 'transient', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'error|status',
  limit: { concurrency: 8, minTimeMs: 0 },
}

export const mailchimpAudiences = defineConnector({
  id: 'mailchimp',
  name: 'Mailchimp',
  provider: mailchimp,
  origins: ['https://*.api.mailchimp.com'],
  scopes: [],
  scopeWords: { account: 'See your audiences and what your e-mails did each day' },
  writeWarning:
    'Mailchimp has no read-only permission: signing in opens the whole account to this app, so it would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'audience', alsoCalled: 'email newsletter marketing' },
  help: {
    signInWith: 'the Mailchimp login you use for your newsletters',
    role: 'the Manager role is enough',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 14, deep: 30 },
    backfillMonths: 13,
    reachDays: DAYS,
    backfillNote: 'Mailchimp keeps 180 days of an audience’s activity.',
    lagDays: 1,
    dimensions: [],
    metrics: {
      emails_sent: { unit: 'count', says: 'E-mails sent' },
      unique_opens: { unit: 'count', says: 'E-mails opened, each counted once a day' },
      recipient_clicks: { unit: 'count', common: 'clicks', says: 'Recipients who clicked' },
      hard_bounce: { unit: 'count', says: 'Addresses that do not exist any more' },
      soft_bounce: { unit: 'count', says: 'E-mails that could not be delivered for the moment' },
      subs: { unit: 'count', says: 'People who subscribed' },
      unsubs: { unit: 'count', says: 'People who unsubscribed' },
      other_adds: { unit: 'count', says: 'People added in other ways, e.g. by import' },
      other_removes: { unit: 'count', says: 'People removed in other ways' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 2, minTimeMs: 0 }, // ten at a time for one login, shared with everybody's tools
  version: { pinned: '3.0' },
})

function siteIn(metadata: Json): string {
  const dc = textAt(metadata, 'dc') ?? ''
  if (/^[a-z]{2}\d{1,4}$/.test(dc)) return `https://${dc}.api.mailchimp.com`
  throw new ConnectorError('unknown', mailchimp.id, 'Mailchimp did not say where the data of this login are')
}

/** OAuth metadata may hold nothing but where the data are. */
async function loginOf({ call, site }: Context): Promise<Json> {
  const { body } = await call({ url: `${site}/3.0/`, query: { fields: 'account_id,login_id,email' } })
  return body
}

const paged = (url: string, count: number, offset: number, more = {}) => ({
  url,
  query: { ...more, count: String(count), offset: String(offset) },
})

/** Null where everything was read: `total_items` is of all pages. */
function offsetAfter(body: Json, items: string, offset: number): number | null {
  const got = valuesAt(body, items).length
  return got > 0 && offset + got < (numberAt(body, 'total_items') ?? 0) ? offset + got : null
}

async function* accounts(context: Context): AsyncGenerator<Account> {
  const api = `${context.site}/3.0`
  const root = await rootOf(context, api)
  const shared = given({ timeZone: textAt(root, 'account_timezone'), group: textAt(root, 'account_name') })
  const fields = { fields: 'lists.id,lists.name,total_items' }
  const next = ({ body }: Reply, { query }: { query?: Record<string, string> }) => {
    const offset = offsetAfter(body, 'lists[]', Number(query?.offset))
    return offset === null ? null : paged(`${api}/lists`, LISTS, offset, fields)
  }
  for await (const body of listing(context, paged(`${api}/lists`, LISTS, 0, fields), next))
    for (const list of valuesAt(body, 'lists[]')) {
      const id = textAt(list, 'id')
      if (id !== null) yield { id, name: textAt(list, 'name') ?? id, ...shared }
    }
}

/** The account's name and zone; null for a login whose role may see its audiences only. */
async function rootOf({ call }: Context, api: string): Promise<Json> {
  const query = { fields: 'account_name,account_timezone' }
  const reply = await call({ url: `${api}/`, query }).catch((error: unknown) => {
    if (error instanceof ConnectorError && error.kind === 'account_lost') return { body: null }
    throw error
  })
  return reply.body
}

/**
 * The newest day comes first and there is no asking for certain days. The state is the number of days read, and the
 * oldest of them: a page without an older one is the last, whatever `total_items` says.
 */
function pages(context: Context, { id, timeZone }: Account, { from, to }: DayRange, cursor: string | null) {
  const url = `${context.site}/3.0/lists/${encodeURIComponent(id)}/activity`
  const start: { offset: number; oldest: string | null } = { offset: 0, oldest: null }
  return walk(start, cursor, async ({ offset, oldest }) => {
    const { body } = await context.call(paged(url, DAYS, offset))
    const all = valuesAt(body, 'activity[]').map(rowOf)
    const older = all.filter(({ date }) => oldest === null || date < oldest)
    const rows = older.filter(({ date }) => date >= from && date <= to)
    const last = older.map(({ date }) => date).sort()[0] ?? null
    const next = last === null || last < from ? null : offsetAfter(body, 'activity[]', offset)
    const after = next === null ? null : { offset: next, oldest: last }
    return { rows, ...given({ timeZone: timeZone ?? null }), after }
  })
}

function rowOf(activity: Json): Row {
  const date = /^\d{4}-\d\d-\d\d/.exec(textAt(activity, 'day') ?? '')?.[0]
  if (date === undefined)
    throw new ConnectorError('unknown', mailchimp.id, 'Mailchimp answered activity without its day')
  const metrics = Object.keys(mailchimpAudiences.report.metrics).map((name) => [
    name,
    numberAt(activity, name),
  ])
  return { date, dimensions: {}, metrics: Object.fromEntries(metrics) }
}
