import { expect, test } from 'vitest'
import { hashToken } from '../../flows/link-token.ts'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest, copyLink, resendLink } from '../../flows/request-actions.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'

const { db } = await freshDatabase()
const { services, sent } = askServices(db)

async function issue(other: Parameters<typeof wish>[1] = {}, orgId?: string) {
  const org = orgId ?? (await makeOrg(db))
  const outcome = await requestAccess(services, wish(org, other))
  if (outcome.kind !== 'issued') throw new Error(outcome.kind)
  return { orgId: org, ...outcome }
}

const statusOf = async (requestId: string) => {
  const [row] = await db.sql`
    select r.status as request, l.status as link from access_request r left join auth_link l on l.request_id = r.id
    where r.id = ${requestId} order by l.issued_at desc limit 1`
  return { ...row }
}

test('one submission makes the request, its link, the record and its messages', async () => {
  sent.length = 0
  const { orgId, requestId, linkId, url, quotaLeft } = await issue({
    owner: { email: ' dana@acme.com ', slackUserId: 'U9', name: null, timeZone: null },
  })
  const token = url.replace('https://access.agency.example/l/', '')
  expect(token).toMatch(/^lk_[\w-]{43}$/)
  const [link] = await db.sql`select *, expires_at - issued_at as life from auth_link where id = ${linkId}`
  expect(link).toMatchObject({ orgId, requestId, counts: true, status: 'issued', issuedBy: 'U1' })
  expect(hashToken(token).equals(link?.tokenHash)).toBe(true)
  const events = await db.sql`select kind, actor from audit_event where request_id = ${requestId} order by id`
  expect(events.map(({ kind }) => kind)).toEqual(['request.created', 'link.issued'])
  const messages =
    await db.sql`select channel, address, kind from delivery where link_id = ${linkId} order by channel desc`
  expect(messages.map((row) => ({ ...row }))).toEqual([
    { channel: 'mail', address: 'dana@acme.com', kind: 'access-request' },
    { channel: 'dm', address: 'U9', kind: 'access-request' },
  ])
  expect(sent.map(({ name }) => name).sort()).toEqual(['deliver', 'deliver', 'request-card'])
  expect(JSON.stringify(sent)).not.toContain(token)
  expect(quotaLeft).toBe(9)
})

test('the same submission again makes nothing', async () => {
  const orgId = await makeOrg(db)
  const one = wish(orgId)
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => requestAccess(services, one)))
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['issued', ...Array(7).fill('repeated')])
  const [count] = await db.sql`select count(*)::int as n from auth_link where org_id = ${orgId}`
  expect(count?.n).toBe(1)
})

test('a client is found again whatever the capitals, and takes the channel it was first asked for in', async () => {
  const orgId = await makeOrg(db)
  await issue({ client: { name: 'Söhne & Co' }, channelId: 'C7' }, orgId)
  await issue({ client: { name: ' SÖHNE & CO ' }, channelId: 'C8' }, orgId)
  await issue({ client: { name: 'Other' }, channelId: 'D1' }, orgId)
  const rows = await db.sql`select name, channel_id from client where org_id = ${orgId} order by created_at`
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { name: 'Söhne & Co', channelId: 'C7' },
    { name: 'Other', channelId: null },
  ])
  const [second] =
    await db.sql`select channel_id from access_request where org_id = ${orgId} order by created_at desc offset 1 limit 1`
  expect(second?.channelId).toBe('C7')
})

test.each([
  ['sources', 'none-chosen', { items: [] }],
  ['sources', 'not-offered', { items: [{ connectorId: 'nope', accountHint: '' }] }],
  ['hint', 'too-long', { items: [{ connectorId: 'ga4', accountHint: 'x'.repeat(301) }] }],
  ['client', 'missing', { client: { name: '  ' } }],
  ['client', 'unknown', { client: { id: '00000000-0000-0000-0000-000000000000' } }],
  ['note', 'too-long', { note: 'x'.repeat(501) }],
  ['owner', 'missing', { owner: { email: null, slackUserId: null, name: null, timeZone: null } }],
  [
    'owner',
    'not-one-address',
    { owner: { email: 'a@b.example, evil@x.example', slackUserId: null, name: null, timeZone: null } },
  ],
  [
    'owner',
    'not-one-address',
    {
      owner: {
        email: 'a@b.example>\r\nRCPT TO:<evil@x.example',
        slackUserId: null,
        name: null,
        timeZone: null,
      },
    },
  ],
] as const)('what a form gets wrong in %s is named: %s', async (field, why, other) => {
  const orgId = await makeOrg(db)
  const outcome = await requestAccess(services, wish(orgId, other as unknown as Parameters<typeof wish>[1]))
  expect(outcome).toEqual({ kind: 'refused', field, why })
  const [count] = await db.sql`select (select count(*) from access_request where org_id = ${orgId})::int
    + (select count(*) from client where org_id = ${orgId})::int as n`
  expect(count?.n).toBe(0)
})

test('links for others need a plan that has them; a link for oneself does not', async () => {
  const orgId = await makeOrg(db, 'starter')
  expect(await requestAccess(services, wish(orgId))).toEqual({ kind: 'plan', plan: 'starter' })
  sent.length = 0
  const own = await issue(
    { forSelf: true, owner: { email: null, slackUserId: 'U1', name: null, timeZone: null } },
    orgId,
  )
  expect(own.quotaLeft).toBe(10)
  expect(sent.map(({ name }) => name)).toEqual(['request-card'])
})

test('a newer request for the same client, owner and data sources replaces the older one', async () => {
  const orgId = await makeOrg(db)
  const client = { name: 'Acme' }
  const first = await issue({ client }, orgId)
  const other = await issue({ client, items: [{ connectorId: 'ga4', accountHint: '' }] }, orgId)
  const second = await issue({ client }, orgId)
  expect(await statusOf(first.requestId)).toEqual({ request: 'superseded', link: 'superseded' })
  expect(await statusOf(other.requestId)).toEqual({ request: 'sent', link: 'issued' })
  expect(await statusOf(second.requestId)).toEqual({ request: 'sent', link: 'issued' })
})

test('a link is resent three times at most, once per press, and that never counts', async () => {
  const { orgId, requestId, linkId } = await issue()
  const press = (before: number) => resendLink(services, { orgId, requestId, by: 'U1', before })
  const twice = await Promise.all([press(0), press(0)])
  expect(twice.map(({ kind }) => kind).sort()).toEqual(['resent', 'stale'])
  expect(await press(1)).toEqual({ kind: 'resent', left: 1 })
  expect(await press(2)).toEqual({ kind: 'resent', left: 0 })
  expect(await press(3)).toEqual({ kind: 'stale', status: 'sent' })
  const [org] = await db.sql`select cardinality(recent_links) as used from org where id = ${orgId}`
  expect(org?.used).toBe(1)
  const [mails] = await db.sql`select count(*)::int as n from delivery where link_id = ${linkId}`
  expect(mails?.n).toBe(4)
})

test('the link is shown once, and only to who asked for it', async () => {
  const { orgId, linkId, url } = await issue()
  const copy = (by: string) => copyLink(services, { orgId, linkId, by })
  expect(await copy('U2')).toEqual({ kind: 'not-again' })
  const both = await Promise.all([copy('U1'), copy('U1')])
  expect(both.map(({ kind }) => kind).sort()).toEqual(['copied', 'not-again'])
  expect(both.find(({ kind }) => kind === 'copied')).toMatchObject({ url })
})

test('a cancelled link is dead at once and still counts', async () => {
  const { orgId, requestId } = await issue()
  const press = () => cancelRequest(services, { orgId, requestId, by: 'U1' })
  expect(await press()).toEqual({ kind: 'cancelled' })
  expect(await press()).toEqual({ kind: 'stale', status: 'cancelled' })
  expect(await statusOf(requestId)).toEqual({ request: 'cancelled', link: 'cancelled' })
  const [org] = await db.sql`select cardinality(recent_links) as used from org where id = ${orgId}`
  expect(org?.used).toBe(1)
})

test('another org can do nothing with a request', async () => {
  const { requestId, linkId } = await issue()
  const orgId = await makeOrg(db)
  expect(await cancelRequest(services, { orgId, requestId, by: 'U1' })).toEqual({
    kind: 'stale',
    status: 'unknown',
  })
  expect(await copyLink(services, { orgId, linkId, by: 'U1' })).toEqual({ kind: 'not-again' })
})

test('the lifetime is the org’s, counted on the database’s clock', async () => {
  await setClock(db, '2026-03-28T22:30:00Z')
  const orgId = await makeOrg(db)
  await db.sql`update org set link_lifetime_hours = 72 where id = ${orgId}`
  expect((await issue({}, orgId)).expiresAt.toISOString()).toBe('2026-03-31T22:30:00.000Z')
  await setClock(db, null)
})
