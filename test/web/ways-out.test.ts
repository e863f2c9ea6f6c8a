import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decideDelegate, ownerAsk } from '../../flows/connect/decide-ask.ts'
import { destroyHeld } from '../../flows/connect/destroy-held.ts'
import { sweep } from '../../flows/connect/sweep.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import { composeOneClickLeft } from '../../jobs/compose/one-click-left.ts'
import { composeOwnerAsk } from '../../jobs/compose/owner-ask.ts'
import { composeReceipt } from '../../jobs/compose/receipt.ts'
import { composeSourceRevoked } from '../../jobs/compose/source-revoked.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { heading, picks, Visitor } from './browser.ts'
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

beforeAll(async () => {
  google = await fakeAuthorisationServer()
  const provider = fakeProvider('google', google)
  stage = await openStage(db, [
    fakeConnector('ads', provider, [
      { id: 'a1', name: 'Shop' },
      { id: 'a2', name: 'Blog' },
    ]),
  ])
})
afterEach(() => {
  expect(stage.logged.splice(0)).toEqual([])
})
afterAll(async () => {
  await Promise.all([stage.close(), google.close()])
})

const at = (path: string) => `${stage.origin}${path}`
const issue = () => issueLink(stage, { connectorIds: ['ads'] })
const events = async ({ requestId }: Link) =>
  (await db.sql`select kind, data from audit_event where request_id = ${requestId} order by id`).map(
    (row) => [row.kind, row.data],
  )
const statusOf = async ({ requestId, linkId }: Link) => {
  const [row] = await db.sql`select r.status as request, l.status as link from access_request r
    join auth_link l on l.request_id = r.id where r.id = ${requestId} and l.id = ${linkId}`
  return row
}
const deliveries = (link: Link, kind: string) =>
  db.sql`select * from delivery where link_id = ${link.linkId} and kind = ${kind}`

describe('an owner who does not continue', () => {
  it('declines with a reason the requester reads, and may still change their mind', async () => {
    const link = await issue()
    const owner = new Visitor()
    expect(heading((await owner.go(at(`${link.path}/decline`))).html)).toBe('Decline this request?')
    const said = await owner.post(at(`${link.path}/decline`), { reason: 'Not our account' })
    expect(heading(said.html)).toBe('You declined')
    expect(await events(link)).toEqual([['request.declined', { reason: 'Not our account' }]])
    expect(await statusOf(link)).toMatchObject({ request: 'declined', link: 'issued' })
    expect(await deliveries(link, 'owner-ask')).toHaveLength(1)
    const picker = await owner.post(at(`${link.path}/continue`))
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
    expect(await statusOf(link)).toMatchObject({ request: 'finished', link: 'finished' })
  })

  it('who declined still gets a fresh link later, and a declined request can be withdrawn', async () => {
    const [one, two] = [await issue(), await issue()]
    for (const link of [one, two]) await new Visitor().post(at(`${link.path}/decline`))
    const asked = { orgId: two.orgId, requestId: two.requestId, by: 'U1' }
    expect(await cancelRequest(stage.services, asked)).toEqual({ kind: 'cancelled' })
    expect(await statusOf(two)).toMatchObject({ request: 'cancelled', link: 'cancelled' })
    try {
      await setClock(db, new Date(Date.now() + 25 * 3_600_000))
      const said = await new Visitor().post(at(`${one.path}/fresh`))
      expect(heading(said.html)).toBe('A fresh link is on its way')
    } finally {
      await setClock(db, null)
    }
  })

  it('asks a question that lands in the thread and with the requester', async () => {
    const link = await issue()
    const empty = await new Visitor().post(at(`${link.path}/question`), { question: '  ' })
    expect(empty.status).toBe(422)
    await new Visitor().post(at(`${link.path}/question`), { question: 'Which <account>?' })
    expect(await events(link)).toEqual([['request.question', { text: 'Which <account>?' }]])
    const [delivery] = await deliveries(link, 'owner-ask')
    const message = await composeOwnerAsk(stage.services, delivery as never)
    expect(JSON.stringify(message)).toContain('Which &lt;account&gt;?')
  })

  it('names somebody else, whom the requester then asks with a link that replaces this one', async () => {
    const link = await issue()
    const wrong = await new Visitor().post(at(`${link.path}/someone-else`), {
      email: 'a@b.example, c@d.example',
    })
    expect(wrong.status).toBe(422)
    for (let press = 0; press < 2; press++)
      await new Visitor().post(at(`${link.path}/someone-else`), { email: 'carl@client.example' })
    expect(await events(link)).toEqual([['request.delegated', { to: 'c…@client.example' }]])
    const [ask] = await deliveries(link, 'owner-ask')
    const askId = ask?.subjectId as string
    expect((await ownerAsk(stage.services, link.orgId, askId))?.ask.email).toBe('carl@client.example')
    const decision = { orgId: link.orgId, askId, by: 'U1', agree: true }
    expect(await decideDelegate(stage.services, decision)).toMatchObject({ kind: 'sent' })
    expect(await decideDelegate(stage.services, decision)).toEqual({ kind: 'stale' })
    expect(await statusOf(link)).toMatchObject({ request: 'superseded', link: 'superseded' })
    expect(heading((await new Visitor().go(at(link.path))).html)).toBe('There is a newer link')
    const [newer] = await db.sql`select owner_email from access_request where client_id = ${link.clientId}
      and status = 'sent'`
    expect(newer?.ownerEmail).toBe('carl@client.example')
  })

  it('gets one fresh link from an expired page, to the address the old one went to', async () => {
    const link = await issue()
    try {
      await setClock(db, new Date(Date.now() + 25 * 3_600_000))
      const owner = new Visitor()
      expect((await owner.go(at(link.path))).html).toContain('Send me a fresh link')
      for (let press = 0; press < 3; press++)
        expect(heading((await owner.post(at(`${link.path}/fresh`))).html)).toBe('A fresh link is on its way')
      const links = await db.sql`select status, counts from auth_link where request_id = ${link.requestId}
        order by issued_at`
      expect(links.map((row) => [row.status, row.counts])).toEqual([
        ['expired', true],
        ['issued', true],
      ])
      expect(await events(link)).not.toContainEqual(expect.stringContaining('@'))
    } finally {
      await setClock(db, null)
    }
  })
})

describe('what is held until Finish', () => {
  it('is destroyed and revoked when the link ends unfinished', async () => {
    const link = await issue()
    google.signsIn = { sub: 'person-held', email: 'held@client.example', scopes: null }
    await new Visitor().post(at(`${link.path}/continue`))
    const held =
      () => db.sql`select h.id from held_credential h join link_session s on s.id = h.link_session_id
      where s.link_id = ${link.linkId}`
    await destroyHeld(stage.services, link, AbortSignal.timeout(5_000))
    expect(await held()).toHaveLength(1)
    await db.sql`update auth_link set status = 'cancelled', ended_at = now() where id = ${link.linkId}`
    expect(await destroyHeld(stage.services, link, AbortSignal.timeout(5_000))).toEqual(['revoked'])
    expect(await held()).toHaveLength(0)
    expect(google.revoked).toEqual(['canary-refresh-person-held'])
  })

  it('is not revoked at the provider while another connection rests on the same sign-in', async () => {
    google.signsIn = { sub: 'person-shared', email: 'shared@client.example', scopes: null }
    const [first, second] = [await issue(), await issue()]
    const owner = new Visitor()
    const picker = await owner.post(at(`${first.path}/continue`))
    await owner.post(at(`${first.path}/finish`), picks(picker.html, 'all'))
    await new Visitor().post(at(`${second.path}/continue`))
    await db.sql`update auth_link set status = 'cancelled', ended_at = now() where id = ${second.linkId}`
    const before = google.revoked.length
    expect(await destroyHeld(stage.services, second, AbortSignal.timeout(5_000))).toEqual(['shared'])
    expect(google.revoked).toHaveLength(before)
  })

  it('is given back when the owner signs in as somebody else', async () => {
    const link = await issue()
    const owner = new Visitor()
    google.signsIn = { sub: 'person-wrong', email: 'wrong@private.example', scopes: null }
    await owner.post(at(`${link.path}/continue`))
    google.signsIn = { sub: 'person-right', email: 'right@client.example', scopes: null }
    const picker = await owner.post(at(`${link.path}/continue`), { provider: 'google', other: '1' })
    expect(picker.html).toContain('right@client.example')
    expect(google.revoked.at(-1)).toBe('canary-refresh-person-wrong')
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
  })

  it('outlives the idle hour, which an empty link session does not', async () => {
    const link = await issue()
    const [empty, holding] = [new Visitor(), new Visitor()]
    await empty.post(at(`${link.path}/continue`), {}, '/authorize')
    await holding.post(at(`${link.path}/continue`))
    try {
      await setClock(db, new Date(Date.now() + 61 * 60_000))
      await sweep(stage.services)
      const open =
        await db.sql`select closed_why from link_session where link_id = ${link.linkId} order by opened_at`
      expect(open.map((row) => row.closedWhy)).toEqual(['idle', null])
      await sweep(stage.services)
      const [reminder, ...more] = await deliveries(link, 'one-click-left')
      expect(more).toEqual([])
      const composed = await composeOneClickLeft(stage.services, reminder as never)
      expect(composed?.mail?.text).toContain(at(link.path))
      expect(heading((await holding.go(at(`${link.path}/accounts`))).html)).toBe(
        'Choose the accounts to connect',
      )
    } finally {
      await setClock(db, null)
    }
  })
})

describe('the receipt', () => {
  it('is mailed, shows what is connected and revokes one data source after the other', async () => {
    google.signsIn = { sub: 'person-receipt', email: 'receipt@client.example', scopes: null }
    const link = await issue()
    expect((await new Visitor().go(at(link.receipt))).status).toBe(404)
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    const [delivery] = await deliveries(link, 'receipt')
    const composed = await composeReceipt(stage.services, delivery as never)
    expect(composed?.mail?.text).toContain(at(link.receipt))
    expect(composed?.mail?.text).toContain('Ads: Shop')

    const page = await new Visitor().go(at(link.receipt))
    expect(page.html).toContain('receipt@client.example')
    const ids = [...page.html.matchAll(/revoke\/([0-9a-f-]{36})/g)].map(([, id]) => id)
    expect(ids).toHaveLength(2)
    const revoke = (id = '', fields: Record<string, string> = { sure: '1' }) =>
      new Visitor().post(at(`${link.receipt}/revoke/${id}`), fields)
    expect((await revoke(ids[0], {})).html).toContain('Please tick the box first')
    expect((await revoke(ids[0])).html).toContain('other data sources on this page still use it')
    const last = await revoke(ids[1])
    expect(last.html).toContain('it was revoked at Google too')
    expect(google.revoked).toContain('canary-refresh-person-receipt')
    expect((await revoke(ids[1])).html).toContain('It was revoked before')
    expect((await events(link)).filter(([kind]) => kind === 'source.revoked')).toHaveLength(2)
    const told = await deliveries(link, 'source-revoked')
    expect(told).toHaveLength(2)
    const message = await composeSourceRevoked(stage.services, told[0] as never)
    expect(message?.slack?.text).toContain('The source owner revoked Ads')
    const [connection] = await db.sql`select status, credential_sealed from connection
      where identity = 'person-receipt'`
    expect(connection).toMatchObject({ status: 'removed', credentialSealed: null })
  })
  it('revokes nothing that another link connected, also of the same agency', async () => {
    const finished = async (person: string, orgId: string | null = null) => {
      google.signsIn = { sub: person, email: `${person}@client.example`, scopes: null }
      const link = await issueLink(stage, { connectorIds: ['ads'], orgId })
      const owner = new Visitor()
      const picker = await owner.post(at(`${link.path}/continue`))
      await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
      return link
    }
    const one = await finished('person-one')
    for (const other of [await finished('person-two', one.orgId), await finished('person-three')]) {
      const [source] = await db.sql`select id from source where request_id = ${other.requestId}`
      const target = at(`${one.receipt}/revoke/${source?.id}`)
      expect((await new Visitor().request(target)).status).toBe(303)
      expect((await new Visitor().post(target, { sure: '1' })).status).toBe(404)
      const [after] = await db.sql`select status from source where id = ${source?.id}`
      expect(after?.status).toBe('connected')
    }
    expect((await new Visitor().post(at(`${one.receipt}/revoke/nonsense`), { sure: '1' })).status).toBe(404)
  })
})
