/**
 * One renewal per connection at a time, however many jobs, processes and machines need it. Nothing is locked and no
 * database connection is held while the provider answers: a promise map per process, a lease in the row, waiters
 * woken by NOTIFY, and the row's epoch as a fence for whoever comes back too late.
 */
import { ConnectorError, type Provider } from '../connectors/connector.ts'
import { openContext } from '../connectors/http.ts'
import * as credentials from '../storage/credentials.ts'
import type { Db } from '../storage/db.ts'
import type { Services } from './services.ts'

/** As sealed in the connection's row. */
export type Credential = {
  accessToken: string
  refreshToken: string | null
  expiresAt: string | null
  /** Address of the account's own API; '' or absent where there is none. */
  site?: string
}
/** `sealed` names this very version: the stored one differs as soon as somebody renewed. */
export type Held = { sealed: string; credential: Credential; provider: Provider }
type Subject = { orgId: string; connectionId: string }
/** `refused`: the sealed version the API has just refused. `force`: renew whatever the expiry says. */
type Wish = { refused?: string; force?: boolean }

/** Below the lease's ten seconds, so that a holder never outlives its lease. */
const CALL_MS = 8_000
/** NOTIFY is lost while the listening session reconnects. */
const RECHECK_MS = 2_000
/** Long enough to outlast the lease of a holder that died, and to renew then. */
const PATIENCE_MS = 25_000

/**
 * A credential good for the next minutes. Throws ConnectorError: `revoked` once a second refusal, at least 60 s
 * after the first, has decided (or the connection is no longer connected); otherwise `transient`, `app_config` ….
 */
export async function freshCredential(services: Services, subject: Subject, wish: Wish = {}): Promise<Held> {
  const { inFlight, waiting } = await desk(services.db)
  const key = JSON.stringify([subject.connectionId, wish])
  const running = inFlight.get(key)
  if (running) return running
  const started = obtain(services, waiting, subject, wish).finally(() => inFlight.delete(key))
  inFlight.set(key, started)
  return started
}

/** Where the sealed credential of a connection stands. */
export const placeOf = ({ orgId, connectionId }: Subject) => `connection:${connectionId}:${orgId}:credential`

async function obtain(services: Services, waiting: Waiting, subject: Subject, wish: Wish): Promise<Held> {
  const until = performance.now() + PATIENCE_MS
  let before: string | undefined
  for (;;) {
    const asleep = pause(waiting, subject.connectionId) // before the look, or a wake-up in between is missed
    try {
      const claim = await credentials.claim(services.db, subject.orgId, subject.connectionId, wish)
      const held = usable(services, subject, claim)
      if (claim?.mine) {
        const renewed = await renew(services, subject, claim, held)
        if (renewed) return renewed
        continue // the lease ran out meanwhile: what somebody else stored is the truth
      }
      before ??= held.sealed
      if (!claim?.stale || held.sealed !== before) return held
      const provider = held.provider.id
      if (claim.suspectedNow)
        throw new ConnectorError('transient', provider, 'Renewal was refused once and will be asked again')
      if (performance.now() > until)
        throw new ConnectorError('transient', provider, 'Another renewal has not ended yet')
      await asleep.woken
    } finally {
      asleep.end()
    }
  }
}

function usable(services: Services, subject: Subject, claim: credentials.Claim | null): Held {
  if (!claim) throw new Error(`no connection ${subject.connectionId}`)
  if (claim.status !== 'connected' || claim.failureClass === 'revoked' || claim.sealed === null)
    throw new ConnectorError('revoked', claim.provider, 'This connection is not authorised any more')
  const provider = services.connectors.providers().find(({ id }) => id === claim.provider)
  if (!provider) throw new ConnectorError('app_config', claim.provider, 'This provider is not configured')
  return { sealed: claim.sealed, credential: openSealed(services, subject, claim.sealed, provider), provider }
}

/** A key taken out of SECRET_KEYS too early is ours to bring back: staff hear of it, and the owner never does. */
function openSealed({ vault }: Services, subject: Subject, sealed: string, { id }: Provider): Credential {
  try {
    return JSON.parse(vault.open(sealed, placeOf(subject))) as Credential
  } catch (cause) {
    const says = 'The stored credential cannot be opened: its key is missing from SECRET_KEYS'
    throw new ConnectorError('app_config', id, says, { cause })
  }
}

/** The new refresh token is stored before anything uses the new access token. Null: fenced out. */
async function renew(
  services: Services,
  subject: Subject,
  { epoch, now, secondLook, inGrace }: credentials.Claim,
  held: Held,
): Promise<Held | null> {
  const { db, vault, oauthApps } = services
  const { orgId, connectionId } = subject
  const { provider, credential } = held
  const app = oauthApps[provider.id]
  if (credential.refreshToken === null || !app || provider.auth === 'key' || !provider.renew) {
    await credentials.release(db, orgId, connectionId, epoch)
    return held
  }
  try {
    // Not the job's signal: a renewal under way is never given up, its answer may hold the only valid token.
    const signal = AbortSignal.timeout(CALL_MS)
    const { site = '' } = credential
    const context = openContext({ provider, connector: null, accessToken: null, app, site, signal })
    const tokens = await provider.renew(context, app, credential.refreshToken)
    const seconds = tokens.expiresInSeconds
    const next: Credential = {
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken ?? credential.refreshToken,
      expiresAt: seconds === null ? null : new Date(now.getTime() + seconds * 1000).toISOString(),
      site: tokens.site ?? site,
    }
    const sealed = vault.seal(JSON.stringify(next), placeOf(subject))
    const saved = await credentials.saveRenewed(db, orgId, connectionId, epoch, {
      sealed,
      expiresInSeconds: seconds,
      grantExpiresInSeconds: tokens.grantExpiresInSeconds,
      isNew: next.accessToken !== credential.accessToken,
    })
    return saved ? { sealed, credential: next, provider } : null
  } catch (cause) {
    const error = asTrouble(cause, provider)
    if (error?.kind !== 'revoked') {
      await credentials.release(db, orgId, connectionId, epoch)
      throw error ?? cause
    }
    const final = secondLook && !inGrace
    if (!(await credentials.saveRefused(db, orgId, connectionId, epoch, final))) return null
    throw final ? error : notYet(error)
  }
}

/** The time limit above is passing trouble, not a mistake of ours. */
function asTrouble(cause: unknown, provider: Provider): ConnectorError | null {
  if (cause instanceof ConnectorError) return cause
  const late = cause instanceof Error && ['TimeoutError', 'AbortError'].includes(cause.name)
  return late
    ? new ConnectorError('transient', provider.id, 'Renewal was not answered in time', { cause })
    : null
}

/** A first refusal: said as passing trouble, because it may be. */
export function notYet(cause: ConnectorError): ConnectorError {
  const says = `${cause.message}; asked again before it counts`
  return new ConnectorError('transient', cause.provider, says, { reason: cause.reason, cause })
}

type Waiting = Map<string, Set<() => void>>
type Desk = { inFlight: Map<string, Promise<Held>>; waiting: Waiting }

const desks = new WeakMap<Db, Promise<Desk>>()

/** One listening session per process and database. */
function desk(db: Db): Promise<Desk> {
  const there = desks.get(db)
  if (there) return there
  const made = openDesk(db)
  desks.set(db, made)
  made.catch(() => desks.delete(db)) // the database was away: the next caller tries again
  return made
}

async function openDesk(db: Db): Promise<Desk> {
  const waiting: Waiting = new Map()
  const wake = (id: string) => {
    for (const go of waiting.get(id) ?? []) go()
  }
  const wakeAll = () => {
    for (const id of waiting.keys()) wake(id)
  }
  await db.listen('credential_renewed', wake, wakeAll)
  return { inFlight: new Map(), waiting }
}

function pause(waiting: Waiting, id: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const peers = waiting.get(id) ?? new Set()
  waiting.set(id, peers.add(resolve))
  const timer = setTimeout(resolve, RECHECK_MS)
  return {
    woken: promise,
    end() {
      clearTimeout(timer)
      peers.delete(resolve)
      if (peers.size === 0 && waiting.get(id) === peers) waiting.delete(id)
    },
  }
}
