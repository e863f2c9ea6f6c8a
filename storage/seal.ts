/** Secrets at rest: AES-256-GCM under rotating keys, bound to the row they stand in. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

export type Vault = {
  /** `place` names table, row, org and column, e.g. `connection:<id>:<org id>:credential`. */
  seal(plain: string, place: string): string
  /** Throws when the value was sealed for another place, was changed, or its key is gone. Never returns wrong text. */
  open(sealed: string, place: string): string
  /** True when a newer key should seal this value again. */
  isStale(sealed: string): boolean
}

/** Derives tokens that are stored nowhere: the same key id and subject give the same token again. */
export type Deriver = {
  readonly newestKeyId: string
  /** 43 characters base64url (256 bits). Throws when the key id is no longer in SECRET_KEYS. */
  derive(keyId: string, subject: string): string
}

export type SecretKeys = { id: string; secret: Buffer }[]

/** Parses `k2:<base64 32 bytes>,k1:<…>`, newest first. Throws a message that never contains the secret part. */
export function parseSecretKeys(text: string): SecretKeys {
  return text.split(',').map((entry) => {
    const [id = '', base64 = ''] = entry.trim().split(':')
    const secret = Buffer.from(base64, 'base64')
    if (!/^[a-z0-9]{1,12}$/i.test(id) || secret.length !== KEY_BYTES)
      throw new Error(`key "${id.slice(0, 12)}" must be id:base64 of 32 bytes`)
    return { id, secret }
  })
}

/** One vault per purpose ('credential', 'slack', …): each derives its own keys from the same secrets. */
export function createVault(keys: SecretKeys, purpose: string): Vault {
  const { derived, newest } = deriveAll(keys, purpose)
  return {
    seal(plain, place) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv(ALGORITHM, newest.secret, iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(place))
      const body = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${newest.id}.${body.toString('base64url')}`
    },
    open(sealed, place) {
      const [version, id, body] = sealed.split('.')
      const key = derived.get(id ?? '')
      if (version !== 'v1' || !body) throw new Error('not a sealed value')
      if (!key) throw new Error(`no key "${id}" in SECRET_KEYS`)
      const bytes = Buffer.from(body, 'base64url')
      const opening = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
      opening.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES))
      return opening.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + opening.final('utf8')
    },
    isStale: (sealed) => sealed.split('.')[1] !== newest.id,
  }
}

export function createDeriver(keys: SecretKeys, purpose: string): Deriver {
  const { derived, newest } = deriveAll(keys, purpose)
  return {
    newestKeyId: newest.id,
    derive(keyId, subject) {
      const key = derived.get(keyId)
      if (!key) throw new Error(`no key "${keyId}" in SECRET_KEYS`)
      return createHmac('sha256', key).update(subject).digest('base64url')
    },
  }
}

function deriveAll(keys: SecretKeys, purpose: string) {
  const derived = new Map(
    keys.map(({ id, secret }) => [id, Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES))]),
  )
  const [first] = keys
  if (!first) throw new Error('SECRET_KEYS is empty')
  return { derived, newest: { id: first.id, secret: derived.get(first.id) as Buffer } }
}
