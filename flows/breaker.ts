/**
 * A provider that refuses many connections alike is in trouble itself: nobody is disconnected and no client alerted
 * while that lasts. Staff hear of it once per org; afterwards each connection is judged by its own look.
 */
import type { FailureClass } from '../connectors/connector.ts'
import { record } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as incidents from '../storage/incidents.ts'
import * as cards from '../storage/outage-incidents.ts'
import * as outages from '../storage/outages.ts'
import * as sources from '../storage/sources.ts'
import { planCatchUp } from './backfill.ts'
import type { Services } from './services.ts'

type Subject = { orgId: string; connectionId: string }

/** Connections of one open outage that are asked in one round, every two minutes. */
const ASKED_AT_ONCE = 10
/** Afterwards everybody who was not asked is. */
const ASKED_AFTERWARDS = 500

/**
 * Call first in the transaction that would disconnect, lose sources or alert. True: an outage is open for this kind of
 * failure, opened perhaps by this very one, and holds the connection: nothing else is to be done.
 */
export async function heldBack(
  services: Services,
  tx: Db,
  { orgId, connectionId }: Subject,
  failureClass: FailureClass,
): Promise<boolean> {
  await outages.lockProvider(tx, orgId, connectionId)
  await outages.sign(tx, orgId, connectionId, failureClass)
  const id = await outages.judge(tx, orgId, connectionId, failureClass)
  if (!id) return false
  const held = await outages.holdOfAllOrgs(tx, { id, failureClass })
  await outages.liftConnectionsOfAllOrgs(tx, id)
  await outages.liftSourcesOfAllOrgs(tx, id)
  for (const one of held)
    await record(tx, one.orgId, {
      ...{ kind: 'connection.held', actor: 'system', connectionId: one.connectionId },
      data: { failureClass, outageId: id },
    })
  for (const folded of await cards.foldOfAllOrgs(tx, id))
    await tell(services, tx, folded, 'incident.held', {})
  for (const org of new Set(held.map((one) => one.orgId))) await showCard(services, tx, org, id)
  return true
}

async function showCard(services: Services, tx: Db, orgId: string, outageId: string): Promise<void> {
  const opened = await cards.open(tx, orgId, outageId)
  const incidentId = opened ?? (await cards.ofOutage(tx, orgId, outageId))
  if (!incidentId) return
  if (opened)
    await record(tx, orgId, {
      ...{ kind: 'incident.opened', actor: 'system', connectionId: null },
      data: { incidentId, kind: 'outage', outageId },
    })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}

/** A doubt that is not decided yet: counted, in case many have it. */
export async function noteDoubt(db: Db, { orgId, connectionId }: Subject, kind: FailureClass): Promise<void> {
  await outages.sign(db, orgId, connectionId, kind)
}

/** Judged by itself after its outage, and refused. Call before its incident is opened. */
export async function noteRefused(
  services: Services,
  tx: Db,
  { orgId, connectionId }: Subject,
  failureClass: FailureClass,
): Promise<void> {
  const settled = await outages.settle(tx, orgId, connectionId, {
    ...{ failureClasses: [failureClass], outcome: 'refused' },
  })
  if (settled.length === 0) return
  await outages.forget(tx, orgId, connectionId, [failureClass]) // judged: no sign of another outage
  await cards.unfold(tx, orgId, connectionId)
  for (const outageId of settled) await showCard(services, tx, orgId, outageId)
}

/** The provider has answered for the connection: what was held or folded over these failures is over. */
export async function noteAnswered(
  services: Services,
  { orgId, connectionId }: Subject,
  failureClasses: FailureClass[],
): Promise<void> {
  await services.db.transaction(async (tx) => {
    await outages.forget(tx, orgId, connectionId, failureClasses)
    const settled = await outages.settle(tx, orgId, connectionId, { failureClasses, outcome: 'answered' })
    if (settled.length === 0) return
    await record(tx, orgId, { kind: 'connection.answered', actor: 'system', connectionId })
    for (const { id } of await cards.resolveFolded(tx, orgId, connectionId)) {
      for (const source of await sources.ofConnection(tx, orgId, connectionId))
        await planCatchUp(services, tx, { orgId, sourceId: source.id })
      await tell(services, tx, { orgId, id, connectionId }, 'incident.answered', {})
    }
    await cards.unfold(tx, orgId, connectionId)
    for (const outageId of settled) await showCard(services, tx, orgId, outageId)
  })
}

/** For the tick: asks some of the held again, ends what answers, and closes the cards nothing waits for any more. */
export async function watchOutages(services: Services): Promise<void> {
  const { db } = services
  await outages.endOfAllOrgs(db)
  for (const round of await outages.dueOfAllOrgs(db)) {
    const asked = await outages.pickOfAllOrgs(db, round.id, round.ended ? ASKED_AFTERWARDS : ASKED_AT_ONCE)
    for (const one of asked)
      await services.queue.send(lookFor(round.failureClass), one, { db, key: one.connectionId })
  }
  for (const { orgId, id, answered, refused, lasted } of await cards.settledOfAllOrgs(db))
    await db.transaction(async (tx) => {
      const outcome = { healed: [], notHealed: [] }
      if (!(await incidents.resolve(tx, orgId, id, { by: 'system', outcome }))) return
      const data = { answered, refused, lasted }
      await tell(services, tx, { orgId, id, connectionId: null }, 'incident.recovered', data)
    })
}

/** The question that decides about one connection, by what it failed with. */
function lookFor(failureClass: string): 'second-look' | 'check-accounts' | 'verify-connection' {
  if (failureClass === 'revoked') return 'second-look'
  return failureClass === 'account_lost' ? 'check-accounts' : 'verify-connection'
}

async function tell(
  services: Services,
  tx: Db,
  { orgId, id: incidentId, connectionId }: incidents.Waking,
  kind: string,
  data: Record<string, unknown>,
): Promise<void> {
  await record(tx, orgId, { kind, actor: 'system', connectionId, data: { incidentId, ...data } })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}
