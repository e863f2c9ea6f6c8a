/** How fast this process calls a provider, and each account at it. Paces live in memory: processes do not share them. */
import Bottleneck from 'bottleneck'
import { ConnectorError, type Pace } from './call.ts'
import type { Connector, Provider } from './connector.ts'

/** One account never takes more than its own share, so a slow one leaves room for the others. */
const ACCOUNT: Pace = { concurrency: 2, minTimeMs: 50 }
const IDLE_MS = 5 * 60_000
/** The idle are let go of within half as much again: a shared pace outlives those of all accounts that keep to it. */
const SHARED_IDLE_MS = 2 * IDLE_MS
/** A longer rest than this goes back to the queue: a job that sleeps keeps others from working. */
const PATIENCE_MS = 5_000
const MINUTE_MS = 60_000
/** Whatever an answer says: afterwards the account is asked again. */
const LONGEST_S = 6 * 3_600
/** A minute's calls are used up: nobody knows here when it began. */
const SPENT_S = 30

/**
 * Waits for a turn, then works. Rejects with the signal's reason as soon as it is aborted, also while waiting, and
 * with ConnectorError `rate_limited` while this account has to rest for longer than a moment, or used up its minute.
 * Calls about no account are few, and an owner may be waiting for them: they go first, and no minute is used up for them.
 */
export async function paced<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const limiter = limiterFor(turn)
  const left = await Promise.all([limiter, sharedBy(turn)].map((one) => one.currentReservoir()))
  const isSpent = left.includes(0)
  if (isSpent && turn.accountKey !== null) throw waiting(turn, SPENT_S)
  const order = turn.accountKey === null ? { priority: 0, weight: isSpent ? 0 : 1 } : {}
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const scheduled = limiter.schedule(order, async () => {
    await rested(turn)
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

export type Turn = {
  provider: Provider
  connector: Connector | null
  /** Of the connection, '' where all share one: each shop on a server of its own has a pace of its own. */
  site: string
  accountKey: string | null
}

const resting = new Map<string, number>()

/** Nobody calls this account again for so many seconds. Without an account nobody rests: others may be fine. */
export function rest({ accountKey }: Turn, seconds: number | null): void {
  if (accountKey === null || seconds === null || seconds <= 0) return
  const until = performance.now() + Math.min(seconds, LONGEST_S) * 1000
  resting.set(accountKey, Math.max(until, resting.get(accountKey) ?? 0))
}

async function rested(turn: Turn): Promise<void> {
  const { accountKey } = turn
  const until = accountKey === null ? undefined : resting.get(accountKey)
  if (accountKey === null || until === undefined) return
  const ms = until - performance.now()
  if (ms <= 0) {
    resting.delete(accountKey)
    return
  }
  if (ms > PATIENCE_MS) throw waiting(turn, Math.ceil(ms / 1000))
  await new Promise((done) => setTimeout(done, ms))
}

function waiting({ provider, connector }: Turn, retryAfterSeconds: number): ConnectorError {
  const says = `${connector?.name ?? provider.name} is asked no more for the moment`
  return new ConnectorError('rate_limited', provider.id, says, { retryAfterSeconds })
}

const providers = new Map<string, Bottleneck.Group>()
const accounts = new Map<string, Bottleneck.Group>()

const sharedBy = ({ provider, site }: Pick<Turn, 'provider' | 'site'>) =>
  getOrMake(providers, provider.id, () => limiters(provider.limit, SHARED_IDLE_MS)).key(site)

function limiterFor(turn: Turn): Bottleneck {
  const { provider, connector, site, accountKey } = turn
  if (accountKey === null) return sharedBy(turn)
  const group = getOrMake(accounts, `${provider.id} ${connector?.id ?? ''}`, () => {
    const made = limiters(connector?.limit ?? ACCOUNT, IDLE_MS)
    made.on('created', (limiter: Bottleneck, key: string) => {
      limiter.chain(sharedBy({ provider, site: key.slice(0, key.indexOf(' ')) }))
    })
    return made
  })
  return group.key(`${site} ${accountKey}`)
}

const limiters = (pace: Pace, timeout: number) => new Bottleneck.Group({ ...settings(pace), timeout })

const settings = ({ concurrency, minTimeMs, perMinute }: Pace) => ({
  maxConcurrent: concurrency,
  minTime: minTimeMs,
  ...(perMinute && {
    reservoir: perMinute,
    reservoirRefreshAmount: perMinute,
    reservoirRefreshInterval: MINUTE_MS,
  }),
})

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
