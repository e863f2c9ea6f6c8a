/** The keys people can type at the pretended providers. Who deletes one finds another in its place, as if newly made. */
import type { KeyProvider } from '../../connectors/connector.ts'

/** Field → what to type. */
type Typed = Record<string, string>

export type KeyRing = {
  /** By provider; what is in it changes with every `replace`. */
  keys: Record<string, Typed>
  /** False where nobody types a key. */
  replace(provider: string): boolean
  accepts(provider: string, credential: string): boolean
  /** Provider → how often replaced, for the next start. */
  keep(): Record<string, number>
}

export function keyRing(
  all: { provider: KeyProvider; typed: Typed }[],
  replaced: Record<string, number> = {},
): KeyRing {
  const rings = new Map(all.map((one) => [one.provider.id, one]))
  const times = new Map(Object.entries(replaced))
  const made = ({ provider, typed }: { provider: KeyProvider; typed: Typed }): Typed =>
    Object.fromEntries(
      Object.entries(typed).map(([name, value]) => [
        ...[name, isSecret(provider, name) ? another(value, times.get(provider.id) ?? 0) : value],
      ]),
    )
  const keys = Object.fromEntries(all.map((one) => [one.provider.id, made(one)]))
  return {
    keys,
    replace(id) {
      const ring = rings.get(id)
      if (!ring) return false
      times.set(id, (times.get(id) ?? 0) + 1)
      keys[id] = made(ring)
      return true
    },
    accepts(id, credential) {
      const ring = rings.get(id)
      const typed = Object.entries(keys[id] ?? {})
      const secrets = typed.filter(([name]) => ring && isSecret(ring.provider, name))
      return secrets.length > 0 && secrets.every(([, value]) => credential.includes(value))
    },
    keep: () => Object.fromEntries(times),
  }
}

const isSecret = ({ ask }: KeyProvider, field: string) =>
  ask.some(({ name, secret }) => name === field && secret === true)

/** With other last figures, which are what people see of a key. */
const another = (key: string, times: number) =>
  key.replace(/[0-9a-f]{4}$/, (end) => {
    const next = (Number.parseInt(end, 16) + times * 0x2357) % 0x10000
    return next.toString(16).padStart(4, '0')
  })
