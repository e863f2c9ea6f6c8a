/** Destroys what a link that ended unfinished still holds. */
import { destroyHeld } from '../flows/connect/destroy-held.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'destroy-held': { orgId: string; linkId: string }
  }
}

export const destroyHeldJob: Job<'destroy-held'> = {
  name: 'destroy-held',
  retry: { limit: 5, delaySeconds: 30 },
  expireSeconds: 120,
  concurrency: 1,
  async run(services, payload, { signal }) {
    await destroyHeld(services, payload, signal)
  },
}
