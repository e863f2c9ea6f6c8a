/** Providers whose refusals come and go: only ones that last count. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { lookAgain, withCredential } from '../../flows/credential.ts'
import * as connections from '../../storage/connections.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, type Seeded, seedSource } from '../support/reading.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())
const usual = remoteConnector(tiny.origin)
const patient = { ...usual, provider: { ...usual.provider, refusalSeconds: 900 } }
const signal = new AbortController().signal
const services = { usual: readingServices(db, [usual]), patient: readingServices(db, [patient]) }
const START = Date.now()
const at = (seconds: number) => setClock(db, new Date(START + seconds * 1000))

beforeEach(async () => {
  await at(0)
  Object.assign(tiny.mode, { token: 'rotate', api: 'check' })
  tiny.valid = new Set(['access-0'])
})

const call = (who: 'usual' | 'patient', { orgId, connectionId }: Seeded) => {
  const connector = who === 'usual' ? usual : patient
  return withCredential(services[who], { orgId, connectionId, connector }, signal, (context) =>
    context.call({ url: `${tiny.origin}/accounts` }),
  )
}
/** A key: nothing to renew. */
async function seedKey(who: 'usual' | 'patient'): Promise<Seeded> {
  const seeded = await seedSource(services[who], { expiresAt: null })
  const place = `connection:${seeded.connectionId}:${seeded.orgId}:credential`
  const key = { accessToken: 'access-0', refreshToken: null, expiresAt: null }
  const sealed = services[who].vault.seal(JSON.stringify(key), place)
  await db.sql`update connection set credential_sealed = ${sealed} where id = ${seeded.connectionId}`
  return seeded
}
const suspectedAt = async ({ orgId, connectionId }: Seeded) =>
  (await connections.byId(db, orgId, connectionId))?.suspectedAt

test('a key refused for a minute is dead, but not where the provider refuses good ones now and then', async () => {
  const [impatient, patiently] = [await seedKey('usual'), await seedKey('patient')]
  tiny.mode.api = 'refuse'
  for (const [who, seeded] of [['usual', impatient] as const, ['patient', patiently] as const])
    await expect(call(who, seeded)).rejects.toMatchObject({ kind: 'transient' })
  await at(61)
  await expect(call('usual', impatient)).rejects.toMatchObject({ kind: 'revoked' })
  await expect(call('patient', patiently)).rejects.toMatchObject({ kind: 'transient' })
  await at(899)
  await expect(call('patient', patiently)).rejects.toMatchObject({ kind: 'transient' })
  await at(900)
  await expect(call('patient', patiently)).rejects.toMatchObject({ kind: 'revoked' })
})

test('one good answer in between starts the wait anew', async () => {
  const seeded = await seedKey('patient')
  tiny.mode.api = 'refuse'
  await expect(call('patient', seeded)).rejects.toMatchObject({ kind: 'transient' })
  await at(600)
  tiny.mode.api = 'check'
  await lookAgain(services.patient, seeded)
  expect(await suspectedAt(seeded)).toBeNull()
  tiny.mode.api = 'refuse'
  await at(1_000)
  await expect(call('patient', seeded)).rejects.toMatchObject({ kind: 'transient' })
  expect(await suspectedAt(seeded)).toEqual(new Date(START + 1_000_000))
})

test('a token that is extended by itself and comes back unchanged confirms nothing by that', async () => {
  const seeded = await seedKey('usual')
  const place = `connection:${seeded.connectionId}:${seeded.orgId}:credential`
  const token = { accessToken: 'access-0', refreshToken: 'access-0', expiresAt: null }
  const sealed = services.usual.vault.seal(JSON.stringify(token), place)
  await db.sql`update connection set credential_sealed = ${sealed} where id = ${seeded.connectionId}`
  Object.assign(tiny.mode, { token: 'extend', api: 'refuse' })
  await expect(call('usual', seeded)).rejects.toMatchObject({ kind: 'transient' })
  expect(await suspectedAt(seeded)).toEqual(new Date(START))
  await at(61)
  tiny.mode.api = 'check'
  await lookAgain(services.usual, seeded)
  expect(await suspectedAt(seeded)).toBeNull()
  tiny.mode.api = 'refuse'
  await expect(call('usual', seeded)).rejects.toMatchObject({ kind: 'transient' })
  await at(122)
  await expect(call('usual', seeded)).rejects.toMatchObject({ kind: 'revoked' })
})
