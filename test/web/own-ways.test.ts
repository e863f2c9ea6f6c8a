/** Sources that are not connected the usual way: keys typed by the owner, questions first, exchanges of a provider's own. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Account, ConnectorError, type OAuthProvider } from '../../connectors/connector.ts'
import { freshDatabase } from '../support/database.ts'
import { heading, picks, Visitor, values } from './browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeKeyProvider,
  fakeProvider,
  issueLink,
  openStage,
  type Stage,
} from './stage.ts'

const { db } = await freshDatabase()
let server: FakeServer
let stage: Stage

/** What the key's provider says of a key. */
let verdict: 'good' | 'unknown' | 'narrow' | 'down' = 'good'
let whose = 'vault-account-7'
/** What happens while Vault is being asked. */
let meanwhile: () => Promise<unknown> = () => Promise.resolve()
const asked: string[] = []
/** What came back to the odd provider, and what it answers. */
let back: { query: Record<string, string>; site: string; kept: string; verifier: string } | null = null

const vault = fakeKeyProvider('vault', async () => {
  asked.push('identity')
  await meanwhile()
  if (verdict === 'good') return { id: whose, label: 'Contoso' }
  const kind = ({ unknown: 'revoked', narrow: 'scope_missing', down: 'transient' } as const)[verdict]
  throw new ConnectorError(kind, 'vault', 'Vault said no')
})

const odd = (authorisation: FakeServer): OAuthProvider => ({
  ...fakeProvider('odd', authorisation),
  ask: [
    {
      ...{ name: 'shop', label: 'Shop', hint: 'Its name', problem: 'Type the name of your shop.' },
      read: (text) => (/^[a-z]+$/.test(text.trim()) ? text.trim() : null),
    },
  ],
  site: ({ shop }) => `https://${shop}.odd.example`,
  endpoints: (site) => ({
    authorizeUrl: `${authorisation.origin}/authorize/${new URL(site).host}`,
    tokenUrl: site,
  }),
  exchange(context, _app, { query, kept, verifier }) {
    back = { query, site: context.site, kept, verifier }
    if (query.code === 'spent')
      return Promise.reject(new ConnectorError('consent_failed', 'odd', 'Spent', { reason: '40110' }))
    return Promise.resolve({
      ...{ accessToken: 'canary-odd', refreshToken: null, expiresInSeconds: null, scopes: null },
      raw: { shop: 'northwind' },
    })
  },
  identity: (_context, { raw }) =>
    Promise.resolve({ id: (raw as { shop: string }).shop, label: 'Northwind' }),
})

const old = (authorisation: FakeServer): OAuthProvider => ({
  ...fakeProvider('old', authorisation),
  depart: async (_context, _app, redirectUri) => {
    if (verdict === 'down') throw new ConnectorError('transient', 'old', 'Old did not answer')
    return {
      location: `${authorisation.origin}/authenticate?oauth_token=request-1&callback=${redirectUri}`,
      ...{ state: 'request-1', kept: 'canary-request-secret' },
    }
  },
  exchange(context, _app, { query, kept, verifier }) {
    back = { query, site: context.site, kept, verifier }
    return Promise.resolve({
      ...{ accessToken: 'canary:old', refreshToken: null, expiresInSeconds: null, scopes: null, raw: {} },
    })
  },
  identity: () => Promise.resolve({ id: 'old-1', label: '@old' }),
})

const shelf: Account[] = [
  { id: 'v1', name: 'Ledger' },
  { id: 'v2', name: 'Closed ledger', unavailable: 'it was closed at Vault' },
]

beforeAll(async () => {
  server = await fakeAuthorisationServer()
  stage = await openStage(db, [
    fakeConnector('ledger', vault, shelf),
    fakeConnector('shop', odd(server), [{ id: 's1', name: 'Shop' }]),
    fakeConnector('relic', old(server), [{ id: 'r1', name: 'Relic' }]),
  ])
})
afterEach(() => {
  expect(stage.logged.splice(0)).toEqual([])
  verdict = 'good'
  meanwhile = () => Promise.resolve()
  back = null
  asked.length = 0
})
afterAll(async () => {
  await Promise.all([stage.close(), server.close()])
})

const at = (path: string) => `${stage.origin}${path}`
const KEY = 'vk_canary12345678'
const typeKey = (owner: Visitor, path: string, key: string) =>
  owner.post(at(`${path}/continue`), { provider: 'vault', 'answer.apiKey': key })
const connectionsOf = (requestId: string) => db.sql<
  { id: string; sourceId: string; clientId: string; label: string; oauthApp: string }[]
>`select c.id, s.id as source_id, c.client_id, c.identity_label as label, c.oauth_app from source s
  join connection c on c.id = s.connection_id where s.request_id = ${requestId}`

describe('a key', () => {
  it('is asked for on the page, checked, sealed, shown as its last four characters, and belongs to the client', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const page = await owner.go(at(link.path))
    expect(page.html).toContain('You will enter a key from Vault on the next page')
    const form = await owner.post(at(`${link.path}/continue`), { provider: 'vault' })
    expect(heading(form.html)).toBe('Connect Ledger')
    expect(form.html).toContain('type="password"')
    expect(asked).toEqual([])

    const picker = await typeKey(owner, link.path, ` "${KEY}" `)
    expect(heading(picker.html)).toBe('Choose the accounts to connect')
    expect(picker.html).toContain('Contoso, key …5678')
    expect(picker.html).toContain('cannot be chosen: it was closed at Vault')
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, ['v1', 'v2']))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(await connectionsOf(link.requestId)).toMatchObject([
      { label: 'Contoso, key …5678', clientId: link.clientId, oauthApp: '' },
    ])
    const tables = await db.sql`select tablename from pg_tables where schemaname in ('latchkey', 'pgboss')`
    for (const { tablename } of tables) {
      const rows = await db.sql.unsafe(`select t::text as row from ${tablename} t`).catch(() => [])
      expect(rows.map((row) => String(row.row)).join('\n')).not.toContain('canary')
    }
    expect(owner.seen.slice(-3).join('\n')).not.toContain(KEY)
  })

  it('that cannot be one is refused on the field, and never sent back', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const again = await typeKey(owner, link.path, 'sk_wrong_secret')
    expect(again.status).toBe(422)
    expect(again.html).toContain('A key begins with vk_')
    expect(again.html).toContain('aria-invalid="true"')
    expect(again.html).not.toContain('sk_wrong_secret')
    expect(asked).toEqual([])
  })

  it('typed for another provider than is offered is shown to nobody', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const form = { provider: 'vault-before', 'answer.apiKey': KEY }
    const again = await owner.post(at(`${link.path}/continue`), form)
    expect(heading(again.html)).toBe('Connect Ledger')
    expect(again.html).not.toContain(KEY)
    expect(asked).toEqual([])
  })

  it.each([
    ['unknown', 'Vault does not accept this key'],
    ['narrow', 'lacks a permission that is needed'],
    ['down', 'Vault did not answer just now'],
  ] as const)('the provider finds %s is not kept, and says why', async (said, words) => {
    verdict = said
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const again = await typeKey(owner, link.path, KEY)
    expect(again.status).toBe(422)
    expect(again.html).toContain(words)
    const [held] = await db.sql`select count(*)::int as n from held_credential where org_id = ${link.orgId}`
    expect(held?.n).toBe(0)
    verdict = 'good'
    const picker = await typeKey(owner, link.path, KEY)
    expect(values(picker.html, 'pick')).toContain('ledger v1')
  })

  it.each([
    [
      'the link was cancelled',
      (id: string) => db.sql`update auth_link set status = 'cancelled' where id = ${id}`,
    ],
    [
      'the link ran out',
      (id: string) => db.sql`update auth_link set expires_at = latchkey.clock() where id = ${id}`,
    ],
    [
      'its browser was pushed out',
      (id: string) => db.sql`
      update link_session set closed_at = latchkey.clock(), closed_why = 'pushed-out' where link_id = ${id}`,
    ],
  ])('is kept nowhere where %s while it was checked', async (_what, end) => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    meanwhile = () => end(link.linkId)
    const after = await typeKey(owner, link.path, KEY)
    expect(asked).toEqual(['identity'])
    expect(after.html).not.toContain('Choose the accounts')
    expect(owner.seen.join('\n')).not.toContain(KEY)
    const [left] =
      await db.sql`select (select count(*)::int from held_credential where org_id = ${link.orgId}) as held,
      (select outcome || ' ' || detail from consent where org_id = ${link.orgId}) as consent`
    expect(left).toEqual({ held: 0, consent: 'failed ended' })
  })

  it('pressed twice is kept once, and can be finished', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    await owner.post(at(`${link.path}/continue`), { provider: 'vault' })
    await Promise.all([typeKey(owner, link.path, KEY), typeKey(owner, link.path, KEY)])
    const picker = await owner.go(at(`${link.path}/accounts`))
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, ['v1']))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(await connectionsOf(link.requestId)).toHaveLength(1)
  })

  it('entered anew for a reconnect keeps the connection and its sources', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const picker = await typeKey(owner, link.path, KEY)
    await owner.post(at(`${link.path}/finish`), picks(picker.html, ['v1']))
    const [before] = await connectionsOf(link.requestId)
    const { orgId } = link
    const again = await issueLink(stage, {
      connectorIds: ['ledger'],
      orgId,
      connectionId: before?.id ?? null,
    })
    await db.sql`update access_request set client_id = ${link.clientId} where id = ${again.requestId}`
    const renewed = await typeKey(owner, again.path, 'vk_newer99990000')
    await owner.post(at(`${again.path}/finish`), picks(renewed.html, 'all'))
    const rows = await db.sql`select id, identity_label as label from connection where org_id = ${orgId}`
    expect(rows).toMatchObject([{ id: before?.id, label: 'Contoso, key …0000' }])
    const kept = await db.sql`select id from source where org_id = ${orgId} and status <> 'removed'`
    expect(kept.map(({ id }) => id)).toEqual([before?.sourceId])
  })

  it('of another account heals nothing by itself', async () => {
    const link = await issueLink(stage, { connectorIds: ['ledger'] })
    const owner = new Visitor()
    const picker = await typeKey(owner, link.path, KEY)
    await owner.post(at(`${link.path}/finish`), picks(picker.html, ['v1']))
    const { orgId, clientId } = link
    const [{ id: connectionId = '' } = {}] = await connectionsOf(link.requestId)
    await db.sql`update connection set status = 'disconnected' where id = ${connectionId}`
    await db.sql`update source set status = 'disconnected' where org_id = ${orgId}`
    const again = await issueLink(stage, { connectorIds: ['ledger'], orgId, connectionId })
    await db.sql`update access_request set client_id = ${clientId} where id = ${again.requestId}`
    whose = 'vault-account-8'
    expect((await owner.go(at(again.path))).html).toContain('enter a key of the same account')
    const other = await typeKey(owner, again.path, 'vk_another1234').finally(
      () => (whose = 'vault-account-7'),
    )
    expect(other.html).toContain('This key is of another account')
    await owner.post(at(`${again.path}/finish`), picks(other.html, 'all'))
    const left = await db.sql`select connection_id, status from source where org_id = ${orgId}`
    expect(left).toEqual([{ connectionId, status: 'disconnected' }])
    const moves = await db.sql`select from_connection_id, status from move where org_id = ${orgId}`
    expect(moves).toEqual([{ fromConnectionId: connectionId, status: 'open' }])
  })

  it('of one account serves each client by a connection of its own, and each ends by itself', async () => {
    const first = await issueLink(stage, { connectorIds: ['ledger'] })
    const second = await issueLink(stage, { connectorIds: ['ledger'], orgId: first.orgId })
    const owner = new Visitor()
    for (const link of [first, second]) {
      const picker = await typeKey(owner, link.path, KEY)
      await owner.post(at(`${link.path}/finish`), picks(picker.html, ['v1']))
    }
    const rows = await db.sql`select client_id from connection where org_id = ${first.orgId}`
    expect(new Set(rows.map(({ clientId }) => clientId))).toEqual(new Set([first.clientId, second.clientId]))
    const [{ sourceId = '' } = {}] = await connectionsOf(first.requestId)
    const revoked = await owner.post(at(`${first.receipt}/revoke/${sourceId}`), { sure: '1' })
    expect(revoked.html).toContain('Vault offers no way for us to revoke it there')
    const left =
      await db.sql`select client_id from connection where org_id = ${first.orgId} and status = 'connected'`
    expect(left).toEqual([{ clientId: second.clientId }])
  })
})

describe('an exchange of the provider’s own', () => {
  it('gets the whole callback, the address the owner named and PKCE, and connects', async () => {
    const link = await issueLink(stage, { connectorIds: ['shop'] })
    const owner = new Visitor()
    const form = await owner.post(at(`${link.path}/continue`), { provider: 'odd' })
    expect(heading(form.html)).toBe('Before you sign in to Odd')
    const wrong = await owner.post(at(`${link.path}/continue`), {
      provider: 'odd',
      'answer.shop': 'evil.example/x?',
    })
    expect(wrong.html).toContain('Type the name of your shop.')
    const answered = { provider: 'odd', 'answer.shop': 'northwind' }
    const left = await owner.post(at(`${link.path}/continue`), answered, '/authorize')
    const to = new URL(left.url)
    expect(to.pathname).toBe('/authorize/northwind.odd.example')
    const state = to.searchParams.get('state') ?? ''
    const picker = await owner.go(at(`/connect/odd/callback?auth_code=c1&hmac=abc&state=${state}`))
    expect(back).toMatchObject({
      ...{ query: { auth_code: 'c1', hmac: 'abc', state }, site: 'https://northwind.odd.example' },
      verifier: expect.stringMatching(/^.{43,}$/),
    })
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(server.exchanges).toEqual([])
  })

  it('is not begun for a callback nobody left for, or one that was seen before', async () => {
    const link = await issueLink(stage, { connectorIds: ['shop'] })
    const owner = new Visitor()
    const answered = { provider: 'odd', 'answer.shop': 'northwind' }
    const left = await owner.post(at(`${link.path}/continue`), answered, '/authorize')
    const state = new URL(left.url).searchParams.get('state') ?? ''
    await new Visitor().go(at(`/connect/odd/callback?auth_code=c1&state=${state}`))
    await owner.go(at('/connect/odd/callback?auth_code=c1&state=guessed'))
    await owner.go(at('/connect/odd/callback?auth_code=c1'))
    expect(back).toBeNull()
    await owner.go(at(`/connect/odd/callback?code=spent&state=${state}`))
    expect(back).not.toBeNull()
    back = null
    const stale = await owner.go(at(`/connect/odd/callback?code=fresh&state=${state}`))
    expect([back, heading(stale.html)]).toEqual([null, 'Please start again from your link'])
  })

  it('that fails says so on the page, and a denial is a denial', async () => {
    const link = await issueLink(stage, { connectorIds: ['shop'] })
    const owner = new Visitor()
    const answered = { provider: 'odd', 'answer.shop': 'northwind' }
    const leave = async () => {
      const left = await owner.post(at(`${link.path}/continue`), answered, '/authorize')
      return new URL(left.url).searchParams.get('state') ?? ''
    }
    const failed = await owner.go(at(`/connect/odd/callback?code=spent&state=${await leave()}`))
    expect(heading(failed.html)).toBe('The sign-in did not work')
    const denied = await owner.go(at(`/connect/odd/callback?error=access_denied&state=${await leave()}`))
    expect(heading(denied.html)).toBe('You did not agree, so nothing is connected')
  })
})

describe('OAuth 1.0a', () => {
  it('is found again by its request token, whose secret stays sealed', async () => {
    const link = await issueLink(stage, { connectorIds: ['relic'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), { provider: 'old' }, '/authenticate')
    expect(left.url).toContain('oauth_token=request-1')
    const kept = await db.sql`select sealed from oauth_session`
    expect(JSON.stringify(kept)).not.toContain('canary')
    const picker = await owner.go(at('/connect/old/callback?oauth_token=request-1&oauth_verifier=v'))
    expect(back).toMatchObject({ kept: 'canary-request-secret', query: { oauth_verifier: 'v' } })
    expect(heading(picker.html)).toBe('Choose the accounts to connect')
  })

  it('that cannot be begun just now can be tried again from the page that says so', async () => {
    verdict = 'down'
    const link = await issueLink(stage, { connectorIds: ['relic'] })
    const owner = new Visitor()
    const failed = await owner.post(at(`${link.path}/continue`), { provider: 'old' })
    expect([failed.status, heading(failed.html)]).toEqual([502, 'Old does not answer just now'])
    expect(failed.headers.get('content-security-policy')).toContain(`form-action 'self' ${server.origin}`)
    verdict = 'good'
    const left = await owner.post(at(`${link.path}/continue`), { provider: 'old' }, '/authenticate')
    expect(left.url).toContain('oauth_token=request-1')
  })

  it('comes back as denied when the owner pressed Cancel', async () => {
    const link = await issueLink(stage, { connectorIds: ['relic'] })
    const owner = new Visitor()
    await owner.post(at(`${link.path}/continue`), { provider: 'old' }, '/authenticate')
    const denied = await owner.go(at('/connect/old/callback?denied=request-1'))
    expect(heading(denied.html)).toBe('You did not agree, so nothing is connected')
    expect(back).toBeNull()
  })
})
