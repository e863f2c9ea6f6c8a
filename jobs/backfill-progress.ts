/** Posts, then edits, the one progress message of a request's backfills. How often is decided by who sends the job. */
import * as progress from '../flows/progress.ts'
import type { Services } from '../flows/services.ts'
import { contentHash } from '../flows/slack-post.ts'
import { backfillMessage } from '../templates/slack/backfill.ts'
import type { SlackMessage } from '../templates/slack/blocks.ts'
import { type Job, RetryLater, type SlackVoice } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'backfill-progress': { orgId: string; requestId: string }
  }
}

const CLAIMED_SECONDS = 5

export const backfillProgress: Job<'backfill-progress'> = {
  name: 'backfill-progress',
  policy: 'short',
  retry: { limit: 5, delaySeconds: 30, delayMaxSeconds: 300 },
  expireSeconds: 60,
  concurrency: 1,
  batch: 4,
  async run(services, { orgId, requestId }) {
    const voice = await services.slack(orgId)
    let shown: Buffer | null = null
    for (;;) {
      const now = await progress.backfillProgress(services, { orgId, requestId })
      if (!now?.thread || !voice) return
      const message = backfillMessage(now)
      const hash = contentHash(message)
      // Read while we spoke: another worker's news of the end may stand below our older edit.
      if (shown && (shown.equals(hash) || !isComplete(now))) return
      if (!shown && now.post?.contentHash?.equals(hash)) return
      if (!(await show(services, voice, { orgId, requestId }, now, message))) return
      shown = hash
    }
  },
}

type About = { orgId: string; requestId: string }

/** False when it is gone: a person who deleted it does not want it back. */
async function show(
  services: Services,
  voice: SlackVoice,
  { orgId, requestId }: About,
  { thread, post }: progress.BackfillProgress,
  message: SlackMessage,
): Promise<boolean> {
  const hash = contentHash(message)
  if (post) {
    const { channelId, ts } = post
    if ((await voice.update(channelId, ts, message)) === 'gone') return false
    await progress.noteProgress(services, orgId, requestId, { channelId, ts, contentHash: hash })
    return true
  }
  if (!thread) return false
  if (!(await progress.claimProgress(services, orgId, requestId, thread.channelId)))
    throw new RetryLater(CLAIMED_SECONDS, 'another worker is posting this message')
  const posted = await voice
    .post(thread.channelId, message, { threadTs: thread.ts })
    .catch(async (error: unknown) => {
      await progress.forgetProgress(services, orgId, requestId)
      throw error
    })
  if (posted.kind === 'unreachable') {
    await progress.forgetProgress(services, orgId, requestId)
    return false
  }
  const at = { channelId: posted.channel, ts: posted.ts, contentHash: hash }
  await progress.noteProgress(services, orgId, requestId, at)
  return true
}

const isComplete = ({ sources }: progress.BackfillProgress) =>
  sources.every(({ slices, done, failed }) => done + failed >= slices)
