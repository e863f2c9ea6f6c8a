/** One run of one source outside the daily round: a gap to close, or "Refresh now". */
import { runSync } from '../flows/sync.ts'
import { type Job, RetryLater, retryOf } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'sync-source': { orgId: string; sourceId: string; runId: number }
  }
}

export const syncSource: Job<'sync-source'> = {
  name: 'sync-source',
  policy: 'exclusive',
  retry: { limit: 8, delaySeconds: 30, delayMaxSeconds: 3600 },
  expireSeconds: 900,
  concurrency: 2,
  resumes: true,
  batch: 4,
  async run(services, { orgId, runId }, { last, signal }) {
    const outcome = await runSync(services, { orgId, runId, last }, signal)
    switch (outcome.kind) {
      case 'done':
      case 'fenced':
      case 'idle':
        return
      case 'later':
        throw new RetryLater(outcome.seconds, outcome.why)
      case 'failed':
        throw retryOf(outcome.error)
      default:
        outcome satisfies never
    }
  },
}
