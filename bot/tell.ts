/** Tells one person something nobody else sees, after their modal has closed. */
import type { WebClient } from '@slack/web-api'
import type { SlackMessage } from '../templates/slack/blocks.ts'
import { say } from './slack.ts'

/** Where somebody started: a modal carries it in its metadata. */
export type Origin = {
  channelId: string
  /** Of the command or message; answers there for 30 minutes, even where the bot is no member. */
  responseUrl: string | null
}

/** Below the command where it was typed, else in the channel, else as a DM. */
export async function tellPrivately(
  client: WebClient,
  { channelId, responseUrl }: Origin,
  userId: string,
  { text, blocks }: SlackMessage,
): Promise<void> {
  const message = { text, blocks, unfurl_links: false, unfurl_media: false }
  if (responseUrl && (await viaResponseUrl(responseUrl, message))) return
  if (/^[CG]/.test(channelId)) {
    const shown = await client.chat
      .postEphemeral({ channel: channelId, user: userId, text, blocks })
      .catch(() => null) // the bot is no member there: the DM below reaches the person all the same
    if (shown) return
  }
  await say(client, userId, { text, blocks })
}

async function viaResponseUrl(url: string, message: object): Promise<boolean> {
  const sent = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...message }),
    signal: AbortSignal.timeout(3_000),
  }).catch(() => null) // outlived its 30 minutes, or Slack is slow: said another way
  return sent?.ok ?? false
}
