/** A source owner's surroundings: fake authorisation servers, one org with a link, and the real pages over HTTP. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Account, Connector, KeyProvider, OAuthProvider, Provider } from '../../connectors/connector.ts'
import { secretField } from '../../connectors/fields.ts'
import { catalogue } from '../../connectors/index.ts'
import { hashToken, linkToken, receiptToken } from '../../flows/link-token.ts'
import type { Services } from '../../flows/services.ts'
import type { Log } from '../../log.ts'
import type { Db } from '../../storage/db.ts'
import { createDeriver, createVault } from '../../storage/seal.ts'
import { closeWeb, createWeb } from '../../web/server.ts'

export type FakeServer = {
  origin: string
  /** Forms posted to its token endpoint. */
  exchanges: Record<string, string>[]
  /** What the next sign-in is: who, and which scopes were ticked (null: all that were asked). */
  signsIn: { sub: string; email: string; scopes: string[] | null; refreshToken?: null }
  revoked: string[]
  close(): Promise<void>
}

/** Authorises at once: GET /authorize redirects back with a code, POST /token checks it with PKCE. */
export async function fakeAuthorisationServer(): Promise<FakeServer> {
  const codes = new Map<string, URLSearchParams>()
  const fake: Omit<FakeServer, 'origin' | 'close'> = {
    exchanges: [],
    signsIn: { sub: 'person-1', email: 'dana@client.example', scopes: null },
    revoked: [],
  }
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://as')
    const body = new URLSearchParams(await text(req))
    const json = (status: number, value: object) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (url.pathname === '/authorize') {
      const code = `code-${randomBytes(6).toString('hex')}`
      codes.set(code, url.searchParams)
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ code, state: url.searchParams.get('state') ?? '' }).toString()
      return res.writeHead(302, { location: back.href }).end()
    }
    if (url.pathname === '/revoke') {
      fake.revoked.push(body.get('token') ?? '')
      return json(200, {})
    }
    fake.exchanges.push(Object.fromEntries(body))
    const asked = codes.get(body.get('code') ?? '')
    const proof = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    if (!asked || proof !== asked.get('code_challenge')) return json(400, { error: 'invalid_grant' })
    codes.delete(body.get('code') ?? '')
    const { sub, email, scopes, refreshToken } = fake.signsIn
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub, email, aud: asked.get('client_id'), nonce: asked.get('nonce') }
    json(200, {
      access_token: `canary-access-${sub}`,
      ...(refreshToken !== null && { refresh_token: `canary-refresh-${sub}` }),
      expires_in: 3600,
      scope: scopes ? scopes.join(' ') : asked.get('scope'),
      id_token: `${part({ alg: 'none' })}.${part(claims)}.x`,
    })
  })
  const { origin, close } = await listen(server)
  return Object.assign(fake, { origin, close })
}

const named = (id: string) => id.charAt(0).toUpperCase() + id.slice(1)

export function fakeProvider(id: string, { origin }: { origin: string }): OAuthProvider {
  return {
    auth: 'oauth',
    id,
    name: named(id),
    permissionsUrl: `${origin}/permissions`,
    authorizeUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    scopeSeparator: ' ',
    baseScopes: ['openid'],
    origins: [origin],
    params: { prompt: 'consent' },
    loginHint: (label) => ({ login_hint: label }),
    tokenAuth: 'form',
    authorization: (token) => ({ authorization: `Bearer ${token}` }),
    async identity(_context, { idToken }) {
      const { sub, email } = idToken as { sub: string; email: string }
      return { id: sub, label: email }
    },
    revoke: (token) => ({ method: 'POST', url: `${origin}/revoke`, form: { token } }),
    renew: () => Promise.reject(new Error('not here')),
    errors: [],
    reasonPath: 'error',
    limit: { concurrency: 10, minTimeMs: 0 },
  }
}

/** Asks for `apiKey`, e.g. vk_12345678. What it says of a key is up to the test. */
export function fakeKeyProvider(id: string, identity: KeyProvider['identity']): KeyProvider {
  return {
    ...{ auth: 'key', authWord: 'API key', id, name: named(id), permissionsUrl: `https://${id}.example` },
    ...{ origins: [], baseScopes: [], errors: [], reasonPath: 'error' },
    limit: { concurrency: 5, minTimeMs: 0 },
    ask: [
      secretField({
        ...{ name: 'apiKey', label: 'API key', hint: 'Settings › Keys', pattern: /^vk_[a-z0-9]{8,}$/ },
        problem: 'A key begins with vk_ and has at least eight letters or digits after it.',
      }),
    ],
    accessToken: ({ apiKey = '' }) => apiKey,
    authorization: (key) => ({ 'x-key': key }),
    identity,
  }
}

export function fakeConnector(id: string, provider: Provider, accounts: Account[]): Connector {
  return {
    id,
    name: named(id),
    provider,
    origins: [],
    scopes: [`${id}.read`],
    scopeWords: { [`${id}.read`]: `See your ${id} reports` },
    writeWarning: null,
    accountWord: 'account',
    help: { signInWith: `your ${id} login`, role: 'any role is enough' },
    headers: () => ({}),
    async *accounts() {
      yield* accounts
    },
    report: {
      zone: 'account',
      restateDays: { nightly: 3, deep: 7 },
      backfillMonths: 13,
      lagDays: 1,
      dimensions: [],
      metrics: {},
      async *pages() {},
    },
    errors: [],
    reasonPath: 'error',
    version: { pinned: 'v1' },
  } as Connector
}

const SECRET_KEYS = [{ id: 'k1', secret: Buffer.alloc(32, 7) }]
export type Sent = { name: string; payload: object }

/** `sent` collects the jobs; nothing runs them. */
export function stageServices(db: Db, connectors: Connector[], publicUrl: URL): Services & { sent: Sent[] } {
  const sent: Sent[] = []
  const ids = connectors.map(({ provider }) => provider.id)
  return {
    db,
    sent,
    queue: {
      send: async (name, payload) => void sent.push({ name, payload }),
      sendMany: async (name, jobs) => void sent.push(...jobs.map(({ payload }) => ({ name, payload }))),
    },
    connectors: catalogue(connectors),
    oauthApps: Object.fromEntries(ids.map((id) => [id, { id: `${id}-app`, secret: `canary-secret-${id}` }])),
    vault: createVault(SECRET_KEYS, 'credential'),
    tokens: createDeriver(SECRET_KEYS, 'token'),
    publicUrl,
  }
}

export type Stage = {
  services: Services & { sent: Sent[] }
  origin: string
  logged: string[]
  close(): Promise<void>
}

/** The pages over HTTP on a free port. */
export async function openStage(db: Db, connectors: Connector[]): Promise<Stage> {
  const server = createServer((req, res) => void web(req, res))
  const { origin, close } = await listen(server)
  const services = stageServices(db, connectors, new URL(origin))
  const logged: string[] = []
  const note = (fields: object, says: string) =>
    void logged.push(`${says} ${JSON.stringify(fields, (_, v) => (v instanceof Error ? v.stack : v))}`)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const web = createWeb(services, async () => ({ ready: true, parts: {} }), log)
  closeWeb(web, log)
  return { services, origin, logged, close }
}

export type Link = {
  orgId: string
  clientId: string
  requestId: string
  linkId: string
  path: string
  receipt: string
}

/** An org with a requester, a client, and one issued link for `connectorIds`. */
export async function issueLink(
  { services: { db, tokens } }: Pick<Stage, 'services'>,
  {
    connectorIds,
    hint = '',
    orgId = null,
    connectionId = null,
    hours = 24,
  }: {
    connectorIds: string[]
    hint?: string
    orgId?: string | null
    connectionId?: string | null
    hours?: number
  },
): Promise<Link> {
  const { sql } = db
  const org =
    orgId ??
    (await one(sql`insert into org (name, website, support_email, time_zone) values
    ('Northwind Agency', 'https://northwind.example', 'help@northwind.example', 'Europe/Berlin') returning id`))
  await sql`insert into member (org_id, slack_user_id, team_id, display_name, email)
    values (${org}, 'U1', 'T1', 'Ruth Requester', 'ruth@northwind.example') on conflict do nothing`
  const clientId = await one(
    sql`insert into client (org_id, name) values (${org}, ${`Acme ${randomUUID()}`}) returning id`,
  )
  const requestId = await one(sql`
    insert into access_request (org_id, client_id, purpose, connection_id, requested_by, channel_id, owner_email,
      owner_name, owner_time_zone, note, status)
    values (${org}, ${clientId}, ${connectionId ? 'reconnect' : 'connect'}, ${connectionId}, 'U1', 'C1',
      'dana@client.example', 'Dana', 'Europe/Paris', 'For the monthly report', 'sent') returning id`)
  for (const [position, connectorId] of connectorIds.entries())
    await sql`insert into item (org_id, request_id, position, connector_id, account_hint)
      values (${org}, ${requestId}, ${position}, ${connectorId}, ${hint})`
  const link = { id: randomUUID(), keyId: tokens.newestKeyId }
  const token = linkToken(tokens, link)
  const receipt = receiptToken(tokens, link)
  await sql`
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by, issued_at, expires_at)
    values (${link.id}, ${org}, ${requestId}, ${hashToken(token)}, ${link.keyId}, ${hashToken(receipt)}, true, 'U1',
      latchkey.clock(), latchkey.clock() + make_interval(hours => ${hours}))`
  return { orgId: org, clientId, requestId, linkId: link.id, path: `/l/${token}`, receipt: `/r/${receipt}` }
}

async function one(query: Promise<{ id: string }[]> | PromiseLike<unknown>): Promise<string> {
  const [row] = (await query) as { id: string }[]
  return (row as { id: string }).id
}

async function listen(server: Server): Promise<{ origin: string; close(): Promise<void> }> {
  await new Promise<void>((up) => server.listen(0, 'localhost', up))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return { origin: `http://localhost:${port}`, close }
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let whole = ''
  for await (const chunk of stream) whole += String(chunk)
  return whole
}
