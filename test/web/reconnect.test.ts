import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase } from '../support/database.ts'
import { heading, picks, Visitor, values } from './browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeProvider,
  issueLink,
  type Link,
  openStage,
  type Stage,
} from './stage.ts'

const { db } = await freshDatabase()
let google: FakeServer
let stage: Stage
/** What the login shares; a test may take one out. */
const ads = [
  { id: 'a1', name: 'Shop' },
  { id: 'a2', name: 'Blog' },
]
const many = Array.from({ length: 200 }, (_, n) => ({ id: `m${n}`, name: `Account ${n}` }))
beforeAll(async () => {
  google = await fakeAuthorisationServer()
  const provider = fakeProvider('google', google)
  const field = { name: 'sheet', label: 'Sheet', hint: '', problem: '', read: (text: string) => text }
  const named = { ...fakeConnector('named', provider, ads), ask: [field] }
  const others = [fakeConnector('ads', provider, ads), fakeConnector('many', provider, many)]
  stage = await openStage(db, [named, ...others])
})
afterAll(async () => {
  await Promise.all([stage.close(), google.close()])
})

const at = (path: string) => `${stage.origin}${path}`
const jobs = (name: string) => stage.services.sent.filter((job) => job.name === name)

/** A client whose owner connected one account. */
async function connected(person: string, connectorId = 'ads'): Promise<Link & { connectionId: string }> {
  google.signsIn = { sub: person, email: `${person}@client.example`, scopes: null }
  const link = await issueLink(stage, { connectorIds: [connectorId] })
  const owner = new Visitor()
  const picker = await owner.post(at(`${link.path}/continue`), { sheet: 'one' })
  await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a1']))
  const [row] = await db.sql`select id from connection where org_id = ${link.orgId}`
  return { ...link, connectionId: row?.id as string }
}

describe('another request to the same login', () => {
  it('asks for what that login gave before too, because the new credential takes the place of the old', async () => {
    const before = await connected('dana')
    const link = await issueLink(stage, { connectorIds: ['many'], orgId: before.orgId })
    const owner = new Visitor()
    const left = await owner.post(at(`${link.path}/continue`), {}, '/authorize')
    expect(new URL(left.url).searchParams.get('scope')).toBe('openid many.read ads.read')
    const other = await owner.post(at(`${link.path}/continue`), { other: '1' }, '/authorize')
    expect(new URL(other.url).searchParams.get('scope')).toBe('openid many.read')
  })

  it('keeps the refresh token where the provider gives one only once', async () => {
    const { orgId, connectionId } = await connected('dana')
    google.signsIn = { ...google.signsIn, refreshToken: null }
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId })
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a2']))
    const [row] = await db.sql`select credential_sealed as sealed from connection where id = ${connectionId}`
    const opened = stage.services.vault.open(row?.sealed, `connection:${connectionId}:${orgId}:credential`)
    expect(JSON.parse(opened)).toMatchObject({ refreshToken: 'canary-refresh-dana' })
  })
})

describe('a sign-in that shares less than the one before', () => {
  const WARNING = 'not visible to this sign-in'

  it('names what would not be read any more, also of another client, and offers another try', async () => {
    const { orgId } = await connected('dana')
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId })
    const owner = new Visitor()
    expect((await owner.post(at(`${link.path}/continue`))).html).not.toContain(WARNING)
    const [shop] = ads.splice(0, 1)
    const picker = await owner.post(at(`${link.path}/continue`))
    if (shop) ads.unshift(shop)
    expect(picker.html).toContain(WARNING)
    expect(picker.html).toContain('<li><bdi>Shop</bdi></li>')
    expect(picker.html).toContain('Try again')
  })

  it('says nothing to another login, nor of what is not read any more', async () => {
    const { orgId, connectionId } = await connected('dana')
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId })
    const [shop] = ads.splice(0, 1)
    google.signsIn = { sub: 'paul', email: 'paul@client.example', scopes: null }
    expect((await new Visitor().post(at(`${link.path}/continue`))).html).not.toContain(WARNING)
    google.signsIn = { sub: 'dana', email: 'dana@client.example', scopes: null }
    await db.sql`update source set status = 'removed' where connection_id = ${connectionId}`
    expect((await new Visitor().post(at(`${link.path}/continue`))).html).not.toContain(WARNING)
    if (shop) ads.unshift(shop)
  })

  it('says nothing where the owner names what to read, and only that is listed', async () => {
    const { orgId } = await connected('dana', 'named')
    const link = await issueLink(stage, { connectorIds: ['named'], orgId })
    const [shop] = ads.splice(0, 1)
    const picker = await new Visitor().post(at(`${link.path}/continue`), { sheet: 'other' })
    if (shop) ads.unshift(shop)
    expect(picker.html).toContain('Blog')
    expect(picker.html).not.toContain(WARNING)
  })
})

describe('a reconnect', () => {
  it('shows the login it expects, ticks what is connected, and heals under the same identity', async () => {
    const before = await connected('person-same')
    await db.sql`update connection set status = 'disconnected' where id = ${before.connectionId}`
    const { orgId, connectionId } = before
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId, connectionId })
    const owner = new Visitor()
    const page = await owner.go(at(link.path))
    expect(page.html).toContain('p…@client.example')
    expect(page.html).not.toContain('person-same@')
    const picker = await owner.post(at(`${link.path}/continue`))
    expect(picker.html).toContain('connected before')
    expect(picker.html.match(/ checked/g)).toHaveLength(1)
    const sent = jobs('heal').length
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a1']))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(jobs('heal')).toHaveLength(sent + 1)
    const sources = await db.sql`select id from source where connection_id = ${connectionId}`
    expect(sources).toHaveLength(1)
  })

  it('under another identity moves and heals nothing, and leaves the decision to an admin', async () => {
    const before = await connected('person-old')
    const { orgId, connectionId } = before
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId, connectionId })
    google.signsIn = { sub: 'person-new', email: 'person-new@client.example', scopes: null }
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    expect(picker.html).toContain('which is another login')
    const heals = () => jobs('heal').filter(({ payload }) => JSON.stringify(payload).includes(connectionId))
    expect(heals()).toHaveLength(0)
    await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heals()).toHaveLength(0)
    const sources = await db.sql`select connection_id from source where org_id = ${orgId}`
    expect(sources.map((row) => row.connectionId)).toEqual([connectionId])
    const moves = await db.sql`select source_ids from move where from_connection_id = ${connectionId}`
    expect(moves).toHaveLength(1)
  })
})

describe('an account the client has already, under another login', () => {
  /** Another person of the same client signs in for the same account. */
  async function again(before: Link, person: string) {
    google.signsIn = { sub: person, email: `${person}@client.example`, scopes: null }
    const link = await issueLink(stage, { connectorIds: ['ads'], orgId: before.orgId })
    await db.sql`update access_request set client_id = ${before.clientId} where id = ${link.requestId}`
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    await owner.post(at(`${link.path}/finish`), picks(picker.html, ['a1']))
    const [row] =
      await db.sql`select id from connection where org_id = ${link.orgId} and identity = ${person}`
    return row?.id as string
  }
  const ended = (connectionId: string) =>
    jobs('end-connection').filter(({ payload }) => JSON.stringify(payload).includes(connectionId))

  it('stays where it is while it works, and the new login, which nothing needs, ends', async () => {
    const before = await connected('person-works')
    const newer = await again(before, 'person-too')
    const sources = await db.sql`select connection_id from source where org_id = ${before.orgId}`
    expect(sources).toEqual([{ connectionId: before.connectionId }])
    expect(ended(newer)).toHaveLength(1)
  })

  it('is offered to an admin to move where it is down', async () => {
    const before = await connected('person-gone')
    await db.sql`update source set status = 'disconnected' where org_id = ${before.orgId}`
    const newer = await again(before, 'person-successor')
    const moves = await db.sql`
      select to_connection_id, cardinality(source_ids) as n from move
      where from_connection_id = ${before.connectionId} and status = 'open'`
    expect(moves).toEqual([{ toConnectionId: newer, n: 1 }])
    expect(ended(newer)).toHaveLength(0)
  })
})

describe('two browsers with one link', () => {
  it('the one that does not finish keeps no permission behind', async () => {
    google.signsIn = { sub: 'person-two', email: 'two@client.example', scopes: null }
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const [first, second] = [new Visitor(), new Visitor()]
    const picker = await first.post(at(`${link.path}/continue`))
    await second.post(at(`${link.path}/continue`))
    await first.post(at(`${link.path}/finish`), picks(picker.html, ['a1']))
    const told = jobs('destroy-held').filter(({ payload }) => JSON.stringify(payload).includes(link.linkId))
    expect(told).toHaveLength(1)
  })
})

describe('many accounts', () => {
  it('are all offered, and connected in one Finish', async () => {
    google.signsIn = { sub: 'person-many', email: 'many@client.example', scopes: null }
    const link = await issueLink(stage, { connectorIds: ['many'] })
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    expect(values(picker.html, 'pick')).toHaveLength(200)
    expect(picker.html).toContain('200 accounts, in alphabetical order')
    const began = performance.now()
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(performance.now() - began).toBeLessThan(15_000)
    const [row] = await db.sql`select count(*)::int as n from source where request_id = ${link.requestId}`
    expect(row?.n).toBe(200)
  })

  it('are refused above the plan’s limit, in words, before anything happens', async () => {
    google.signsIn = { sub: 'person-limit', email: 'limit@client.example', scopes: null }
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    await db.sql`update org set account_limit = 1 where id = ${link.orgId}`
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    const refused = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('You ticked 2 accounts, but the agency’s plan has room for 1 more')
    const done = await owner.post(at(`${link.path}/finish`), picks(refused.html, ['a1']))
    expect(heading(done.html)).toBe('Done. Thank you')
  })
})
