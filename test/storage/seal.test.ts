import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVault, parseSecretKeys } from '../../storage/seal.ts'
import { freshDatabase } from '../support/database.ts'

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const [k1, k2] = [key('k1'), key('k2')]
const here = 'connection:1:org-1:credential'

test('a sealed credential opens in its own row only', () => {
  const vault = createVault(parseSecretKeys(k1), 'credential')
  const sealed = vault.seal('secret', here)
  expect(vault.open(sealed, here)).toBe('secret')
  expect(() => vault.open(sealed, 'connection:1:org-2:credential')).toThrow()
  expect(() => createVault(parseSecretKeys(k1), 'slack').open(sealed, here)).toThrow()
})

test('an old key still opens after rotation, and says that it is old', () => {
  const sealed = createVault(parseSecretKeys(k1), 'credential').seal('secret', here)
  const rotated = createVault(parseSecretKeys(`${k2},${k1}`), 'credential')
  expect(rotated.open(sealed, here)).toBe('secret')
  expect(rotated.isStale(sealed)).toBe(true)
  expect(() => createVault(parseSecretKeys(k2), 'credential').open(sealed, here)).toThrow('no key "k1"')
})

test('a wrong key is refused without printing it', () => {
  expect(() => parseSecretKeys('k1:c2hvcnQ=')).toThrow(/^key "k1" must be id:base64 of 32 bytes$/)
})

test('the audit trail refuses changes', async () => {
  const { db } = await freshDatabase()
  await db.sql`insert into org (name) values ('Acme')`
  await db.sql`insert into audit_event (org_id, kind, actor) select id, 'x', 'system' from org`
  await expect(db.sql`update audit_event set kind = 'y'`).rejects.toThrow('append-only')
  await expect(db.sql`truncate audit_event`).rejects.toThrow('append-only')
})
