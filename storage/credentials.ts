/** The sealed credential of a connection and the lease under which one process renews it. */
import type { Db } from './db.ts'

/** A lease bounds a real call, so it runs on the real clock, longer than the call's own time limit. */
const LEASE = '10 seconds'
/** Renewed this long before it ends, so that a long report does not lose its token half-way. */
const MARGIN = '15 minutes'
/** How old a first refusal must be before a second one decides. */
const SECOND_LOOK = '60 seconds'
/** Providers refuse good tokens for a moment after a consent. */
const GRACE = '10 minutes'

export type Claim = {
  /** The lease is ours: renew with this epoch. */
  mine: boolean
  epoch: number
  sealed: string | null
  status: 'connected' | 'disconnected' | 'removed'
  failureClass: string | null
  provider: string
  /** Renewal is needed: near its end, or refused by the API while it is still the stored one. */
  stale: boolean
  /** A first refusal younger than 60 s: nobody asks again yet. */
  suspectedNow: boolean
  /** A second refusal would decide. */
  secondLook: boolean
  /** Authorised less than 10 minutes ago: a refusal means nothing yet. */
  inGrace: boolean
  now: Date
}

/** Stores a fresh credential, as Finish does. `expiresInSeconds` from now on latchkey's clock; null: it does not end. */
export async function store(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  sealed: string,
  expiresAt: Date | null,
): Promise<void> {
  await sql`
    update connection set credential_sealed = ${sealed}, token_expires_at = ${expiresAt}, epoch = epoch + 1,
      lease_until = null
    where org_id = ${orgId} and id = ${connectionId}`
}

/** As stored now; null where it was destroyed. */
export async function sealedOf({ sql }: Db, orgId: string, connectionId: string): Promise<string | null> {
  const [row] = await sql<{ sealed: string | null }[]>`
    select credential_sealed as sealed from connection where org_id = ${orgId} and id = ${connectionId}`
  return row?.sealed ?? null
}

/**
 * One statement that answers "use this", takes the lease, or says wait. `refused` is the sealed credential the API
 * has just refused: while it is still the stored one it counts as stale. `force` renews whatever the expiry says.
 */
export async function claim(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  { refused = null, force = false }: { refused?: string | null; force?: boolean } = {},
): Promise<Claim | null> {
  const stale = sql`coalesce(${force} or c.credential_sealed = ${refused}
    or c.token_expires_at <= latchkey.clock() + ${MARGIN}::interval, false)`
  const waiting = sql`coalesce(c.suspected_at > latchkey.clock() - ${SECOND_LOOK}::interval, false)`
  const [row] = await sql<Claim[]>`
    with taken as (
      update connection c set lease_until = clock_timestamp() + ${LEASE}::interval, epoch = epoch + 1
      where c.org_id = ${orgId} and c.id = ${connectionId} and c.status = 'connected'
        and c.failure_class is distinct from 'revoked' and c.credential_sealed is not null
        and ${stale} and not ${waiting} and (c.lease_until is null or c.lease_until < clock_timestamp())
      returning c.epoch, c.credential_sealed)
    select taken.epoch is not null as mine, coalesce(taken.epoch, c.epoch) as epoch, c.provider, c.status,
      coalesce(taken.credential_sealed, c.credential_sealed) as sealed, c.failure_class,
      ${stale} as stale, ${waiting} as suspected_now,
      c.suspected_at is not null and not ${waiting} as second_look,
      c.authorised_at > latchkey.clock() - ${GRACE}::interval as in_grace, latchkey.clock() as now
    from connection c left join taken on true where c.org_id = ${orgId} and c.id = ${connectionId}`
  return row ?? null
}

/**
 * Saves a renewal and wakes the waiting. An end of the authorisation that is undefined stays as it was, null takes it
 * away; a suspicion stays where the token is not `isNew`. False: the lease ran out and somebody else's result is the
 * truth.
 */
export async function saveRenewed(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  epoch: number,
  renewed: {
    sealed: string
    expiresInSeconds: number | null
    grantExpiresInSeconds?: number | null | undefined
    isNew?: boolean
  },
): Promise<boolean> {
  const { count } = await sql`
    with saved as (
      update connection set credential_sealed = ${renewed.sealed}, lease_until = null,
        suspected_at = case when ${renewed.isNew ?? true} then null else suspected_at end,
        verified_at = latchkey.clock(),
        token_expires_at = latchkey.clock() + make_interval(secs => ${renewed.expiresInSeconds}::float8),
        grant_expires_at = case when ${renewed.grantExpiresInSeconds === undefined} then grant_expires_at
          else latchkey.clock() + make_interval(secs => ${renewed.grantExpiresInSeconds ?? null}::float8) end
      where org_id = ${orgId} and id = ${connectionId} and epoch = ${epoch} returning id)
    select pg_notify('credential_renewed', id::text) from saved`
  return count === 1
}

/**
 * Notes a refusal: the first starts the wait for a second look, a `final` one bars every further call until the
 * connection is authorised anew. False as in `saveRenewed`.
 */
export async function saveRefused(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  epoch: number,
  final: boolean,
): Promise<boolean> {
  const { count } = await sql`
    with saved as (
      update connection set lease_until = null, suspected_at = coalesce(suspected_at, latchkey.clock()),
        failure_class = case when ${final} then 'revoked' else failure_class end
      where org_id = ${orgId} and id = ${connectionId} and epoch = ${epoch} returning id)
    select pg_notify('credential_renewed', id::text) from saved`
  return count === 1
}

/** Gives the lease back without a result, so that the next one need not wait for its end. */
export async function release(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  epoch: number,
): Promise<void> {
  await sql`
    with freed as (
      update connection set lease_until = null
      where org_id = ${orgId} and id = ${connectionId} and epoch = ${epoch} returning id)
    select pg_notify('credential_renewed', id::text) from freed`
}

/**
 * Notes that the API, not the token endpoint, refused for good: `confirmed` where a token renewed just now was refused
 * too, else a further one at least `afterSeconds` after the first (null: 60) decides. Returns whether it is decided;
 * never within the first minutes after a consent, after which it is asked again.
 */
export async function noteApiRefusal(
  { sql }: Db,
  orgId: string,
  connectionId: string,
  confirmed: boolean,
  afterSeconds: number | null = null,
): Promise<boolean> {
  const [row] = await sql<{ final: boolean }[]>`
    update connection set
      failure_class = case
        when authorised_at <= latchkey.clock() - ${GRACE}::interval
          and (${confirmed} or suspected_at <= latchkey.clock()
            - coalesce(make_interval(secs => ${afterSeconds}::float8), ${SECOND_LOOK}::interval)) then 'revoked'
        else failure_class end,
      suspected_at = coalesce(suspected_at, latchkey.clock())
    where org_id = ${orgId} and id = ${connectionId} and status = 'connected'
    returning failure_class is not distinct from 'revoked' as final`
  return row?.final ?? false
}
