/** A source that no longer says what it used to say is degraded: said once, shown in lists, over by itself. */
import { record } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as drift from '../storage/drift.ts'
import * as incidents from '../storage/incidents.ts'
import * as zones from '../storage/refresh-zones.ts'
import type { Source } from '../storage/sources.ts'
import { openIncident } from './open-incident.ts'
import type { Services } from './services.ts'

/** Sources of one connection that lose a metric in the same night are one message. */
const ONE_NIGHT_MS = 6 * 3_600_000

/** Call in the transaction that ends a run, once it is finished. */
export async function noteDrift(
  services: Services,
  tx: Db,
  source: Source,
  { runId, judges }: { runId: number; judges: boolean },
): Promise<void> {
  const { orgId, connectorId } = source
  const metrics = services.connectors.get(connectorId)?.report.metrics ?? {}
  const found = await drift.judge(tx, orgId, runId, { offered: Object.keys(metrics), judges })
  if (!found) return
  const lost = found.missing.filter((name) => !found.before.includes(name))
  const back = found.before.filter((name) => !found.missing.includes(name))
  if (lost.length > 0) await note(tx, source, 'source.degraded', lost)
  if (back.length > 0) await note(tx, source, 'source.restored', back)
  if (lost.length > 0) await tell(services, tx, source, lost)
  else if (back.length > 0) await touch(services, tx, source)
}

async function note(tx: Db, source: Source, kind: string, metrics: string[]): Promise<void> {
  const { orgId, id: sourceId, clientId, connectionId } = source
  await record(tx, orgId, { kind, actor: 'system', clientId, connectionId, sourceId, data: { metrics } })
}

async function tell(services: Services, tx: Db, source: Source, lost: string[]): Promise<void> {
  const { orgId, connectionId } = source
  const standing = await standingOf(tx, source)
  if (!standing) {
    const error = { kind: 'degraded', message: `no longer says ${lost.join(', ')}` }
    return openIncident(services, tx, { orgId, connectionId, kind: 'degraded', error, ownerAction: null })
  }
  const age = (await zones.clock(tx)).getTime() - standing.openedAt.getTime()
  if (age > ONE_NIGHT_MS && !['muted', 'snoozed'].includes(standing.status))
    await record(tx, orgId, {
      ...{ kind: 'incident.degraded', actor: 'system', connectionId },
      data: { incidentId: standing.id, source: source.accountName, metrics: lost },
    })
  await touch(services, tx, source)
}

async function touch(services: Services, tx: Db, source: Source): Promise<void> {
  const incidentId = (await standingOf(tx, source))?.id
  if (!incidentId) return
  const { orgId } = source
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}

async function standingOf(tx: Db, { orgId, connectionId }: Source): Promise<incidents.OwnIncident | null> {
  const open = await incidents.openOf(tx, orgId, connectionId)
  return open.find(({ kind }) => kind === 'degraded') ?? null
}

/** For the tick: closes the cards of connections none of whose sources lacks a metric any more. */
export async function settleDrift(services: Services): Promise<void> {
  for (const { orgId, id, connectionId, sourceIds } of await drift.mendedOfAllOrgs(services.db))
    await services.db.transaction(async (tx) => {
      const outcome = { healed: sourceIds, notHealed: [] }
      if (!(await incidents.resolve(tx, orgId, id, { by: 'system', outcome }))) return
      const data = { incidentId: id }
      await record(tx, orgId, { kind: 'incident.restored', actor: 'system', connectionId, data })
      await services.queue.send('incident-card', { orgId, incidentId: id }, { db: tx, key: id })
    })
}
