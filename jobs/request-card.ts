/** Shows a request's card as it is now, and posts what is new into its thread, each event once. */
import { type RequestCardView, requestCard, requestEvents } from '../flows/request-card.ts'
import type { Services } from '../flows/services.ts'
import { claimPost, contentHash, findPost, forgetPost, notePost, postedKeys } from '../flows/slack-post.ts'
import type { SlackMessage } from '../templates/slack/blocks.ts'
import { requestCardMessage } from '../templates/slack/request-card.ts'
import { eventMessage } from '../templates/slack/request-events.ts'
import { type Job, RetryLater, type SlackVoice, type Voices } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'request-card': { orgId: string; requestId: string }
  }
}

/** A queue's expected time moves with the clock: enough is enough. */
const ROUNDS_MAX = 3

type At = { channelId: string; ts: string }

export const requestCardJob: Job<'request-card'> = {
  name: 'request-card',
  policy: 'short',
  retry: { limit: 150, delaySeconds: 5, delayMaxSeconds: 600 }, // about a day: Slack may be away for hours
  expireSeconds: 120,
  concurrency: 5,
  prompt: true,
  async run(services, { orgId, requestId }) {
    const voice = await services.slack(orgId)
    let shown: Buffer | null = null
    // What changed while we spoke is shown again, so that of two workers the one that read first never speaks last.
    for (let round = 0; voice && round < ROUNDS_MAX; round++) {
      const card = await requestCard(services, orgId, requestId)
      const hash = card && contentHash(requestCardMessage(card))
      if (!card || !hash || shown?.equals(hash)) return
      const root = await showRoot(services, voice, orgId, card, shown)
      if (!root) return
      await postEvents(services, voice, orgId, card, root)
      shown = hash
    }
  },
}

/** Null when nobody can be reached: neither the channel nor the requester. `own`: what this worker showed just now. */
async function showRoot(
  services: Services & Voices,
  voice: SlackVoice,
  orgId: string,
  card: RequestCardView,
  own: Buffer | null,
): Promise<At | null> {
  const key = `request:${card.requestId}`
  const message = requestCardMessage(card)
  const hash = contentHash(message)
  const shown = await findPost(services, orgId, key)
  const places = [card.channelId, card.requestedBy]
  if (!shown?.ts) return postRoot(services, voice, { orgId, key, message, hash, places })
  const at = { channelId: shown.channelId, ts: shown.ts }
  if (!own && shown.contentHash && hash.equals(shown.contentHash)) return at
  if ((await voice.update(at.channelId, at.ts, message)) === 'gone') {
    await forgetPost(services, orgId, key)
    return postRoot(services, voice, { orgId, key, message, hash, places })
  }
  await notePost(services, orgId, key, { ...at, contentHash: hash })
  return at
}

type Root = { orgId: string; key: string; message: SlackMessage; hash: Buffer; places: string[] }

/** In the first place where the bot may speak: the client's channel, else with the requester. */
async function postRoot(
  services: Services,
  voice: SlackVoice,
  { orgId, key, message, hash, places }: Root,
): Promise<At | null> {
  if (!(await claimPost(services, orgId, key, places[0] ?? '')))
    throw new RetryLater(2, 'another worker is posting this card')
  const at = await giveBackOnTrouble(services, orgId, key, async () => {
    for (const place of places) {
      const posted = await voice.post(place, message)
      if (posted.kind === 'posted') return { channelId: posted.channel, ts: posted.ts }
    }
    return null
  })
  if (at) await notePost(services, orgId, key, { ...at, contentHash: hash })
  else await forgetPost(services, orgId, key)
  return at
}

async function postEvents(
  services: Services,
  voice: SlackVoice,
  orgId: string,
  card: RequestCardView,
  root: At,
): Promise<void> {
  const prefix = `request:${card.requestId}:event:`
  const posted = await postedKeys(services, orgId, prefix)
  for (const event of await requestEvents(services, orgId, card.requestId)) {
    const message = eventMessage(event)
    const key = `${prefix}${event.id}`
    if (!message || posted.has(key)) continue
    if (!(await claimPost(services, orgId, key, root.channelId)))
      throw new RetryLater(5, 'another worker is posting in this thread, or died while it was')
    const reply = await giveBackOnTrouble(services, orgId, key, () =>
      voice.post(root.channelId, message, { threadTs: root.ts }),
    )
    if (reply.kind === 'posted') {
      await notePost(services, orgId, key, { channelId: reply.channel, ts: reply.ts, contentHash: null })
      continue
    }
    await forgetPost(services, orgId, key)
    // In a DM there is nowhere else to go.
    return root.channelId.startsWith('D') ? undefined : moveToRequester(services, voice, orgId, card)
  }
}

/** The channel was archived or closed to us since, or takes no replies: card and thread go on with the requester. */
async function moveToRequester(
  services: Services,
  voice: SlackVoice,
  orgId: string,
  card: RequestCardView,
): Promise<void> {
  const key = `request:${card.requestId}`
  const message = requestCardMessage(card)
  await forgetPost(services, orgId, key)
  const root = { orgId, key, message, hash: contentHash(message), places: [card.requestedBy] }
  const at = await postRoot(services, voice, root)
  if (at) await postEvents(services, voice, orgId, card, at)
}

/** Slack said no for now: the claim is free again, and the queue tries later. */
async function giveBackOnTrouble<T>(
  services: Services,
  orgId: string,
  key: string,
  speak: () => Promise<T>,
): Promise<T> {
  try {
    return await speak()
  } catch (error) {
    await forgetPost(services, orgId, key)
    throw error
  }
}
