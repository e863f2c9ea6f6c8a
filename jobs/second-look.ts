/** Asks a provider once more where a first answer said the authorisation is over. */
import { secondLook } from '../flows/second-look.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'second-look': { orgId: string; connectionId: string }
  }
}

export const secondLookJob: Job<'second-look'> = {
  name: 'second-look',
  policy: 'exclusive',
  retry: { limit: 0, delaySeconds: 1 }, // the tick asks again
  expireSeconds: 120,
  concurrency: 1,
  batch: 10,
  prompt: true,
  run: (services, payload, { signal }) => secondLook(services, payload, signal),
}
