/** Reminders: at most two, by day where the owner lives, and none once somebody pressed Continue. */
import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { isDaytime, sendNudges } from '../../flows/nudge.ts'
import { requestAccess, type Wish } from '../../flows/request-access.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'

const { db } = await freshDatabase()
const { services } = askServices(db)

beforeEach(async () => {
  await db.sql`update auth_link set status = 'cancelled' where status = 'issued'`
})

/** Issued at `at` (UTC) to an owner in `timeZone`, and delivered. */
async function issue(at: string, timeZone: string | null, other: Partial<Wish> = {}) {
  await setClock(db, at)
  const orgId = await makeOrg(db)
  const owner = { email: 'dana@acme.com', slackUserId: null, name: null, timeZone }
  const outcome = await requestAccess(services, wish(orgId, { owner, ...other }))
  if (outcome.kind !== 'issued') throw new Error(outcome.kind)
  await db.sql`update delivery set status = 'sent' where link_id = ${outcome.linkId}`
  return { orgId, ...outcome }
}

async function nudgesAt(at: string): Promise<number> {
  await setClock(db, at)
  const sent = await Promise.all([sendNudges(services), sendNudges(services), sendNudges(services)])
  return sent.reduce((sum, n) => sum + n)
}

const reminders = async (linkId: string) => {
  const rows =
    await db.sql`select kind from delivery where link_id = ${linkId} and kind like 'nudge%' order by created_at`
  return rows.map(({ kind }) => kind)
}

test('four hours unopened, then three hours before the end, each once', async () => {
  const { linkId } = await issue('2026-06-01T08:00:00Z', 'Europe/Berlin')
  expect(await nudgesAt('2026-06-01T11:59:59Z')).toBe(0)
  expect(await nudgesAt('2026-06-01T12:00:00Z')).toBe(1)
  expect(await nudgesAt('2026-06-01T17:00:00Z')).toBe(0)
  expect(await nudgesAt('2026-06-02T04:59:00Z')).toBe(0)
  expect(await nudgesAt('2026-06-02T06:00:00Z')).toBe(1)
  expect(await nudgesAt('2026-06-02T07:00:00Z')).toBe(0)
  expect(await reminders(linkId)).toEqual(['nudge-unopened', 'nudge-expiry'])
})

test('at night it waits for eight in the morning where the owner lives', async () => {
  const { linkId } = await issue('2026-06-01T05:00:00Z', 'America/Los_Angeles')
  expect(await nudgesAt('2026-06-01T09:00:00Z')).toBe(0)
  expect(await nudgesAt('2026-06-01T14:59:00Z')).toBe(0)
  expect(await nudgesAt('2026-06-01T15:00:00Z')).toBe(1)
  expect(await reminders(linkId)).toEqual(['nudge-unopened'])
})

test('the zone of the org counts where the owner’s is unknown', async () => {
  await issue('2026-06-01T15:00:00Z', null)
  expect(await nudgesAt('2026-06-01T19:00:00Z')).toBe(0)
  expect(await nudgesAt('2026-06-02T06:00:00Z')).toBe(1)
})

test('when both are due only the later one is sent', async () => {
  const { linkId } = await issue('2026-06-01T17:00:00Z', 'Pacific/Auckland')
  await db.sql`update auth_link set expires_at = '2026-06-01T23:00:00Z' where id = ${linkId}`
  expect(await nudgesAt('2026-06-01T21:00:00Z')).toBe(1)
  expect(await nudgesAt('2026-06-01T22:00:00Z')).toBe(0)
  expect(await reminders(linkId)).toEqual(['nudge-expiry'])
})

test('Continue stops them', async () => {
  const { orgId, linkId } = await issue('2026-06-01T08:00:00Z', 'Europe/Berlin')
  await db.sql`insert into link_session (org_id, link_id, hash) values (${orgId}, ${linkId}, ${randomBytes(32)})`
  expect(await nudgesAt('2026-06-01T13:00:00Z')).toBe(0)
})

test.each([
  ['a member’s own link', { forSelf: true }, 'sent'],
  ['a link whose mail bounced', {}, 'refused'],
])('%s gets none', async (_what, other, status) => {
  const { linkId } = await issue('2026-06-01T08:00:00Z', 'Europe/Berlin', other)
  await db.sql`update delivery set status = ${status} where link_id = ${linkId}`
  await db.sql`insert into delivery (org_id, kind, channel, address, link_id, dedupe_key, status)
    select org_id, 'mail-refused', 'dm', 'U1', id, 'told', 'sent' from auth_link where id = ${linkId}`
  expect(await nudgesAt('2026-06-01T13:00:00Z')).toBe(0)
})

test('daytime is eight to twenty, also across a change of the clocks', () => {
  expect(isDaytime(new Date('2026-03-29T05:59:59Z'), 'Europe/Berlin')).toBe(false)
  expect(isDaytime(new Date('2026-03-29T06:00:00Z'), 'Europe/Berlin')).toBe(true)
  expect(isDaytime(new Date('2026-03-28T06:30:00Z'), 'Europe/Berlin')).toBe(false)
  expect(isDaytime(new Date('2026-06-01T18:00:00Z'), 'Europe/Berlin')).toBe(false)
  expect(isDaytime(new Date('2026-06-01T12:00:00Z'), 'No/Where')).toBe(true)
})

test('links at night, however many end sooner, keep nobody by day waiting', async () => {
  const asleep = await issue('2026-06-01T08:00:00Z', 'Pacific/Auckland')
  await db.sql`
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by, issued_at,
      expires_at)
    select gen_random_uuid(), ${asleep.orgId}, ${asleep.requestId}, sha256(n::text::bytea), 'k1',
      sha256(('r' || n)::bytea), true, 'U1', '2026-06-01T08:00:00Z', '2026-06-02T07:00:00Z'
    from generate_series(1, 600) n`
  await db.sql`
    insert into delivery (org_id, kind, channel, address, link_id, dedupe_key, status)
    select ${asleep.orgId}, 'access-request', 'mail', 'dana@acme.com', id, 'asleep ' || id, 'sent'
    from auth_link where request_id = ${asleep.requestId}`
  const awake = await issue('2026-06-01T08:01:00Z', 'Europe/Berlin')
  expect(await nudgesAt('2026-06-01T12:02:00Z')).toBe(1)
  expect(await reminders(awake.linkId)).toEqual(['nudge-unopened'])
})
