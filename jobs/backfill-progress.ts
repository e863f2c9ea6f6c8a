/** Posts, then edits, the one progress message of a request's backfills. How often is decided by who sends the job. */
import { createHash } from 'node:crypto'
import * as progress from '../flows/progress.ts'
import { backfillMessage } from '../templates/slack/backfill.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'backfill-progress': { orgId: string; requestId: string }
  }
}

export const backfillProgress: Job<'backfill-progress'> = {
  name: 'backfill-progress',
  policy: 'short',
  retry: { limit: 5, delaySeconds: 30, delayMaxSeconds: 300 },
  expireSeconds: 60,
  concurrency: 1,
  batch: 4,
  async run(services, { orgId, requestId }) {
    const now = await progress.backfillProgress(services, { orgId, requestId })
    const voice = await services.slack(orgId)
    if (!now?.thread || !voice) return
    const message = backfillMessage(now)
    const contentHash = createHash('sha256').update(JSON.stringify(message)).digest()
    if (now.post) {
      const { channelId, ts } = now.post
      if (now.post.contentHash?.equals(contentHash)) return
      const edited = await voice.update(channelId, ts, message)
      if (edited === 'updated')
        await progress.noteProgress(services, orgId, requestId, { channelId, ts, contentHash })
      return // a person who deleted it does not want it back
    }
    const { channelId, ts } = now.thread
    if (!(await progress.claimProgress(services, orgId, requestId, channelId))) return
    const posted = await voice.post(channelId, message, { threadTs: ts }).catch(async (error: unknown) => {
      await progress.forgetProgress(services, orgId, requestId)
      throw error
    })
    if (posted.kind === 'posted')
      await progress.noteProgress(services, orgId, requestId, {
        ...{ channelId: posted.channel, ts: posted.ts, contentHash },
      })
  },
}
