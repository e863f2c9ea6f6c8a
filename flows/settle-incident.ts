/** Whether a look has mended an incident. The only way to 'resolved', besides staff's own ending by themselves. */
import { record } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import type { StillDown } from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import { closeMovesFrom } from './close-moves.ts'
import type { Services } from './services.ts'

export type Settlement = {
  orgId: string
  /** Who authorised again: `slack:<user id>`, 'owner' or 'system'. */
  by: string
  /** What was down when the look began. */
  down: Source[]
  healed: string[]
  stillDown: StillDown[]
  /** The provider could not answer for these. */
  unasked: string[]
  /** No further look follows by itself. */
  last: boolean
}

/**
 * Resolved when the connection lives and at least one source is proven to flow again (or none was left to prove), and,
 * for lost accounts and permissions, when none of them is still missing. Otherwise it is open again and says why.
 */
export async function settleIncident(
  services: Services,
  tx: Db,
  incident: incidents.OwnIncident,
  settlement: Settlement,
): Promise<void> {
  const { orgId, last, unasked } = settlement
  const { id, connectionId, kind } = incident
  if (incident.status !== 'verifying') return
  const outcome = await outcomeOf(tx, incident, settlement)
  const { healed, notHealed } = outcome
  const waiting = notHealed.some(({ sourceId }) => unasked.includes(sourceId))
  if (waiting && !last) {
    await incidents.noteOutcome(tx, orgId, id, outcome)
  } else {
    const proven =
      kind === 'connection' ? healed.length > 0 || notHealed.length === 0 : notHealed.length === 0
    const left = notHealed.some(({ why }) => why === 'revoked')
    const mended = proven && !waiting && !left
    const done = mended
      ? await incidents.resolve(tx, orgId, id, { by: settlement.by, outcome })
      : await incidents.reopen(tx, orgId, id, { failureClass: notHealed[0]?.why ?? null, outcome })
    if (!done) return
    if (mended && kind === 'connection') await closeMovesFrom(services, tx, orgId, connectionId)
    await record(tx, orgId, {
      kind: mended ? 'incident.resolved' : 'incident.unproven',
      actor: 'system',
      connectionId,
      requestId: null,
      data: { incidentId: id, healed: healed.length, notHealed: notHealed.length },
    })
  }
  await services.queue.send('incident-card', { orgId, incidentId: id }, { db: tx, key: id })
}

/** Of the incident's own sources, together with what earlier looks have healed. */
async function outcomeOf(
  tx: Db,
  { orgId, connectionId, kind, outcome }: incidents.OwnIncident,
  { down, healed, stillDown, unasked }: Settlement,
): Promise<incidents.Outcome> {
  const own = down.filter(({ failureClass }) => isOwn(kind, failureClass)).map(({ id }) => id)
  const sure = [...(outcome?.healed ?? []), ...healed.filter((id) => own.includes(id))]
  const notHealed = [
    ...stillDown.map(({ sourceId, failureClass }) => ({ sourceId, why: failureClass })),
    ...unasked.map((sourceId) => ({ sourceId, why: 'unchecked' })),
  ].filter(({ sourceId }) => own.includes(sourceId))
  // After a move: what could not move hangs under the old connection, which is as dead as before.
  const left = (await sources.ofConnection(tx, orgId, connectionId)).filter(
    (source) =>
      source.status === 'disconnected' &&
      isOwn(kind, source.failureClass) &&
      !down.some(({ id }) => id === source.id),
  )
  const all = [
    ...notHealed,
    ...left.map((source) => ({ sourceId: source.id, why: source.failureClass ?? 'revoked' })),
  ]
  const isDown = new Set(all.map(({ sourceId }) => sourceId))
  return { healed: [...new Set(sure)].filter((id) => !isDown.has(id)), notHealed: all }
}

function isOwn(kind: incidents.IncidentKind, failureClass: string | null): boolean {
  if (kind === 'accounts') return failureClass === 'account_lost'
  return kind === 'scope' ? failureClass === 'scope_missing' : true
}
