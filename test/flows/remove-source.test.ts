/** Removing a source, and ending the connection nothing needs any more; and the words a source is shown in. */
import nock from 'nock'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allConnectors } from '../../connectors/index.ts'
import { endConnection } from '../../flows/end-connection.ts'
import { stateOf } from '../../flows/overview.ts'
import { removeSource } from '../../flows/remove-source.ts'
import { placeOf } from '../../flows/renewal.ts'
import type { Services } from '../../flows/services.ts'
import type { Db } from '../../storage/db.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, type Sent } from '../support/reading.ts'
import { makeClient, makeConnection, makeSource } from '../support/see.ts'

let db: Db
let services: Services
let orgId: string
let clientId: string
const sent: Sent[] = []
const { signal } = new AbortController()

beforeAll(async () => {
  db = (await freshDatabase()).db
  services = readingServices(db, allConnectors, sent)
})
beforeEach(async () => {
  sent.length = 0
  const [org] = await db.sql<{ id: string }[]>`insert into org (name) values ('Agency') returning id`
  orgId = org?.id ?? ''
  clientId = await makeClient(db, orgId, 'Acme')
})

/** With a credential, as after Finish. */
async function connected(identity: string, of = orgId): Promise<string> {
  const connectionId = await makeConnection(db, of, { identity })
  const credential = JSON.stringify({ accessToken: 'at', refreshToken: 'refresh-it', expiresAt: null })
  const sealed = services.vault.seal(credential, placeOf({ orgId: of, connectionId }))
  await db.sql`update connection set credential_sealed = ${sealed} where id = ${connectionId}`
  return connectionId
}

const source = (connectionId: string, name: string) => makeSource(db, orgId, { clientId, connectionId, name })
const remove = (sourceId: string) => removeSource(services, { orgId, sourceId, by: 'slack:U1' })
const stateIn = async (connectionId: string) => {
  const [row] = await db.sql`select status, credential_sealed from connection where id = ${connectionId}`
  return { status: row?.status, held: row?.credentialSealed !== null }
}
const revocation = () => nock('https://oauth2.googleapis.com').post('/revoke', { token: 'refresh-it' })

describe('removing', () => {
  test('the first of two leaves the connection; the last one ends it; a second press is told so', async () => {
    const connectionId = await connected('remove')
    const [a, b] = [await source(connectionId, 'A'), await source(connectionId, 'B')]
    await db.sql`
      insert into sync_run (org_id, source_id, kind, key, from_day, to_day)
      values (${orgId}, ${a}, 'backfill', '2026-10', '2026-10-01', '2026-10-31')`
    expect(await remove(a)).toMatchObject({ kind: 'removed', accountName: 'A', last: false })
    expect(await db.sql`select status from sync_run where source_id = ${a}`).toEqual([{ status: 'stopped' }])
    expect(sent).toEqual([])
    expect(await remove(b)).toMatchObject({ kind: 'removed', last: true })
    expect(sent).toEqual([{ name: 'end-connection', payload: { orgId, connectionId }, key: connectionId }])
    expect(await remove(b)).toEqual({ kind: 'removed-before' })
  })

  test('twelve presses at once remove once', async () => {
    const id = await source(await connected('twelve'), 'A')
    const kinds = (await Promise.all(Array.from({ length: 12 }, () => remove(id)))).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'removed')).toHaveLength(1)
    expect(sent).toHaveLength(1)
  })
})

test('the last two removed at once: one of them is the last', async () => {
  for (let round = 0; round < 10; round++) {
    sent.length = 0
    const connectionId = await connected(`pair ${round}`)
    const pair = [await source(connectionId, 'A'), await source(connectionId, 'B')]
    await Promise.all(pair.map(remove))
    expect(sent.map(({ name }) => name)).toEqual(['end-connection'])
  }
})

test('the alert about a lost account ends with the removal of its last one, and shows the others until then', async () => {
  const connectionId = await connected('alert')
  const lost = { status: 'disconnected', failure_class: 'account_lost' }
  const about = { clientId, connectionId }
  const [a, b] = [
    await makeSource(db, orgId, { ...about, name: 'A' }, lost),
    await makeSource(db, orgId, { ...about, name: 'B' }, lost),
  ]
  await source(connectionId, 'Works')
  await db.sql`
    insert into incident (org_id, connection_id, kind, failure_class)
    values (${orgId}, ${connectionId}, 'accounts', 'account_lost')`
  const state = async () => {
    const [row] = await db.sql`select status from incident where connection_id = ${connectionId}`
    return row?.status
  }
  await remove(a)
  expect(await state()).toBe('open')
  expect(sent.map(({ name }) => name)).toEqual(['incident-card'])
  await remove(b)
  expect(await state()).toBe('archived')
  expect(sent.map(({ name }) => name)).toEqual(['incident-card', 'incident-card'])
})

describe('a connection nothing needs any more', () => {
  const end = (connectionId: string, last = false) =>
    endConnection(services, { orgId, connectionId, last }, signal)

  test('is withdrawn at the provider and destroyed, and its alerts are closed', async () => {
    const connectionId = await connected('alone')
    const [incident] = await db.sql<{ id: string }[]>`
      insert into incident (org_id, connection_id, kind, failure_class)
      values (${orgId}, ${connectionId}, 'connection', 'revoked') returning id`
    revocation().reply(200, {})
    expect(await end(connectionId)).toEqual({ kind: 'ended', withdrawn: 'revoked' })
    expect(await stateIn(connectionId)).toEqual({ status: 'removed', held: false })
    expect(await db.sql`select status from incident where id = ${incident?.id ?? ''}`).toEqual([
      { status: 'archived' },
    ])
    expect(sent.map(({ name }) => name)).toEqual(['incident-card'])
    expect(await end(connectionId)).toEqual({ kind: 'still-needed' })
  })

  test('is not withdrawn while another org lives on the same grant', async () => {
    const [other] = await db.sql<{ id: string }[]>`insert into org (name) values ('Other') returning id`
    await connected('shared', other?.id ?? '')
    const connectionId = await connected('shared')
    expect(await end(connectionId)).toEqual({ kind: 'ended', withdrawn: 'shared' })
    expect(await stateIn(connectionId)).toEqual({ status: 'removed', held: false })
  })

  test('is not withdrawn while its owner is about to finish another link', async () => {
    const connectionId = await connected('about to')
    const [request] = await db.sql<{ id: string }[]>`
      insert into access_request (org_id, client_id, purpose, requested_by, channel_id, status)
      values (${orgId}, ${clientId}, 'connect', 'U1', 'C1', 'started') returning id`
    await db.sql`
      with link as (
        insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by, issued_at,
          expires_at)
        values (gen_random_uuid(), ${orgId}, ${request?.id ?? ''}, '\\x01', 'k1', '\\x02', true, 'U1', now(),
          now() + interval '1 day') returning id),
      session as (
        insert into link_session (org_id, link_id, hash) select ${orgId}, id, '\\x03' from link returning id)
      insert into held_credential (org_id, link_session_id, provider, oauth_app, identity, identity_label, scopes, sealed)
      select ${orgId}, id, 'google', 'app', 'about to', 'dana', '{}', 'sealed' from session`
    expect(await end(connectionId)).toEqual({ kind: 'ended', withdrawn: 'shared' })
  })

  test('waits for a provider that is down, and is destroyed all the same in the end', async () => {
    const connectionId = await connected('slow')
    revocation().reply(503, {})
    await expect(end(connectionId)).rejects.toMatchObject({ kind: 'transient' })
    expect(await stateIn(connectionId)).toEqual({ status: 'connected', held: true })
    revocation().reply(503, {})
    expect(await end(connectionId, true)).toEqual({ kind: 'ended', withdrawn: 'unreachable' })
    expect(await stateIn(connectionId)).toEqual({ status: 'removed', held: false })
  })

  test('stays when a source hangs under it again', async () => {
    const connectionId = await connected('again')
    await source(connectionId, 'New')
    expect(await end(connectionId)).toEqual({ kind: 'still-needed' })
    expect(await stateIn(connectionId)).toEqual({ status: 'connected', held: true })
  })
})

describe('a source is shown as', () => {
  const row = (more: object) => ({
    ...{
      status: 'connected' as const,
      failureClass: null,
      delayedSince: null,
      degradedSince: null,
      slicesDone: 13,
      slicesOpen: 0,
    },
    ...more,
  })
  test.each([
    ['synced', row({})],
    ['connecting', row({ slicesDone: 0, slicesOpen: 13 })],
    ['backfilling', row({ slicesDone: 3, slicesOpen: 10 })],
    ['degraded', row({ degradedSince: new Date(0) })],
    ['resolving', row({ degradedSince: new Date(0), delayedSince: new Date(0) })],
    ['resolving', row({ delayedSince: new Date(0), slicesOpen: 1 })],
    ['reconnect', row({ status: 'disconnected', failureClass: 'revoked' })],
    ['lost-access', row({ status: 'disconnected', failureClass: 'account_lost' })],
    ['missing-permissions', row({ status: 'disconnected', failureClass: 'scope_missing' })],
    ['discontinued', row({ status: 'disconnected', failureClass: 'version_sunset' })],
    ['reconnect', row({ status: 'disconnected', failureClass: null })],
    ['paused', row({ status: 'paused', delayedSince: new Date(0) })],
  ])('%s', (state, given) => {
    expect(stateOf(given)).toBe(state)
  })
})
