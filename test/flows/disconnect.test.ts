/** What a provider's refusal does: once, however many notice it, and never for trouble that passes. */
import { expect, test } from 'vitest'
import type { FailureClass } from '../../connectors/connector.ts'
import { noteFailure } from '../../flows/disconnect.ts'
import { checkAccounts, secondLooks } from '../../flows/second-look.ts'
import * as connections from '../../storage/connections.ts'
import * as incidents from '../../storage/incidents.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { condemn, failure, jobsNamed, openScene, type Scene } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const signal = new AbortController().signal

const down = async ({ orgId }: Scene) => {
  const rows = await db.sql<{ id: string }[]>`
    select id from source where org_id = ${orgId} and status = 'disconnected' order by id`
  return rows.map(({ id }) => id)
}
const note = (scene: Scene, kind: FailureClass, sourceId: string | null = null) =>
  noteFailure(scene.services, {
    ...{ orgId: scene.orgId, connectionId: scene.connectionId, sourceId, error: failure(kind) },
  })
const opened = ({ orgId, connectionId }: Scene) => incidents.openOf(db, orgId, connectionId)

test('fifty jobs that hear the final refusal at once disconnect once, open one incident and ask for one card', async () => {
  const scene = await openScene(db, { a1: ['Acme', 'Beta'], a2: ['Acme'] })
  await condemn(scene.services, scene.connectionId)
  await Promise.all(Array.from({ length: 50 }, () => note(scene, 'revoked')))
  expect(await opened(scene)).toMatchObject([{ kind: 'connection', status: 'open', failureClass: 'revoked' }])
  expect(await down(scene)).toHaveLength(3)
  expect(jobsNamed(scene.sent, 'incident-card')).toHaveLength(1)
  const events = await db.sql`
    select kind from audit_event where org_id = ${scene.orgId} and kind like '%disconnected'`
  expect(events).toHaveLength(1)
  const mails = await db.sql`select address from delivery where org_id = ${scene.orgId} and kind = 'alert'`
  expect(mails.map(({ address }) => address)).toEqual(['ada@agency.example'])
})

test('a refusal heard before somebody authorised again disconnects nothing', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await note(scene, 'revoked') // the row carries no confirmed refusal any more
  expect(await down(scene)).toEqual([])
  expect(await opened(scene)).toEqual([])
})

test.each<FailureClass>(['transient', 'rate_limited', 'unknown', 'consent_failed'])(
  '%s delays the source and disconnects nothing',
  async (kind) => {
    const scene = await openScene(db, { a1: ['Acme'] })
    await note(scene, kind, scene.sources['a1/Acme'])
    await note(scene, kind)
    expect(await opened(scene)).toEqual([])
    expect(scene.sent).toEqual([])
    const [row] = await db.sql`select status, delayed_since from source where org_id = ${scene.orgId}`
    expect(row).toMatchObject({ status: 'connected', delayedSince: expect.any(Date) })
  },
)

test('a refused account is lost only when the account list no longer shows it', async () => {
  const scene = await openScene(db, { a1: ['Acme', 'Beta'], a2: ['Acme'] })
  for (const id of Object.values(scene.sources)) await note(scene, 'account_lost', id)
  expect(await opened(scene)).toEqual([])
  expect(jobsNamed(scene.sent, 'check-accounts').length).toBeGreaterThan(0)

  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene), 'the list still shows both').toEqual([])

  scene.answers.listed = 'transient'
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene), 'a list that cannot be read proves nothing').toEqual([])

  scene.answers.listed = ['a2']
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene)).toEqual([scene.sources['a1/Acme'], scene.sources['a1/Beta']].sort())
  expect(await opened(scene)).toMatchObject([{ kind: 'accounts', failureClass: 'account_lost' }])
  expect((await connections.byId(db, scene.orgId, scene.connectionId))?.status).toBe('connected')
})

test('a provider that refuses the whole list is heard on what to do about it', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await note(scene, 'account_lost', scene.sources['a1/Acme'])
  scene.answers.listed = failure('account_lost', 'Settle the open bill, then it goes on.')
  await checkAccounts(scene.services, scene, signal)
  const refused = {
    detail: 'the provider says account_lost',
    ownerAction: 'Settle the open bill, then it goes on.',
  }
  expect(await opened(scene)).toMatchObject([{ kind: 'accounts', failureClass: 'account_lost', ...refused }])
})

test('an account that is listed, and refused until its owner does something, is lost with what to do', async () => {
  const scene = await openScene(db, { a1: ['Acme', 'Beta'], a2: ['Acme'], a3: ['Acme'] })
  for (const source of ['a1/Acme', 'a1/Beta', 'a2/Acme', 'a3/Acme'])
    await note(scene, 'account_lost', scene.sources[source])
  scene.answers.reports = {
    a1: failure('account_lost', 'Switch the second factor on, then it goes on.'),
    a2: failure('transient', 'Wait a little.'),
  }
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene)).toEqual([scene.sources['a1/Acme'], scene.sources['a1/Beta']].sort())
  expect(await opened(scene)).toMatchObject([
    { kind: 'accounts', ownerAction: 'Switch the second factor on, then it goes on.' },
  ])
})

test('an account that is not listed any more is lost with what its report says can be done', async () => {
  const scene = await openScene(db, { a1: ['Acme'], a2: ['Acme'] })
  for (const source of ['a1/Acme', 'a2/Acme']) await note(scene, 'account_lost', scene.sources[source])
  scene.answers.listed = []
  scene.answers.reports = { a1: failure('account_lost', 'Share the sheet again.') }
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene)).toHaveLength(2)
  const rows = await db.sql`
    select account_id, detail from source where org_id = ${scene.orgId} order by account_id`
  expect(rows).toMatchObject([
    { detail: 'the provider says account_lost' },
    { detail: 'not in the list of accounts this login can see' },
  ])
})

test('a credential that dies while reports are asked for costs no account', async () => {
  const scene = await openScene(db, { a1: ['Acme', 'Beta'], a2: ['Acme'] })
  for (const source of ['a1/Acme', 'a1/Beta']) await note(scene, 'account_lost', scene.sources[source])
  scene.answers.listed = ['a2']
  scene.answers.reports = { a1: 'revoked' }
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene)).toEqual([])
  expect(scene.answers.probed, 'one probe for both clients').toEqual(['a1'])
})

test('an account that only vanished from the list, while its reports still come, stays connected', async () => {
  const scene = await openScene(db, { a1: ['Acme'], a2: ['Acme'] })
  scene.answers.listed = []
  await note(scene, 'account_lost', scene.sources['a1/Acme'])
  await checkAccounts(scene.services, scene, signal)
  expect(await down(scene)).toEqual([scene.sources['a1/Acme']])
})

test('a missing permission takes the sources of that connector and opens its own incident', async () => {
  const scene = await openScene(db, { a1: ['Acme'], a2: ['Beta'] })
  await note(scene, 'scope_missing', scene.sources['a1/Acme'])
  await note(scene, 'scope_missing', scene.sources['a2/Beta'])
  expect(await down(scene)).toHaveLength(2)
  expect(await opened(scene)).toMatchObject([{ kind: 'scope' }])
  expect(jobsNamed(scene.sent, 'incident-card')).toHaveLength(1)
})

test('what only staff can mend opens an incident of theirs, mails nobody and ends by itself', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await note(scene, 'app_config', scene.sources['a1/Acme'])
  await note(scene, 'app_config')
  expect(await opened(scene)).toMatchObject([{ kind: 'staff', failureClass: 'app_config' }])
  expect(await down(scene)).toEqual([])
  expect(jobsNamed(scene.sent, 'deliver')).toEqual([])

  await secondLooks(scene.services)
  expect(await opened(scene)).toHaveLength(1)
  await db.sql`update source set delayed_since = null where org_id = ${scene.orgId}`
  await secondLooks(scene.services)
  expect(await opened(scene)).toEqual([])
})

test('three days without data become a staff incident, a day less does not', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await setClock(db, '2026-11-20T12:00:00Z')
  await note(scene, 'transient', scene.sources['a1/Acme'])
  await setClock(db, '2026-11-23T11:59:00Z')
  await secondLooks(scene.services)
  expect(await opened(scene)).toEqual([])
  await setClock(db, '2026-11-23T12:00:00Z')
  await secondLooks(scene.services)
  await secondLooks(scene.services)
  expect(await opened(scene)).toMatchObject([{ kind: 'staff', failureClass: 'transient' }])
  await setClock(db, null)
})

test('a first refusal is looked at again only after a minute', async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  await db.sql`update connection set suspected_at = latchkey.clock() - interval '59 seconds' where id = ${scene.connectionId}`
  await secondLooks(scene.services)
  expect(jobsNamed(scene.sent, 'second-look')).toEqual([])
  await db.sql`update connection set suspected_at = latchkey.clock() - interval '60 seconds' where id = ${scene.connectionId}`
  await secondLooks(scene.services)
  expect(jobsNamed(scene.sent, 'second-look')).toMatchObject([{ key: scene.connectionId }])
  await db.sql`update connection set suspected_at = null where id = ${scene.connectionId}`
})

test('more trouble of one kind leaves what is under way about another alone', async () => {
  const scene = await openScene(db, { a1: ['Acme'], a2: ['Beta'] })
  const { orgId, connectionId } = scene
  await note(scene, 'app_config', scene.sources['a1/Acme'])
  await db.sql`
    insert into incident (org_id, connection_id, kind, failure_class, status) values
      (${orgId}, ${connectionId}, 'accounts', 'account_lost', 'reconnecting'),
      (${orgId}, ${connectionId}, 'scope', 'scope_missing', 'verifying')`
  await note(scene, 'app_config', scene.sources['a1/Acme'])
  const states = async () => (await opened(scene)).map(({ kind, status }) => `${kind} ${status}`).sort()
  expect(await states()).toEqual(['accounts reconnecting', 'scope verifying', 'staff open'])
  await note(scene, 'scope_missing', scene.sources['a2/Beta'])
  expect(await states(), 'what looked mended has failed').toEqual([
    'accounts reconnecting',
    'scope open',
    'staff open',
  ])
  await db.sql`update incident set status = 'verifying' where org_id = ${orgId} and kind = 'scope'`
  await condemn(scene.services, connectionId)
  await note(scene, 'revoked')
  expect(await states(), 'a dead connection proves nothing').toEqual([
    'accounts reconnecting',
    'connection open',
    'scope open',
    'staff open',
  ])
})
