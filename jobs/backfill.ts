/** Reads the history of a new source, one month after the other, newest first. */
import { runBackfill } from '../flows/run-backfill.ts'
import { type Job, RetryLater, retryOf } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    backfill: { orgId: string; sourceId: string }
  }
}

export const backfill: Job<'backfill'> = {
  name: 'backfill',
  policy: 'exclusive',
  retry: { limit: 8, delaySeconds: 30, delayMaxSeconds: 3600 },
  expireSeconds: 900,
  concurrency: 2,
  resumes: true,
  batch: 4,
  async run(services, { orgId, sourceId }, { last, signal }) {
    const outcome = await runBackfill(services, { orgId, sourceId, last }, signal)
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
