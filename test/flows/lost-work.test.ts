/** What fell between two chairs is found again: a message whose job is gone, a permission whose link has ended. */
import { beforeEach, expect, test } from 'vitest'
import { reconcile } from '../../flows/reconcile.ts'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'

const { db } = await freshDatabase()
const { services, sent } = askServices(db)
const orgId = await makeOrg(db)

beforeEach(async () => {
  await setClock(db, '2026-06-01T08:00:00Z')
  await db.sql`update org set recent_links = '{}'`
  await db.sql`update delivery set status = 'dropped'`
})

async function issued() {
  const outcome = await requestAccess(services, wish(orgId))
  if (outcome.kind !== 'issued') throw new Error(outcome.kind)
  return outcome
}

async function found(at: string, name: string) {
  await setClock(db, at)
  sent.length = 0
  await reconcile(services)
  return sent.filter((job) => job.name === name).map(({ payload }) => payload)
}

test('a message that nobody sends any more gets its job again, until it was tried often enough', async () => {
  const { linkId } = await issued()
  const [row] = await db.sql<{ id: string }[]>`select id from delivery where link_id = ${linkId}`
  const again = [{ orgId, deliveryId: row?.id }]
  expect(await found('2026-06-01T08:09:59Z', 'deliver')).toEqual([])
  expect(await found('2026-06-01T08:10:00Z', 'deliver')).toEqual(again)
  await db.sql`update delivery set attempts = 29 where link_id = ${linkId}`
  expect(await found('2026-06-01T08:11:00Z', 'deliver')).toEqual(again)
  await db.sql`update delivery set attempts = 30 where link_id = ${linkId}`
  expect(await found('2026-06-01T08:12:00Z', 'deliver')).toEqual([])
})

test('a permission that outlived its link is destroyed, one that may still be finished is not', async () => {
  const { requestId, linkId } = await issued()
  await db.sql`
    with session as (
      insert into link_session (org_id, link_id, hash) values (${orgId}, ${linkId}, '\\x01') returning id)
    insert into held_credential (org_id, link_session_id, provider, oauth_app, identity, identity_label, scopes, sealed)
    select ${orgId}, id, 'google', 'app', 'dana', 'dana', '{}', 'sealed' from session`
  expect(await found('2026-06-01T09:00:00Z', 'destroy-held')).toEqual([])
  await cancelRequest(services, { orgId, requestId, by: 'U1' })
  expect(await found('2026-06-01T09:09:59Z', 'destroy-held'), 'its own job comes first').toEqual([])
  expect(await found('2026-06-01T09:10:00Z', 'destroy-held')).toEqual([{ orgId, linkId }])
})
