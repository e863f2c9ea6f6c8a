/** How fast this process calls a provider, and each account at it. Paces live in memory: processes do not share them. */
import Bottleneck from 'bottleneck'
import type { Connector, Pace, Provider } from './connector.ts'

/** One account never takes more than its own share, so a slow one leaves room for the others. */
const ACCOUNT: Pace = { concurrency: 2, minTimeMs: 50 }
const IDLE_MS = 5 * 60_000

/** Waits for a turn, then works. Rejects with the signal's reason as soon as it is aborted, also while waiting. */
export async function paced<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const scheduled = limiterFor(turn).schedule(async () => {
    signal.throwIfAborted()
    return work()
  })
  try {
    return await Promise.race([scheduled, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
    scheduled.catch(() => {})
  }
}

export type Turn = { provider: Provider; connector: Connector | null; accountKey: string | null }

const providers = new Map<string, Bottleneck>()
const accounts = new Map<string, Bottleneck.Group>()

function limiterFor({ provider, connector, accountKey }: Turn): Bottleneck {
  const shared = getOrMake(providers, provider.id, () => new Bottleneck(settings(provider.limit)))
  if (accountKey === null) return shared
  const pace = connector?.limit ?? ACCOUNT
  const group = getOrMake(accounts, `${provider.id} ${connector?.id ?? ''}`, () => {
    const made = new Bottleneck.Group({ ...settings(pace), timeout: IDLE_MS })
    made.on('created', (limiter: Bottleneck) => void limiter.chain(shared))
    return made
  })
  return group.key(accountKey)
}

const settings = ({ concurrency, minTimeMs }: Pace) => ({ maxConcurrent: concurrency, minTime: minTimeMs })

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
