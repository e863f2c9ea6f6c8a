/** Ends a connection whose last source was removed. */
import { endConnection } from '../flows/end-connection.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'end-connection': { orgId: string; connectionId: string }
  }
}

export const endConnectionJob: Job<'end-connection'> = {
  name: 'end-connection',
  policy: 'exclusive',
  retry: { limit: 6, delaySeconds: 30 },
  expireSeconds: 120,
  concurrency: 1,
  async run(services, payload, { signal, last }) {
    await endConnection(services, { ...payload, last }, signal)
  },
}
