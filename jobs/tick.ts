/** Every minute: what the clock has made due. Any number of nodes may tick; each step takes what others have not. */
import { sweep as sweepSeen } from '../flows/admit.ts'
import { watchOutages } from '../flows/breaker.ts'
import { sweep as sweepOwnerSide } from '../flows/connect/sweep.ts'
import { countDown } from '../flows/countdown.ts'
import { settleDrift } from '../flows/drift.ts'
import { expireLinks } from '../flows/expire-links.ts'
import { wakeSnoozed } from '../flows/incident-buttons.ts'
import { sendNudges } from '../flows/nudge.ts'
import { askForPeople } from '../flows/people.ts'
import { sendQueued } from '../flows/queue-requests.ts'
import { reconcile } from '../flows/reconcile.ts'
import { dueRefreshes } from '../flows/refresh.ts'
import { secondLooks } from '../flows/second-look.ts'
import type { Services } from '../flows/services.ts'
import { verifyQuiet } from '../flows/verify.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    tick: Record<string, never>
  }
}

/** In this order, each on its own: one that fails does not stop the others. */
const steps: [name: string, step: (services: Services) => Promise<unknown>][] = [
  ['expire links', expireLinks],
  ['send queued requests', sendQueued],
  ['remind owners', sendNudges],
  ['refresh at midnight', dueRefreshes],
  ['find lost work', reconcile],
  ['look again at suspects', secondLooks],
  ['ask outages again', watchOutages],
  ['verify quiet connections', verifyQuiet],
  ['count down to ends', countDown],
  ['see metrics come back', settleDrift],
  ['wake snoozed incidents', wakeSnoozed],
  ['ask for people', askForPeople],
  ['tidy up lost sign-ins', sweepOwnerSide],
  ['forget old signatures', sweepSeen],
]

export const tick: Job<'tick'> = {
  name: 'tick',
  policy: 'exclusive',
  retry: { limit: 0, delaySeconds: 0 },
  expireSeconds: 300,
  concurrency: 1,
  prompt: true,
  async run(services) {
    const failures: string[] = []
    for (const [name, step] of steps)
      await step(services).catch((error: Error) => failures.push(`${name}: ${error.message}`))
    if (failures.length > 0) throw new Error(failures.join('; '))
  },
}
