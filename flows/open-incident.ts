/** Opening an incident: one open per connection and kind, its card asked for, subscribed admins mailed. */
import { record } from '../storage/audit.ts'
import type { Db } from '../storage/db.ts'
import * as incidents from '../storage/incidents.ts'
import { enqueueDelivery } from './deliver.ts'
import { adminsOf } from './member.ts'
import type { Services } from './services.ts'

const DETAIL_MAX = 300
/** What cannot be proven: whatever was being verified is open again. */
export const UNPROVEN = { failureClass: null, outcome: null }

/** What is down now. Staff's own, countdowns and lost metrics are read where they stand. */
const MAILED = new Set<incidents.IncidentKind>(['connection', 'accounts', 'scope'])

export type Opening = {
  orgId: string
  connectionId: string
  kind: incidents.IncidentKind
  /** `kind`: a failure class, or the kind's own word. */
  error: { kind: string; message: string }
  ownerAction: string | null
}

/** One open incident per connection and kind; a later failure of the same kind only brings its card up to date. */
export async function openIncident(services: Services, tx: Db, opening: Opening): Promise<void> {
  const { orgId, connectionId, kind, error, ownerAction } = opening
  const incidentId = await incidents.open(tx, orgId, {
    connectionId,
    kind,
    failureClass: error.kind,
    detail: detailOf(error),
    ownerAction,
  })
  if (!incidentId) {
    await touchIncident(services, tx, opening)
    return
  }
  await record(tx, orgId, {
    kind: 'incident.opened',
    actor: 'system',
    connectionId,
    data: { incidentId, kind, failureClass: error.kind },
  })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
  if (MAILED.has(kind)) await mailAdmins(services, tx, orgId, incidentId)
}

/** An incident found verifying is open again: what looked mended has failed. */
async function touchIncident(services: Services, tx: Db, { orgId, connectionId, kind }: Opening) {
  for (const { id, kind: of } of await incidents.openOf(tx, orgId, connectionId)) {
    if (of !== kind) continue
    await incidents.reopen(tx, orgId, id, UNPROVEN, ['verifying'])
    await services.queue.send('incident-card', { orgId, incidentId: id }, { db: tx, key: id })
  }
}

async function mailAdmins(services: Services, tx: Db, orgId: string, incidentId: string): Promise<void> {
  for (const { email, alertMail, slackUserId } of await adminsOf({ db: tx }, orgId)) {
    if (!email || !alertMail) continue
    await enqueueDelivery(services, tx, {
      orgId,
      kind: 'alert',
      channel: 'mail',
      address: email,
      subjectId: incidentId,
      dedupeKey: alertMailKey(incidentId, slackUserId),
    })
  }
}

/** One alert mail per incident and admin, whether subscribed to or the last way to be heard. */
export const alertMailKey = (incidentId: string, slackUserId: string) => `alert:${incidentId}:${slackUserId}`

/** The provider's own words, cut. ConnectorError keeps secrets out of its message. */
export function detailOf({ message }: { message: string }): string {
  return message.replace(/\s+/g, ' ').slice(0, DETAIL_MAX)
}
