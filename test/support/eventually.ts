import { vi } from 'vitest'

/** Looks again until `look` no longer throws, and gives what it answered: a busy machine is slow, not wrong. */
export function eventually<T>(look: () => T | Promise<T>, intervalMs = 50): Promise<T> {
  return vi.waitFor(look, { timeout: 15_000, interval: intervalMs })
}
