/**
 * ActiveCampaign: one row per campaign, on the day it was sent, with its totals so far: there are no figures by day. Each
 * account has an address of its own, and all of its keys share five calls a second. (API v3)
 */
import { ConnectorError, type Context, type Json } from './call.ts'
import { valuesAt } from './classify.ts'
import { type Account, type DayRange, defineConnector, type KeyProvider, type Row } from './connector.ts'
import { addressField, secretField } from './fields.ts'
import { walk } from './paging.ts'
import { numberAt, textAt } from './values.ts'

const PAGE_SIZE = 100
/** Our metric → theirs. */
const METRICS = {
  send_amt: 'send_amt',
  opens: 'opens',
  unique_opens: 'uniqueopens',
  link_clicks: 'linkclicks',
  unique_link_clicks: 'uniquelinkclicks',
  hard_bounces: 'hardbounces',
  soft_bounces: 'softbounces',
  unsubscribes: 'unsubscribes',
  replies: 'replies',
}

const address = addressField({
  name: 'apiUrl',
  label: 'API URL',
  hint: 'As it stands beside the key, e.g. https://northwind.api-us1.com',
  problem:
    'This is not an https address. Copy the URL from Settings, Developer; it looks like https://northwind.api-us1.com',
})

const provider: KeyProvider = {
  auth: 'key',
  authWord: 'API key',
  id: 'activecampaign',
  name: 'ActiveCampaign',
  permissionsUrl: 'https://www.activecampaign.com/login',
  origins: ['site'],
  baseScopes: [],
  ask: [
    { ...address, read: (text) => originOf(address.read(text)) },
    secretField({
      name: 'apiKey',
      label: 'API key',
      hint: 'It has 72 figures and letters a to f, and stands below the URL',
      pattern: /^[a-f0-9]{72}$/,
      problem:
        'An API key has 72 figures and letters a to f. Copy it whole, not the address or your password.',
    }),
  ],
  accessToken: ({ apiKey = '' }) => apiKey,
  site: ({ apiUrl = '' }) => apiUrl,
  authorization: (accessToken) => ({ 'api-token': accessToken }),

  /** The address of the account stays when its key is replaced. The second question proves that campaigns may be read. */
  async identity(context) {
    const { body } = await context.call({ url: `${context.site}/api/3/users/me` })
    const host = new URL(context.site).hostname
    await context.call({ url: `${context.site}/api/3/campaigns`, query: { limit: '1' } })
    const user = textAt(body, 'user.email|user.username')
    return { id: host, label: user === null ? host : `${user} at ${host}` }
  },

  errors: [
    { kind: 'revoked', at: 'api', http: [401, 403] },
    // Whether a bad key gets a page is not known; Cloudflare's page is none of ActiveCampaign's answers.
    { kind: 'revoked', at: 'api', http: [403], json: false, lacks: ['/cdn-cgi/'] },
    { kind: 'account_lost', at: 'api', http: [402, 404] },
    { kind: 'rate_limited', at: 'api', http: [429] },
    { kind: 'transient', at: 'api', http: [500, 502, 503, 504] },
  ],
  reasonPath: 'errors[].code|code',
  restSeconds: ({ headers }) => (headers['ratelimit-remaining'] === '0' ? 1 : null),
  limit: { concurrency: 10, minTimeMs: 0 },
  refusalSeconds: 900, // a bad key is a 403, and so is an answer to a good one now and then
}

export const activecampaign = defineConnector({
  id: 'activecampaign',
  name: 'ActiveCampaign',
  provider,
  origins: ['site'],
  scopes: [],
  scopeWords: { campaigns: 'See your email campaigns and their totals' },
  writeWarning:
    'An ActiveCampaign key can do whatever its user can, so it would also allow changes; Latchkey contains no code that makes any.',
  ...{ accountWord: 'account', alsoCalled: 'email newsletter marketing' },
  help: {
    signInWith: 'the URL and the key of an ActiveCampaign user',
    role: 'in ActiveCampaign open Settings, then Developer, and copy both from API Access',
    friction: 'Every user has one key. A user whose group may only see campaigns and reports is enough.',
  },
  headers: () => ({}),
  accounts,
  report: {
    zone: 'account',
    restateDays: { nightly: 14, deep: 30 },
    backfillMonths: 13,
    backfillNote:
      'ActiveCampaign keeps totals of campaigns, no figures by day: each campaign stands on the day it was sent.',
    lagDays: 1,
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'The campaign, by its present name', campaign_type: 'E.g. single or recurring' },
    metrics: {
      send_amt: { unit: 'count', says: 'Emails of this campaign sent so far' },
      opens: { unit: 'count', says: 'How often they were opened' },
      unique_opens: { unit: 'count', says: 'People who opened one' },
      link_clicks: { unit: 'count', common: 'clicks', says: 'Clicks on links in them' },
      unique_link_clicks: { unit: 'count', says: 'People who clicked' },
      hard_bounces: { unit: 'count', says: 'Addresses that do not exist' },
      soft_bounces: { unit: 'count', says: 'Addresses that could not be reached for now' },
      unsubscribes: { unit: 'count', says: 'People who unsubscribed' },
      replies: { unit: 'count', says: 'Replies' },
    },
    pages,
  },
  errors: [],
  limit: { concurrency: 1, minTimeMs: 210 },
  version: { pinned: 'v3' },
})

/** One key is one account. Its time zone is in every date it writes. */
async function* accounts(context: Context): AsyncGenerator<Account> {
  const { body } = await context.call({ url: `${context.site}/api/3/users/me` })
  const { hostname } = new URL(context.site)
  if (textAt(body, 'user.id') !== null) yield { id: hostname, name: hostname.split('.')[0] ?? hostname }
}

/** Newest first, so that the first one sent before the range ends it; drafts come last and have no day. */
function pages(context: Context, _account: Account, range: DayRange, cursor: string | null) {
  return walk({ offset: 0 }, cursor, async ({ offset }) => {
    const query = { 'orders[sdate]': 'DESC', limit: String(PAGE_SIZE), offset: String(offset) }
    const { body } = await context.call({ url: `${context.site}/api/3/campaigns`, query })
    const campaigns = valuesAt(body, 'campaigns[]')
    const rows = campaigns.map(rowOf).filter((row) => row !== null)
    const read = offset + campaigns.length
    const total = numberAt(body, 'meta.total')
    const over = campaigns.length === 0 || (total === null ? campaigns.length < PAGE_SIZE : read >= total)
    const before = rows.some(({ date }) => date < range.from)
    const wanted = rows.filter(({ date }) => date >= range.from && date <= range.to)
    return { rows: wanted, after: over || before ? null : { offset: read } }
  })
}

/** Null for a campaign that was not sent. */
function rowOf(campaign: Json): Row | null {
  const id = textAt(campaign, 'id')
  if (id === null)
    throw new ConnectorError('unknown', provider.id, 'ActiveCampaign answered a campaign without its id')
  const date = /^[1-9]\d{3}-\d\d-\d\d/.exec(textAt(campaign, 'sdate') ?? '')?.[0]
  if (date === undefined) return null
  const metrics = Object.entries(METRICS).map(([ours, theirs]) => [ours, numberAt(campaign, theirs)])
  return {
    date,
    dimensions: { campaign_id: id },
    labels: {
      campaign_name: textAt(campaign, 'name') ?? id,
      campaign_type: textAt(campaign, 'type') ?? '',
    },
    metrics: Object.fromEntries(metrics),
  }
}

/** The key belongs to a whole host: people paste the address with /api/3 or a page behind it. */
function originOf(url: string | null): string | null {
  return url === null ? null : new URL(url).origin
}
