/** Asks every admin in person whether sources move to another login, and shows all of them who decided what. */
import { moveView } from '../flows/move.ts'
import { claimPost, contentHash, findPost, forgetPost, notePost } from '../flows/slack-post.ts'
import { moveCard } from '../templates/slack/move.ts'
import { type Job, RetryLater } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'move-card': { orgId: string; moveId: string }
  }
}

const CLAIMED_SECONDS = 15

export const moveCardJob: Job<'move-card'> = {
  name: 'move-card',
  policy: 'short',
  retry: { limit: 8, delaySeconds: 5, delayMaxSeconds: 600 },
  expireSeconds: 120,
  concurrency: 1,
  prompt: true,
  async run(services, { orgId, moveId }) {
    const view = await moveView(services, orgId, moveId)
    const voice = view && (await services.slack(orgId))
    if (!view || !voice) return
    const message = moveCard(view)
    const hash = contentHash(message)
    for (const place of view.places) {
      const key = `move:${moveId}:${place}`
      const post = await findPost(services, orgId, key)
      if (post?.ts) {
        if (post.contentHash?.equals(hash)) continue
        const at = { channelId: post.channelId, ts: post.ts, contentHash: hash }
        if ((await voice.update(post.channelId, post.ts, message)) === 'updated')
          await notePost(services, orgId, key, at)
        continue
      }
      if (view.status !== 'open') continue
      if (!(await claimPost(services, orgId, key, place)))
        throw new RetryLater(CLAIMED_SECONDS, 'another worker is posting this card')
      const posted = await voice.post(place, message).catch(async (error: unknown) => {
        await forgetPost(services, orgId, key)
        throw error
      })
      if (posted.kind === 'unreachable') await forgetPost(services, orgId, key)
      else
        await notePost(services, orgId, key, { channelId: posted.channel, ts: posted.ts, contentHash: hash })
    }
  },
}
