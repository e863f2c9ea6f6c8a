/** What reading tests need: services with a queue that only remembers, one tiny connector, and rows to read through it. */
import { randomUUID } from 'node:crypto'
import type { Connector, DayRange, OAuthProvider, Page } from '../../connectors/connector.ts'
import { postToken } from '../../connectors/http.ts'
import { catalogue } from '../../connectors/index.ts'
import { placeOf } from '../../flows/renewal.ts'
import type { Services } from '../../flows/services.ts'
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import type { Db } from '../../storage/db.ts'
import { createDeriver, createVault } from '../../storage/seal.ts'
import * as sources from '../../storage/sources.ts'

export type Sent = {
  name: string
  payload: Record<string, unknown>
  key?: string | undefined
  afterSeconds?: number
}

const KEYS = [{ id: 'k1', secret: Buffer.alloc(32, 7) }]

/** Jobs are pushed to `sent` instead of a queue. Processes given the same keys open each other's credentials. */
export function readingServices(db: Db, connectors: Connector[], sent: Sent[] = []): Services {
  const remember = (name: string, payload: object, options: { key?: string; afterSeconds?: number }) => {
    const { key, afterSeconds } = options
    sent.push({ name, payload: payload as never, key, ...(afterSeconds !== undefined && { afterSeconds }) })
  }
  return {
    db,
    queue: {
      async send(name, payload, options) {
        remember(name, payload, options)
      },
      async sendMany(name, jobs) {
        for (const { payload, key } of jobs) remember(name, payload, key === undefined ? {} : { key })
      },
    },
    connectors: catalogue(connectors),
    oauthApps: { tiny: { id: 'app', secret: 'app-secret' } },
    vault: createVault(KEYS, 'credential'),
    tokens: createDeriver(KEYS, 'token'),
    publicUrl: new URL('https://access.example'),
  }
}

/** A provider whose token endpoint and API stand at `origin`. */
function tinyProvider(origin: string): OAuthProvider {
  const provider: OAuthProvider = {
    ...{ auth: 'oauth', id: 'tiny', name: 'Tiny', permissionsUrl: `${origin}/permissions` },
    ...{ authorizeUrl: `${origin}/authorize`, tokenUrl: `${origin}/token` },
    ...{ scopeSeparator: ' ', baseScopes: [], origins: [origin], params: {}, tokenAuth: 'form' },
    authorization: (token) => ({ authorization: `Bearer ${token}` }),
    identity: () => Promise.resolve({ id: 'owner', label: 'owner@example.com' }),
    async renew({ signal }, app, refreshToken) {
      return postToken(
        provider,
        { grant_type: 'refresh_token', refresh_token: refreshToken },
        { app, signal },
      )
    },
    errors: [
      { kind: 'revoked', at: 'token', path: 'error', in: ['invalid_grant'] },
      { kind: 'revoked', at: 'api', http: [401] },
      { kind: 'account_lost', at: 'api', http: [403] },
      { kind: 'rate_limited', http: [429] },
    ],
    reasonPath: 'error',
    limit: { concurrency: 20, minTimeMs: 0 },
  }
  return provider
}

type Pages = Connector['report']['pages']

export function tinyConnector(
  pages: Pages,
  {
    origin = 'https://api.tiny.example',
    report = {},
  }: { origin?: string; report?: Partial<Connector['report']> } = {},
): Connector {
  return {
    ...{
      id: 'tiny-ads',
      name: 'Tiny Ads',
      provider: tinyProvider(origin),
      origins: [origin],
      scopes: ['read'],
    },
    ...{ scopeWords: { read: 'See results' }, writeWarning: null, accountWord: 'account' },
    help: { signInWith: 'your login', role: 'any role' },
    headers: () => ({}),
    async *accounts(context) {
      await context.call({ url: `${origin}/accounts` })
      yield { id: 'a1', name: 'Account' }
    },
    report: {
      ...{ zone: 'account', restateDays: { nightly: 3, deep: 30 }, backfillMonths: 13, lagDays: 1 },
      dimensions: ['campaign'],
      metrics: {
        impressions: { unit: 'count', common: 'impressions', says: 'Shown' },
        cost: { unit: 'money', common: 'cost', says: 'Spent' },
      },
      pages,
      ...report,
    },
    errors: [],
    limit: { concurrency: 4, minTimeMs: 0 },
    version: { pinned: '1' },
  }
}

/** One row a day, in a single page. */
export async function* rowPerDay(
  _context: unknown,
  _account: unknown,
  range: DayRange,
): AsyncGenerator<Page> {
  yield { rows: eachDay(range).map((date) => rowOf(date, 'one')), next: null, currency: 'EUR' }
}

export const rowOf = (date: string, campaign: string, impressions: number | null = 10) => ({
  date,
  dimensions: { campaign },
  metrics: { impressions, cost: '1.25' },
})

export function eachDay({ from, to }: DayRange): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10))
  return days
}

export type Seeded = { orgId: string; clientId: string; connectionId: string; sourceId: string }

async function newOrg(db: Db, zone: string): Promise<string> {
  const [org] = await db.sql`insert into org (name, time_zone) values ('Agency', ${zone}) returning id`
  return org?.id as string
}

/** An org with one client, one connection (its token ends at `expiresAt`) and one source. */
export async function seedSource(
  services: Services,
  given: {
    orgZone?: string
    accountZone?: string
    expiresAt?: Date | null
    refreshToken?: string | null
    /** How long ago it was authorised: a fresh consent is given ten minutes' grace. */
    authorisedAgo?: string
    accessToken?: string
    /** One more connection of this org, with a client of its own. */
    orgId?: string
  } = {},
): Promise<Seeded> {
  const { db, vault } = services
  const {
    orgZone = 'Etc/UTC',
    accountZone = orgZone,
    refreshToken = 'refresh-0',
    authorisedAgo = '1 day',
    accessToken = 'access-0',
  } = given
  const expiresAt = given.expiresAt === undefined ? new Date('2099-01-01') : given.expiresAt
  const mark = given.orgId ? ` ${randomUUID()}` : ''
  const orgId = given.orgId ?? (await newOrg(db, orgZone))
  const [client] = await db.sql`
    insert into client (org_id, name) values (${orgId}, ${`Acme${mark}`}) returning id`
  const clientId = client?.id as string
  const { id: connectionId } = await connections.upsert(db, orgId, {
    ...{ provider: 'tiny', oauthApp: 'app', identity: `owner${mark}`, identityLabel: 'owner@example.com' },
    ...{ clientId: null, scopes: ['read'], grantExpiresAt: null, authorisedBy: 'owner', requestId: null },
  })
  await db.sql`
    update connection set authorised_at = latchkey.clock() - ${authorisedAgo}::interval where id = ${connectionId}`
  const credential = JSON.stringify({
    accessToken,
    refreshToken,
    expiresAt: expiresAt?.toISOString() ?? null,
  })
  const sealed = vault.seal(credential, placeOf({ orgId, connectionId }))
  await credentials.store(db, orgId, connectionId, sealed, expiresAt)
  const account = { id: 'a1', name: 'Account', currency: 'EUR', timeZone: accountZone }
  const made = await sources.upsert(db, orgId, {
    ...{ clientId, connectionId, connectorId: 'tiny-ads', account, requestId: null },
  })
  return { orgId, clientId, connectionId, sourceId: made.id }
}
