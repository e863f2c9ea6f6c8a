/** Links end by the clock, once, however many nodes tick; fresh ones count. */
import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { expireLinks } from '../../flows/expire-links.ts'
import { freshLink } from '../../flows/fresh-link.ts'
import { quotaOf } from '../../flows/quota.ts'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'

const { db } = await freshDatabase()
const { services, sent } = askServices(db)
const START = '2026-06-01T09:00:00Z'

beforeEach(async () => {
  await setClock(db, START)
  await db.sql`update auth_link set status = 'cancelled' where status = 'issued'`
})

async function issue() {
  const orgId = await makeOrg(db)
  const outcome = await requestAccess(services, wish(orgId))
  if (outcome.kind !== 'issued') throw new Error(outcome.kind)
  sent.length = 0
  return { ...outcome, orgId }
}

async function statusOf(requestId: string) {
  const [row] = await db.sql`
    select r.status as request, r.unfinished, l.status as link from access_request r
    join auth_link l on l.request_id = r.id where r.id = ${requestId} order by l.issued_at desc limit 1`
  return { ...row }
}

/** Somebody pressed Continue and signed in, and has not finished. */
async function signIn({ orgId, linkId, requestId }: { orgId: string; linkId: string; requestId: string }) {
  const [session] = await db.sql`
    insert into link_session (org_id, link_id, hash) values (${orgId}, ${linkId}, ${randomBytes(32)}) returning id`
  await db.sql`
    insert into held_credential (org_id, link_session_id, provider, oauth_app, identity, identity_label, scopes, sealed)
    values (${orgId}, ${session?.id}, 'google', 'app', '1', 'dana@acme.com', '{}', 'v1.k1.x')`
  await db.sql`update access_request set status = 'partial' where id = ${requestId}`
}

test('a link lives to the last moment of its day and no longer', async () => {
  const link = await issue()
  await setClock(db, '2026-06-02T08:59:59.999Z')
  expect(await expireLinks(services)).toBe(0)
  await setClock(db, '2026-06-02T09:00:00Z')
  const ticks = await Promise.all(Array.from({ length: 5 }, () => expireLinks(services)))
  expect(ticks.reduce((sum, n) => sum + n)).toBe(1)
  expect(await statusOf(link.requestId)).toEqual({ request: 'expired', link: 'expired', unfinished: false })
  const told =
    await db.sql`select kind, channel, address from delivery where org_id = ${link.orgId} and kind = 'link-expired'`
  expect(told.map((row) => ({ ...row }))).toEqual([{ kind: 'link-expired', channel: 'dm', address: 'U1' }])
  expect(sent.map(({ name }) => name).sort()).toEqual(['deliver', 'request-card'])
})

test('who has signed in gets a quarter of an hour more, then it is destroyed and said', async () => {
  const link = await issue()
  await signIn(link)
  await setClock(db, '2026-06-02T09:14:59Z')
  expect(await expireLinks(services)).toBe(0)
  await setClock(db, '2026-06-02T09:15:00Z')
  expect(await expireLinks(services)).toBe(1)
  expect(await statusOf(link.requestId)).toEqual({ request: 'expired', link: 'expired', unfinished: true })
  expect(sent.find(({ name }) => name === 'destroy-held')?.payload).toEqual({
    orgId: link.orgId,
    linkId: link.linkId,
  })
  const [event] =
    await db.sql`select data from audit_event where request_id = ${link.requestId} and kind = 'request.expired'`
  expect(event?.data).toEqual({ unfinished: true })
})

test('cancelling destroys what was signed in', async () => {
  const link = await issue()
  await signIn(link)
  expect(await cancelRequest(services, { ...link, by: 'U1' })).toEqual({ kind: 'cancelled' })
  expect(sent.map(({ name }) => name)).toContain('destroy-held')
})

test('a fresh link goes to the same owner, counts, and comes once however often it is asked for', async () => {
  const link = await issue()
  expect(await freshLink(services, { ...link, by: 'owner' })).toEqual({ kind: 'stale', status: 'sent' })
  await setClock(db, '2026-06-02T09:00:00Z')
  await expireLinks(services)
  const asked = await Promise.all(
    Array.from({ length: 6 }, () => freshLink(services, { ...link, by: 'owner' })),
  )
  expect(asked.map(({ kind }) => kind).sort()).toEqual(['issued', ...Array(5).fill('stale')])
  expect(await statusOf(link.requestId)).toEqual({ request: 'sent', link: 'issued', unfinished: false })
  expect(await quotaOf(db, link.orgId)).toMatchObject({ used: 1 })
  const [links] = await db.sql`select count(*)::int as n from auth_link where request_id = ${link.requestId}`
  expect(links?.n).toBe(2)
})

test('a fresh link over the quota is refused with the next free time, or waits in line', async () => {
  const link = await issue()
  await cancelRequest(services, { ...link, by: 'U1' })
  await setClock(db, '2026-06-01T09:30:00Z')
  for (let n = 0; n < 9; n++) await requestAccess(services, wish(link.orgId))
  expect(await freshLink(services, { ...link, by: 'U1' })).toEqual({
    kind: 'quota-reached',
    nextSlot: new Date('2026-06-01T10:00:00Z'),
  })
  expect(await freshLink(services, { ...link, by: 'owner', ifFull: 'queue' })).toMatchObject({
    kind: 'queued',
    position: 1,
  })
  expect(await freshLink(services, { ...link, by: 'owner' })).toEqual({ kind: 'stale', status: 'queued' })
})

test('cancel and Finish at the same moment: one of them wins, never both', async () => {
  for (let round = 0; round < 25; round++) {
    const link = await issue()
    const finish = db.sql`
      update auth_link set status = 'finished' where id = ${link.linkId} and status = 'issued' returning id`
    const [cancelled, finished] = await Promise.all([cancelRequest(services, { ...link, by: 'U1' }), finish])
    expect([cancelled.kind === 'cancelled', finished.length === 1].filter(Boolean)).toHaveLength(1)
  }
})

test('a declined request stays declined, and its card learns that the link is over', async () => {
  const link = await issue()
  await db.sql`update access_request set status = 'declined' where id = ${link.requestId}`
  await setClock(db, '2026-06-02T09:00:00Z')
  sent.length = 0
  expect(await expireLinks(services)).toBe(1)
  expect(await statusOf(link.requestId)).toMatchObject({ request: 'declined', link: 'expired' })
  expect(sent).toEqual([{ name: 'request-card', payload: { orgId: link.orgId, requestId: link.requestId } }])
})
