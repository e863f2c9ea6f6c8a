/** Reads yesterday, and what the provider may have corrected, for every source of one connection and zone. */
import { refreshConnection } from '../flows/refresh.ts'
import { type Job, RetryLater } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'daily-refresh': { orgId: string; connectionId: string; timeZone: string; day: string }
  }
}

export const dailyRefresh: Job<'daily-refresh'> = {
  name: 'daily-refresh',
  policy: 'exclusive',
  retry: { limit: 8, delaySeconds: 60, delayMaxSeconds: 3600 },
  expireSeconds: 900,
  concurrency: 2,
  resumes: true,
  batch: 10,
  async run(services, payload, { last, signal }) {
    const outcome = await refreshConnection(services, { ...payload, last }, signal)
    switch (outcome.kind) {
      case 'done':
        return
      case 'later':
        throw new RetryLater(outcome.seconds, outcome.why)
      case 'failed':
        throw new Error(`${outcome.sources} of the connection's sources: ${outcome.why}`)
      default:
        outcome satisfies never
    }
  },
}
