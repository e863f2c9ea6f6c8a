/** Finish: the link is spent, the sources exist and their backfills are queued, or none of it happened. */
import { record } from '../../storage/audit.ts'
import type { Db } from '../../storage/db.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as progress from '../../storage/link-progress.ts'
import * as sessions from '../../storage/link-sessions.ts'
import * as sources from '../../storage/sources.ts'
import { planBackfill } from '../backfill.ts'
import { enqueueDelivery } from '../deliver.ts'
import { afterFinish } from '../heal.ts'
import { proposeMove } from '../move.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { type Choice, type Picker, type Picking, type Picks, readPicks } from './accounts.ts'
import { dropOthers, settleElsewhere } from './elsewhere.ts'
import { type LinkView, look, type Sight } from './look.ts'
import { maskLabel, ownerActor } from './owner.ts'
import { saveConnection } from './save-connection.ts'

export type Finished =
  | { kind: 'finished' }
  | { kind: 'nothing-picked'; picker: Picker }
  | { kind: 'over-limit'; picker: Picker; limit: number; used: number; picked: number }
  | { kind: 'stale'; link: LinkView }
  /** Ended meanwhile: used elsewhere, cancelled, expired. `finished` again for the browser that did it. */
  | { kind: 'not-open'; sight: Sight }

/** Concurrent calls, also from other processes, spend the link once; the others learn what became of it. */
export async function finish(
  services: Services,
  token: string,
  cookies: string[],
  picks: Picks,
): Promise<Finished> {
  const picking = await readPicks(services, token, cookies, picks)
  if (picking.kind !== 'ready') return lookAgain(services, token, cookies, picking)
  const { picker, chosen } = picking
  const reconnected = picker.session.held.some(({ provider }) => provider === picker.healing?.provider)
  if (chosen.length === 0 && !reconnected) return { kind: 'nothing-picked', picker }
  const outcome = await services.db.transaction((tx) => spend(services, tx, picker, chosen))
  if (outcome === 'spent') return { kind: 'finished' }
  if (outcome === 'lost') return whyLost(services, token, cookies)
  return { kind: 'over-limit', picker, picked: chosen.length, ...outcome }
}

/** Somebody else ended the link meanwhile, or this browser signed in again: its list of accounts is another one now. */
async function whyLost(services: Services, token: string, cookies: string[]): Promise<Finished> {
  const sight = await look(services, token, cookies)
  return sight.kind === 'open' ? { kind: 'stale', link: sight.link } : { kind: 'not-open', sight }
}

/** Another press may have finished between two of our reads: then its outcome is the answer. */
async function lookAgain(
  services: Services,
  token: string,
  cookies: string[],
  seen: Exclude<Picking, { kind: 'ready' }>,
): Promise<Finished> {
  if (seen.kind === 'not-open' && seen.sight.kind !== 'open') return seen
  const sight = await look(services, token, cookies)
  return sight.kind === 'open' ? seen : { kind: 'not-open', sight }
}

/** More data sources than this are counted in the request's thread, not named one by one. */
const NAMED_IN_THREAD_MAX = 10

type Spent = 'spent' | 'lost' | { limit: number; used: number }

async function spend(services: Services, tx: Db, picker: Picker, chosen: Choice[]): Promise<Spent> {
  const { link, session } = picker
  const { orgId } = link
  const over = await overLimit(tx, picker, chosen)
  if (over) return over
  await progress.lockLink(tx, orgId, link.id)
  if (!(await isStillHeld(tx, orgId, session))) return 'lost'
  if (!(await progress.spendLink(tx, orgId, { linkId: link.id, sessionId: session.id }))) return 'lost'
  const taken = await held.destroy(
    tx,
    orgId,
    session.held.map(({ id }) => id),
  )
  const made: string[] = []
  for (const credential of taken) made.push(...(await connect(services, tx, picker, credential, chosen)))
  await planBackfill(services, tx, { orgId, sourceIds: made })
  await sessions.closeAll(tx, orgId, link.id, 'finished')
  await dropOthers(services, tx, { orgId, linkId: link.id })
  await progress.markFinished(tx, orgId, link.requestId)
  await tell(services, tx, picker, { made: made.length, leftOut: leftOutOf(picker, chosen) })
  return 'spent'
}

/** A sign-in in another tab replaces the credential the ticks were made for. */
async function isStillHeld(tx: Db, orgId: string, session: Picker['session']): Promise<boolean> {
  const now = await held.ofSession(tx, orgId, session.id)
  return (
    now.length === session.held.length && session.held.every(({ id }) => now.some((one) => one.id === id))
  )
}

/** Accounts that are connected already do not count again. */
async function overLimit(tx: Db, { link }: Picker, chosen: Choice[]) {
  if (link.accountLimit === null) return null
  const { limit, used } = await progress.lockAccountUse(tx, link.orgId)
  const fresh = chosen.filter(({ connected }) => !connected).length
  return limit !== null && used + fresh > limit ? { limit, used } : null
}

/** One held credential becomes a connection, each of its ticked accounts a source. Returns the new sources. */
async function connect(
  services: Services,
  tx: Db,
  { link, stops, healing }: Picker,
  credential: HeldCredential,
  chosen: Choice[],
): Promise<string[]> {
  const { orgId, requestId } = link
  const { id: connectionId, existed } = await saveConnection(services, tx, link, credential)
  const expected = healing?.provider === credential.provider ? healing.connectionId : null
  const own = stops.find(({ provider }) => provider.id === credential.provider)?.items ?? []
  const picked = chosen.filter(({ connectorId }) => own.some(({ connector }) => connector.id === connectorId))
  if (expected && expected !== connectionId) {
    const sourceIds = await visibleSources(tx, orgId, expected, credential)
    await proposeMove(services, tx, {
      orgId,
      requestId,
      fromConnectionId: expected,
      toConnectionId: connectionId,
      sourceIds,
    })
    return []
  }
  const made: string[] = []
  const elsewhere: { id: string; connectionId: string }[] = []
  for (const { connectorId, ticked: _ticked, connected, ...account } of picked) {
    if (connected) continue
    const source = await sources.upsert(tx, orgId, {
      clientId: link.clientId,
      connectionId,
      connectorId,
      account,
      requestId,
    })
    const isDown = source.connectionId !== connectionId && source.status === 'disconnected'
    if (isDown) elsewhere.push(source)
    if (!source.created) continue
    made.push(source.id)
    const data = { source: account.name, connector: connectorId }
    const inThread = picked.length <= NAMED_IN_THREAD_MAX
    await note(tx, link, credential, 'source.connected', {
      sourceId: source.id,
      connectionId,
      data,
      inThread,
    })
  }
  await settleElsewhere(services, tx, { orgId, requestId, connectionId }, elsewhere)
  if (existed) await afterFinish(services, tx, { orgId, connectionId, requestId })
  return made
}

/** Sources of the connection to be healed whose account the identity that came instead can see. */
async function visibleSources(tx: Db, orgId: string, connectionId: string, { accounts }: HeldCredential) {
  const all = await sources.ofConnection(tx, orgId, connectionId)
  return all
    .filter((source) =>
      accounts.some((a) => a.connectorId === source.connectorId && a.id === source.accountId),
    )
    .map(({ id }) => id)
}

type NoteRest = {
  sourceId?: string
  connectionId?: string
  data: Record<string, unknown>
  inThread?: boolean
}

function note(
  tx: Db,
  link: LinkView,
  credential: HeldCredential,
  kind: string,
  { inThread = true, ...rest }: NoteRest,
) {
  return record(tx, link.orgId, {
    kind,
    actor: ownerActor(link, credential.identityLabel),
    clientId: link.clientId,
    requestId: inThread ? link.requestId : null,
    linkId: link.id,
    ...rest,
  })
}

/** Data sources that were asked for and of which nothing was ticked, or could be. A reconnect asks for no ticks. */
function leftOutOf({ stops, healing }: Picker, chosen: Choice[]): string[] {
  if (healing) return []
  const connectors = stops.flatMap(({ items }) => items.map(({ connector }) => connector))
  return connectors
    .filter(({ id }) => !chosen.some(({ connectorId }) => connectorId === id))
    .map(({ name }) => name)
}

async function tell(
  services: Services,
  tx: Db,
  { link, session }: Picker,
  { made, leftOut }: { made: number; leftOut: string[] },
): Promise<void> {
  const [first] = session.held
  if (first) {
    const data = { sources: made, leftOut, by: maskLabel(first.identityLabel) }
    await note(tx, link, first, 'request.finished', { data })
  }
  await touchCard(services, tx, link.orgId, link.requestId)
  if (!link.ownerEmail || link.forSelf) return
  await enqueueDelivery(services, tx, {
    orgId: link.orgId,
    kind: 'receipt',
    channel: 'mail',
    address: link.ownerEmail,
    linkId: link.id,
    dedupeKey: `receipt:${link.id}`,
  })
}
