import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, setClock } from '../support/database.ts'
import { heading, picks, Visitor, values } from './browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeProvider,
  issueLink,
  openStage,
  type Stage,
} from './stage.ts'

const { db } = await freshDatabase()
let google: FakeServer
let meta: FakeServer
let stage: Stage
const sites = [
  { id: 'a1', name: 'Shop', currency: 'EUR', timeZone: 'Europe/Paris' },
  { id: 'a2', name: 'Blog <b>' },
]

beforeAll(async () => {
  google = await fakeAuthorisationServer()
  meta = await fakeAuthorisationServer()
  const one = fakeProvider('google', google)
  stage = await openStage(db, [
    fakeConnector('ads', one, sites),
    fakeConnector('analytics', one, [{ id: 'p1', name: 'Property' }]),
    fakeConnector('empty', one, []),
    fakeConnector('social', fakeProvider('meta', meta), [{ id: 's1', name: 'Page' }]),
  ])
})
afterEach(() => {
  expect(stage.logged.splice(0)).toEqual([])
})
afterAll(async () => {
  await Promise.all([stage.close(), google.close(), meta.close()])
})

const at = (path: string) => `${stage.origin}${path}`
const sources = (requestId: string) =>
  db.sql`select s.account_name, s.status, c.identity, c.credential_sealed from source s
    join connection c on c.id = s.connection_id where s.request_id = ${requestId} order by account_name`

describe('the way through', () => {
  it('shows the request, goes to the provider, offers the accounts and connects what was ticked', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'analytics'] })
    const owner = new Visitor()
    const page = await owner.go(at(link.path))
    expect(page.status).toBe(200)
    for (const words of [
      'Northwind Agency',
      'Ruth Requester',
      'See your ads reports',
      'localhost',
      'Europe/Paris',
    ])
      expect(page.html).toContain(words)

    const picker = await owner.post(at(`${link.path}/continue`), { provider: 'google' })
    expect(heading(picker.html)).toBe('Choose the accounts to connect')
    expect(values(picker.html, 'pick')).toEqual(['ads a2', 'ads a1', 'analytics p1'])
    expect(picker.html).not.toContain(' checked')
    expect(google.exchanges).toHaveLength(1)

    const nothing = await owner.post(at(`${link.path}/finish`), picks(picker.html, []))
    expect(nothing.html).toContain('No account is ticked yet')

    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a1', 'p1']))
    expect(heading(done.html)).toBe('Done. Thank you')
    const rows = await sources(link.requestId)
    expect(rows.map((row) => row.accountName)).toEqual(['Property', 'Shop'])
    expect(new Set(rows.map((row) => row.identity))).toEqual(new Set(['person-1']))
    const [held] = await db.sql`select count(*)::int as n from held_credential`
    expect(held?.n).toBe(0)

    const again = await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a1', 'p1']))
    expect(heading(again.html)).toBe('Done. Thank you')
    const other = await new Visitor().go(at(link.path))
    expect(heading(other.html)).toBe('This link has been used')
    expect(other.html).toContain('d…@client.example')
    expect(other.status).toBe(410)
    expect(await sources(link.requestId)).toHaveLength(2)
  })

  it('never lets a token into a URL, a page, a job or the log', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    const everything = [...owner.seen, ...stage.logged, JSON.stringify(stage.services.sent)].join('\n')
    expect(everything).not.toMatch(/canary-/)
    const tables = await db.sql`select tablename from pg_tables where schemaname in ('latchkey', 'pgboss')`
    const secrets = ['canary-', link.path.slice(3), link.receipt.slice(3), ...owner.jar.values()]
    for (const { tablename } of tables) {
      const schema = await db.sql`select schemaname from pg_tables where tablename = ${tablename}`
      const rows = await db.sql.unsafe(`select t::text as row from ${schema[0]?.schemaname}.${tablename} t`)
      const dump = rows.map((row) => String(row.row)).join('\n')
      for (const secret of secrets) expect(dump.includes(secret), `${tablename} holds a secret`).toBe(false)
    }
  })
})

describe('guards around the exchange', () => {
  it('G1: exchanges nothing when the answer comes to another provider’s address', async () => {
    const link = await issueLink(stage, { connectorIds: ['social'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const state = new URL(left.url).searchParams.get('state') ?? ''
    const before = [google.exchanges.length, meta.exchanges.length]
    const page = await owner.go(at(`/connect/google/callback?code=HONEST&state=${state}`))
    expect([google.exchanges.length, meta.exchanges.length]).toEqual(before)
    expect(heading(page.html)).toBe('The sign-in did not work')
  })

  it('G1: refuses an answer that names another issuer', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const state = new URL(left.url).searchParams.get('state') ?? ''
    const before = google.exchanges.length
    await owner.go(at(`/connect/google/callback?code=x&state=${state}&iss=https://evil.example`))
    expect(google.exchanges).toHaveLength(before)
  })

  it('G1: exchanges nothing when the OAuth app was replaced meanwhile', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const back = (await owner.request(left.url)).headers.get('location') ?? ''
    const { oauthApps } = stage.services
    const before = google.exchanges.length
    Object.assign(stage.services, { oauthApps: { ...oauthApps, google: { id: 'newer', secret: 'newer' } } })
    const page = await owner.go(back)
    Object.assign(stage.services, { oauthApps })
    expect(heading(page.html)).toBe('The sign-in did not work')
    expect(google.exchanges).toHaveLength(before)
  })

  it('G2: takes a callback once', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const back = (await owner.request(left.url)).headers.get('location') ?? ''
    const before = google.exchanges.length
    expect(heading((await owner.go(back)).html)).toBe('Choose the accounts to connect')
    const replay = await owner.go(back)
    expect(replay.status).toBe(400)
    expect(heading(replay.html)).toBe('Please start again from your link')
    expect(google.exchanges).toHaveLength(before + 1)
  })

  it('G3: refuses a callback without state, with a wrong one, or in another browser', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const back = (await owner.request(left.url)).headers.get('location') ?? ''
    const before = google.exchanges.length
    const wrong = back.replace(/state=\w+/, 'state=evil')
    const none = back.replace(/&?state=\w+/, '')
    for (const [visitor, url] of [
      [owner, wrong],
      [owner, none],
      [new Visitor(), back],
    ] as const)
      expect((await visitor.go(url)).status).toBe(400)
    expect(google.exchanges).toHaveLength(before)
    expect(heading((await owner.go(back)).html)).toBe('Choose the accounts to connect')
  })

  it('G3: refuses a trip in a browser that began another one, of this link or of its own', async () => {
    const [link, own] = [
      await issueLink(stage, { connectorIds: ['ads'] }),
      await issueLink(stage, { connectorIds: ['ads'] }),
    ]
    const [attacker, victim] = [new Visitor(), new Visitor()]
    const left = await attacker.post(at(`${link.path}/continue`), {}, '/authorize')
    await victim.post(at(`${link.path}/continue`), {}, '/authorize')
    await victim.post(at(`${own.path}/continue`), {}, '/authorize')
    const back = (await victim.request(left.url)).headers.get('location') ?? ''
    const before = google.exchanges.length
    expect((await victim.go(back)).status).toBe(400)
    expect(google.exchanges).toHaveLength(before)
    expect(heading((await attacker.go(back)).html)).toBe('Choose the accounts to connect')
  })

  it('G3: refuses a trip whose link session was closed meanwhile', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const back = (await owner.request(left.url)).headers.get('location') ?? ''
    await db.sql`update link_session set closed_at = now() where link_id = ${link.linkId}`
    const before = google.exchanges.length
    expect((await owner.go(back)).status).toBe(400)
    expect(google.exchanges).toHaveLength(before)
  })

  it('G3, G5, G7: asks with state, nonce and S256, and lets no query string change the trip', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'analytics'] })
    const owner = new Visitor()
    const evil = '?access_url=http://evil.example&redirect_uri=http://evil.example&scope=evil&subdomain=evil'
    const left = await owner.post(
      at(`${link.path}/continue${evil}`),
      { scope: 'evil', state: 'x' },
      '/authorize',
    )
    const asked = Object.fromEntries(new URL(left.url).searchParams)
    expect(asked).toMatchObject({
      redirect_uri: at('/connect/google/callback'),
      scope: 'openid ads.read analytics.read',
      code_challenge_method: 'S256',
      prompt: 'consent',
      login_hint: 'dana@client.example',
    })
    expect(asked.state?.length).toBeGreaterThan(20)
    expect(asked.nonce?.length).toBeGreaterThan(20)
    expect(left.url).not.toContain('evil')
  })

  it('G6: neither GET nor HEAD begins a trip, and a HEAD on the callback spends nothing', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const begun = async () => (await db.sql`select count(*)::int as n from consent`)[0]?.n
    const before = await begun()
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      for (const path of [link.path, `${link.path}/continue`, '/connect/google', '/connect/google/x'])
        await owner.request(at(path), { method })
    expect(await begun()).toBe(before)
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const back = (await owner.request(left.url)).headers.get('location') ?? ''
    expect((await owner.request(back, { method: 'HEAD' })).status).toBe(405)
    expect(heading((await owner.go(back)).html)).toBe('Choose the accounts to connect')
  })

  it('G6: two tabs come back in either order', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const link = await issueLink(stage, { connectorIds: ['ads'] })
      const owner = new Visitor()
      const tabs = [
        await owner.post(at(`${link.path}/continue`), {}, '/authorize'),
        await owner.post(at(`${link.path}/continue`), {}, '/authorize'),
      ]
      for (const tab of order) {
        const page = await owner.go(tabs[tab]?.url ?? '')
        expect(heading(page.html)).toBe('Choose the accounts to connect')
      }
    }
  })
})

describe('other ways it can go', () => {
  it('says what a denial means and offers another try', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    const state = new URL(left.url).searchParams.get('state') ?? ''
    const denied = await owner.go(at(`/connect/google/callback?error=access_denied&state=${state}`))
    expect(heading(denied.html)).toBe('You did not agree, so nothing is connected')
    const again = await owner.post(at(`${link.path}/continue`))
    expect(heading(again.html)).toBe('Choose the accounts to connect')
  })

  it('leads from a denial back to the accounts of an earlier sign-in', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'social'] })
    const owner = new Visitor()
    await owner.post(at(`${link.path}/continue`))
    const left = await owner.post(at(`${link.path}/continue`), { provider: 'meta' }, '/authorize')
    const state = new URL(left.url).searchParams.get('state') ?? ''
    const denied = await owner.go(at(`/connect/meta/callback?error=access_denied&state=${state}`))
    expect(denied.html).toContain('Meta says the permission was not given')
    const list = await owner.go(at(link.path))
    expect(list.html).toContain('nothing is connected yet')
    const picker = await owner.go(at(`${link.path}/accounts?choose=1`))
    expect(heading(picker.html)).toBe('Choose the accounts to connect')
  })

  it('names the permission whose box was not ticked, and coaches a login without accounts', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'empty'] })
    google.signsIn = { sub: 'person-1', email: 'dana@client.example', scopes: ['openid', 'empty.read'] }
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    google.signsIn = { sub: 'person-1', email: 'dana@client.example', scopes: null }
    expect(picker.html).toContain('One box was not ticked')
    expect(picker.html).toContain('See your ads reports')
    expect(picker.html).toContain('Try again')
    expect(picker.html).toContain('This login has no Empty account')
  })

  it('ticks the account the request names', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'], hint: 'shop' })
    const picker = await new Visitor().post(at(`${link.path}/continue`))
    expect(picker.html.match(/ checked/g)).toHaveLength(1)
  })

  it('goes from one provider to the next and keeps the ticks', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'social'] })
    const owner = new Visitor()
    const first = await owner.post(at(`${link.path}/continue`))
    const list = await owner.post(at(`${link.path}/finish`), picks(first.html, ['a1'], 'another'))
    expect(list.html).toContain('Signed in as')
    const second = await owner.post(at(`${link.path}/continue`), { provider: 'meta' })
    expect(second.html.match(/ checked/g)).toHaveLength(1)
    const done = await owner.post(at(`${link.path}/finish`), picks(second.html, ['a1', 's1']))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(await sources(link.requestId)).toHaveLength(2)
  })

  it('takes no ticks that were made for another sign-in', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const owner = new Visitor()
    const first = await owner.post(at(`${link.path}/continue`))
    google.signsIn = { sub: 'person-2', email: 'other@client.example', scopes: null }
    await owner.post(at(`${link.path}/continue`), { other: '1' })
    google.signsIn = { sub: 'person-1', email: 'dana@client.example', scopes: null }
    const again = await owner.post(at(`${link.path}/finish`), picks(first.html, 'all'))
    expect(again.url).toContain('changed')
    expect(await sources(link.requestId)).toEqual([])
  })

  it('is expired on the minute, and lets a browser that signed in before finish for 15 minutes', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'], hours: 24 })
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    const later = (minutes: number) => new Date(Date.now() + (24 * 60 + minutes) * 60_000)
    try {
      await setClock(db, later(5))
      expect(heading((await new Visitor().go(at(link.path))).html)).toBe('This link has expired')
      expect((await new Visitor().post(at(`${link.path}/continue`))).status).toBe(410)
      expect((await owner.go(at(link.path))).html).toContain('has just expired')
      await setClock(db, later(16))
      const late = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
      expect(heading(late.html)).toBe('This link has expired')
      await setClock(db, later(14))
      const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
      expect(heading(done.html)).toBe('Done. Thank you')
    } finally {
      await setClock(db, null)
    }
  })
})
