/** Changing the zone of an org's or a source's daily refresh. The next midnight moves in the same transaction. */
import type { Db } from '../storage/db.ts'
import * as zones from '../storage/refresh-zones.ts'
import * as sources from '../storage/sources.ts'
import { isZone, knownZone, nextLocalMidnight } from './calendar.ts'
import type { Services } from './services.ts'

export type ZoneChange =
  | { kind: 'changed'; nextRefreshAt: Date }
  | { kind: 'unchanged' }
  | { kind: 'unknown-zone' }
  | { kind: 'not-found' }

/** Every source without a zone of its own follows. A local day that was refreshed already is not refreshed again. */
export async function changeOrgZone(
  _services: Services,
  tx: Db,
  { orgId, timeZone }: { orgId: string; timeZone: string },
): Promise<ZoneChange> {
  if (!isZone(timeZone)) return { kind: 'unknown-zone' }
  if (!(await zones.setOrgZone(tx, orgId, timeZone))) return { kind: 'unchanged' }
  return { kind: 'changed', nextRefreshAt: await awaitMidnight(tx, orgId, timeZone) }
}

/** `timeZone` null: follow the org again. */
export async function changeSourceZone(
  _services: Services,
  tx: Db,
  { orgId, sourceId, timeZone }: { orgId: string; sourceId: string; timeZone: string | null },
): Promise<ZoneChange> {
  if (timeZone !== null && !isZone(timeZone)) return { kind: 'unknown-zone' }
  if (!(await sources.setTimeZone(tx, orgId, sourceId, timeZone))) return { kind: 'not-found' }
  const zone = timeZone ?? (await zones.orgZone(tx, orgId)) ?? 'Etc/UTC'
  return { kind: 'changed', nextRefreshAt: await awaitMidnight(tx, orgId, zone) }
}

/** Makes sure that somebody awaits the zone's next midnight; an awaited one is not put off. */
export async function awaitMidnight(tx: Db, orgId: string, timeZone: string): Promise<Date> {
  const next = nextLocalMidnight(await zones.clock(tx), knownZone(timeZone))
  await zones.ensure(tx, orgId, timeZone, next)
  await zones.prune(tx, orgId)
  return next
}
