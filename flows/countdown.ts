/** Counting down to the day a provider ends an authorisation, in the channels an alert of it would go to. */
import { record } from '../storage/audit.ts'
import * as countdowns from '../storage/countdowns.ts'
import type { Db } from '../storage/db.ts'
import { knownZone, localDate } from './calendar.ts'
import type { Services } from './services.ts'

/**
 * For the tick. Says each step once and closes what is over. When the day has come the provider is asked at once, so
 * that an authorisation that has really ended is disconnected like any other. The source owner is not told.
 */
export async function countDown(services: Services): Promise<void> {
  await services.db.transaction(async (tx) => {
    for (const over of await countdowns.extendedOfAllOrgs(tx))
      await say(services, tx, over, 'incident.extended')
    for (const over of await countdowns.overtakenOfAllOrgs(tx))
      await say(services, tx, over, 'incident.overtaken')
    for (const step of await countdowns.stepsOfAllOrgs(tx)) await sayStep(services, tx, step)
  })
}

async function sayStep(services: Services, tx: Db, step: countdowns.Step): Promise<void> {
  const { orgId, connectionId, daysLeft: days, fresh, silent } = step
  const provider = services.connectors.providers().find(({ id }) => id === step.provider)
  const kind = fresh ? 'incident.opened' : silent ? 'incident.counted' : 'incident.countdown'
  const endsOn = localDate(step.endsAt, knownZone(step.timeZone))
  await say(services, tx, step, kind, { days, endsOn, provider: provider?.name ?? step.provider })
  if (days > 0) return
  await services.queue.send('verify-connection', { orgId, connectionId }, { db: tx, key: connectionId })
}

async function say(
  services: Services,
  tx: Db,
  { orgId, id: incidentId, connectionId }: countdowns.Over,
  kind: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  await record(tx, orgId, { kind, actor: 'system', connectionId, data: { incidentId, ...data } })
  await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
}
