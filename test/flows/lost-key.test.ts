/** A credential whose key is missing is staff's trouble, said once, and never the owner's. */
import { expect, test } from 'vitest'
import type { OAuthProvider } from '../../connectors/connector.ts'
import { withdraw } from '../../flows/connect/held-secret.ts'
import { endConnection } from '../../flows/end-connection.ts'
import { runSync } from '../../flows/sync.ts'
import { createVault } from '../../storage/seal.ts'
import * as runs from '../../storage/sync-runs.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, rowPerDay, type Sent, seedSource, tinyConnector } from '../support/reading.ts'

const { db } = await freshDatabase()
const sent: Sent[] = []
const tiny = tinyConnector(rowPerDay as never)
const revoke = (token: string) => ({ url: 'https://tiny.example/revoke', form: { token } })
const revocable = { ...(tiny.provider as OAuthProvider), revoke }
const services = readingServices(db, [{ ...tiny, provider: revocable }], sent)
const rotated = {
  ...services,
  vault: createVault([{ id: 'k2', secret: Buffer.alloc(32, 9) }], 'credential'),
}
const signal = new AbortController().signal

test('reading marks it late, opens one incident of staff, and goes on by itself when the key is back', async () => {
  const { orgId, sourceId } = await seedSource(services)
  const run = { sourceId, kind: 'manual' as const, key: 'm', fromDay: '2026-11-01', toDay: '2026-11-02' }
  const [runId = 0] = await runs.plan(db, orgId, [run])
  for (let n = 0; n < 3; n++)
    expect(await runSync(rotated, { orgId, runId }, signal)).toMatchObject({ kind: 'failed' })
  const incidents = await db.sql`select kind, failure_class, detail from incident where org_id = ${orgId}`
  expect(incidents).toEqual([
    { kind: 'staff', failureClass: 'app_config', detail: expect.stringContaining('SECRET_KEYS') },
  ])
  expect(sent.filter(({ name }) => name === 'deliver')).toEqual([])
  const status =
    await db.sql`select status, delayed_since is not null as late from source where org_id = ${orgId}`
  expect(status).toEqual([{ status: 'connected', late: true }])
  expect(await runSync(services, { orgId, runId }, signal)).toMatchObject({ kind: 'done' })
})

test('a connection nothing needs is destroyed all the same in the end', async () => {
  await db.sql`update connection set status = 'removed', identity = 'other'`
  const { orgId, connectionId } = await seedSource(services)
  await db.sql`update source set status = 'removed' where org_id = ${orgId}`
  await expect(endConnection(rotated, { orgId, connectionId, last: false }, signal)).rejects.toThrow()
  expect(await endConnection(rotated, { orgId, connectionId, last: true }, signal)).toEqual({
    kind: 'ended',
    withdrawn: 'unreachable',
  })
})

test('a sign-in nobody can open any more does not keep the others of its link from being given back', async () => {
  const gone = {
    ...{ id: '00000000-0000-4000-8000-000000000001', orgId: '00000000-0000-4000-8000-000000000002' },
    ...{ linkSessionId: '', provider: 'tiny', oauthApp: 'app', identity: 'nobody else', identityLabel: '' },
    ...{ scopes: [], accounts: [], trouble: {}, receivedAt: new Date(0) },
  }
  const sealed = services.vault.seal('{}', `held_credential:${gone.id}:${gone.orgId}:sealed`)
  expect(await withdraw(rotated, { ...gone, sealed }, signal)).toBe('unreachable')
})
