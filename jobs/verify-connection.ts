/** Asks a connection that was not read for a day whether it is still good. */
import { verifyConnection } from '../flows/verify.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'verify-connection': { orgId: string; connectionId: string }
  }
}

export const verifyConnectionJob: Job<'verify-connection'> = {
  name: 'verify-connection',
  policy: 'exclusive',
  retry: { limit: 0, delaySeconds: 1 }, // the tick asks again
  expireSeconds: 120,
  concurrency: 1,
  batch: 10,
  run: (services, payload, { signal }) => verifyConnection(services, payload, signal),
}
