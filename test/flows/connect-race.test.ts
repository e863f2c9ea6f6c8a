import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { arrive, concludeTrip } from '../../flows/connect/consent.ts'
import { destroyHeld } from '../../flows/connect/destroy-held.ts'
import { finish } from '../../flows/connect/finish.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import type { Db } from '../../storage/db.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { picks, Visitor } from '../web/browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeProvider,
  issueLink,
  type Link,
  openStage,
  type Stage,
} from '../web/stage.ts'

const { db, url } = await freshDatabase()
const run = promisify(execFile)
let google: FakeServer
let stage: Stage

beforeAll(async () => {
  google = await fakeAuthorisationServer()
  const accounts = ['a1', 'a2', 'a3'].map((id) => ({ id, name: id }))
  stage = await openStage(db, [fakeConnector('ads', fakeProvider('google', google), accounts)])
})
afterAll(async () => {
  await Promise.all([stage.close(), google.close()])
})

/** A link whose owner has signed in and ticked everything. */
async function readyToFinish(person: string) {
  google.signsIn = { sub: person, email: `${person}@client.example`, scopes: null }
  const link = await issueLink(stage, { connectorIds: ['ads'] })
  const owner = new Visitor()
  const picker = await owner.post(`${stage.origin}${link.path}/continue`)
  const { form, held, pick } = picks(picker.html, 'all')
  const cookie = [...owner.jar.values()][0] ?? ''
  const sent = { form: String(form), heldIds: [held ?? []].flat(), picked: [pick ?? []].flat() }
  return { link, token: link.path.slice(3), cookie, picks: sent }
}

async function made({ orgId, requestId, linkId }: Link) {
  const [row] = await db.sql`
    select (select count(*)::int from connection where org_id = ${orgId}) as connections,
           (select count(*)::int from source where request_id = ${requestId}) as sources,
           (select count(distinct source_id)::int from sync_run where org_id = ${orgId}) as backfills,
           (select count(*)::int from audit_event where request_id = ${requestId} and kind = 'request.finished') as said,
           (select count(*)::int from delivery where link_id = ${linkId} and kind = 'receipt') as receipts`
  return row
}

describe('Finish', () => {
  it('pressed 200 times at once in 4 processes creates exactly one set of data sources', async () => {
    const ready = await readyToFinish('person-race')
    const task = JSON.stringify({ url, ...ready, times: 50 })
    const children = await Promise.all(
      Array.from({ length: 4 }, () =>
        run(process.execPath, [new URL('../support/finish-child.ts', import.meta.url).pathname, task]),
      ),
    )
    const words = children.flatMap(({ stdout }) => JSON.parse(stdout) as string[])
    expect(words).toHaveLength(200)
    expect(words.filter((word) => word === 'won finished')).toHaveLength(1)
    expect(words.filter((word) => word === 'finished')).toHaveLength(199)
    expect(await made(ready.link)).toEqual({ connections: 1, sources: 3, backfills: 3, said: 1, receipts: 1 })
  })

  it('and Cancel at the same moment: one of them happens, never both', async () => {
    const results: string[] = []
    for (let round = 0; round < 20; round++) {
      const { link, token, cookie, picks: sent } = await readyToFinish(`person-${round}`)
      const cancel = () =>
        cancelRequest(stage.services, { orgId: link.orgId, requestId: link.requestId, by: 'U1' })
      const [done, cancelled] = (await Promise.all(
        round % 2
          ? [finish(stage.services, token, [cookie], sent), cancel()]
          : [cancel(), finish(stage.services, token, [cookie], sent)].reverse(),
      )) as [Awaited<ReturnType<typeof finish>>, Awaited<ReturnType<typeof cancel>>]
      const [row] = await db.sql`select r.status as request, l.status as link,
        (select count(*)::int from source where request_id = r.id) as sources
        from access_request r join auth_link l on l.request_id = r.id where r.id = ${link.requestId}`
      const won = done.kind === 'finished'
      expect(won).not.toBe(cancelled.kind === 'cancelled')
      expect(row).toEqual(
        won
          ? { request: 'finished', link: 'finished', sources: 3 }
          : { request: 'cancelled', link: 'cancelled', sources: 0 },
      )
      results.push(won ? 'finish' : 'cancel')
    }
    expect(results).toHaveLength(20)
  })
})

/** Services in which something happens after Finish has looked and before it acts. */
function justBefore(happens: () => Promise<unknown>): typeof stage.services {
  const { db: whole } = stage.services
  const transaction: Db['transaction'] = async (work) => {
    await happens()
    return whole.transaction(work)
  }
  return { ...stage.services, db: { ...whole, transaction } }
}

describe('Finish, when just before it acts', () => {
  it('its link session is closed, spends nothing', async () => {
    const { link, token, cookie, picks: sent } = await readyToFinish('pushed')
    const services = justBefore(
      () => db.sql`update link_session set closed_at = now() where link_id = ${link.linkId}`,
    )
    expect((await finish(services, token, [cookie], sent)).kind).toBe('stale')
    expect(await made(link)).toMatchObject({ sources: 0, said: 0 })
  })

  it('the quarter of an hour after expiry is over, spends nothing', async () => {
    const { link, token, cookie, picks: sent } = await readyToFinish('slow')
    const services = justBefore(() => setClock(db, new Date(Date.now() + (24 * 60 + 16) * 60_000)))
    try {
      expect((await finish(services, token, [cookie], sent)).kind).toBe('not-open')
      expect(await made(link)).toMatchObject({ sources: 0, said: 0 })
    } finally {
      await setClock(db, null)
    }
  })
})

/** Like pressing Continue and agreeing, up to where the provider's answer is on its way to us. */
async function underWay(owner: Visitor, { path }: Link) {
  const left = await owner.post(`${stage.origin}${path}/continue`, {}, '/authorize')
  const state = new URL(left.url).searchParams.get('state')
  const arrival = await arrive(stage.services, {
    ...{ provider: 'google', state, issuer: null, cookies: [...owner.jar.values()] },
  })
  if (arrival.kind !== 'taken') throw new Error(arrival.kind)
  return (person: string) =>
    concludeTrip(stage.services, arrival.taken, {
      ...{ kind: 'granted', accessToken: `access of ${person}`, refreshToken: `refresh of ${person}` },
      ...{ expiresInSeconds: 3600, grantExpiresInSeconds: null, site: '', scopes: null, raw: {} },
      idToken: { sub: person, email: `${person}@client.example` },
    })
}

const heldOf = ({ linkId }: Link) =>
  db.sql`select identity from held_credential h join link_session s on s.id = h.link_session_id
    where s.link_id = ${linkId}`

describe('a sign-in that comes back late', () => {
  it('is given back when the link was cancelled meanwhile', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const comesBack = await underWay(new Visitor(), link)
    await cancelRequest(stage.services, { orgId: link.orgId, requestId: link.requestId, by: 'U1' })
    await destroyHeld(stage.services, link, AbortSignal.timeout(5_000))
    await comesBack('late')
    expect(await heldOf(link)).toEqual([])
    expect(google.revoked).toContain('refresh of late')
  })

  it('is given back when another tab finished meanwhile', async () => {
    const { link, token, cookie, picks: sent } = await readyToFinish('early')
    const owner = new Visitor()
    owner.jar.set('ls_any', cookie)
    const comesBack = await underWay(owner, link)
    expect((await finish(stage.services, token, [cookie], sent)).kind).toBe('finished')
    await comesBack('latecomer')
    expect(await heldOf(link)).toEqual([])
    expect(google.revoked).toContain('refresh of latecomer')
    expect(google.revoked).not.toContain('canary-refresh-early')
  })

  it('replaces the one Finish was pressed for, and spends nothing', async () => {
    const { link, token, cookie, picks: sent } = await readyToFinish('first')
    const owner = new Visitor()
    owner.jar.set('ls_any', cookie)
    const comesBack = await underWay(owner, link)
    const services = justBefore(() => comesBack('second'))
    expect((await finish(services, token, [cookie], sent)).kind).toBe('stale')
    expect(await made(link)).toMatchObject({ connections: 0, sources: 0, said: 0 })
    expect(await heldOf(link)).toEqual([{ identity: 'second' }])
    expect(google.revoked).toContain('canary-refresh-first')
  })
})
