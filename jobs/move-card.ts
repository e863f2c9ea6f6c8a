/** Asks every admin in person whether sources move to another login, and shows all of them who decided what. */
import { type MoveView, moveView } from '../flows/move.ts'
import type { Services } from '../flows/services.ts'
import { claimPost, contentHash, findPost, forgetPost, notePost } from '../flows/slack-post.ts'
import { moveCard } from '../templates/slack/move.ts'
import { type Job, RetryLater, type SlackVoice } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'move-card': { orgId: string; moveId: string }
  }
}

const CLAIMED_SECONDS = 15

export const moveCardJob: Job<'move-card'> = {
  name: 'move-card',
  policy: 'short',
  retry: { limit: 150, delaySeconds: 5, delayMaxSeconds: 600 }, // about a day: Slack may be away for hours
  expireSeconds: 120,
  concurrency: 1,
  prompt: true,
  async run(services, { orgId, moveId }) {
    const view = await moveView(services, orgId, moveId)
    const voice = view && (await services.slack(orgId))
    if (!view || !voice) return
    for (const places of view.route) {
      let heard = false
      for (const place of places) heard = (await show(services, voice, { orgId, place, view })) || heard
      if (heard) return
    }
  },
}

type Showing = { orgId: string; place: string; view: MoveView }

/** False where nobody can be reached, and where a decided question was never asked. */
async function show(
  services: Services,
  voice: SlackVoice,
  { orgId, place, view }: Showing,
): Promise<boolean> {
  const message = moveCard(view)
  const hash = contentHash(message)
  const key = `move:${view.moveId}:${place}`
  const post = await findPost(services, orgId, key)
  if (post?.ts) {
    if (post.contentHash?.equals(hash)) return true
    const { channelId, ts } = post
    if ((await voice.update(channelId, ts, message)) === 'updated')
      await notePost(services, orgId, key, { channelId, ts, contentHash: hash })
    return true
  }
  if (view.status !== 'open') return false
  if (!(await claimPost(services, orgId, key, place)))
    throw new RetryLater(CLAIMED_SECONDS, 'another worker is posting this card')
  const posted = await voice.post(place, message).catch(async (error: unknown) => {
    await forgetPost(services, orgId, key)
    throw error
  })
  if (posted.kind === 'unreachable') {
    await forgetPost(services, orgId, key)
    return false
  }
  await notePost(services, orgId, key, { channelId: posted.channel, ts: posted.ts, contentHash: hash })
  return true
}
