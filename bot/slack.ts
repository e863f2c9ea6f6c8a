/**
 * The voice `slack`: posts and edits unasked, at Slack's pace. Refusals that will not pass are an answer; passing
 * trouble throws, with `retryAfterSeconds` where Slack says how long, and the queue tries again.
 */
import { WebAPIPlatformError, WebAPIRateLimitedError, WebClient, type WebClientOptions } from '@slack/web-api'
import Bottleneck from 'bottleneck'
import type { FileToPost, Posted, SlackVoice } from '../jobs/job.ts'
import { cut, type SlackMessage } from '../templates/slack/blocks.ts'
import { type SlackUser, toProfile } from './profile.ts'
import type { Reachable, Workspaces } from './workspaces.ts'

const PER_CHANNEL_MS = 1_200
const WAIT_HERE_AT_MOST_S = 10
/** Bottleneck's scale, 0 first: a busy channel sees new cards and alerts before the history in older threads. */
const FIRST = { priority: 3 }
const AFTERWARDS = { priority: 7 }
/** Slack recommends no more. */
const PEOPLE_PER_PAGE = 200

/** Slack allows 50 edits a minute per workspace, all channels together: 45, of which 5 at once. */
const EDITS = {
  reservoir: 5,
  reservoirIncreaseAmount: 3,
  reservoirIncreaseInterval: 4_000,
  reservoirIncreaseMaximum: 5,
  maxConcurrent: 1,
}

/** The place is gone or closed to us. */
const UNREACHABLE =
  /^(channel_not_found|is_archived|not_in_channel|messages_tab_disabled|user_not_found|user_disabled|users_not_found|cannot_dm_bot|restricted_action.*|not_allowed_token_type|team_access_not_granted|access_denied)$/
/** The workspace is closed to us. */
const CLOSED =
  /^(account_inactive|token_revoked|token_expired|invalid_auth|not_authed|missing_scope|team_not_found)$/
/** The workspace takes no such file, now or later. */
const NO_SUCH_FILE =
  /^(file_uploads?_.*|file_type_not_allowed|blocked_file_type|storage_limit_reached|missing_scope)$/
/** Slack refuses a longer one. */
const ALT_TEXT = 1_000
/** A large file through a slow line. */
const UPLOAD_WITHIN_MS = 600_000
/** The message can no longer be edited. */
const GONE = /^(message_not_found|cant_update_message|edit_window_closed|is_inactive)$/

/** Answers one person, or a channel, at once and unpaced: for what somebody has just done. */
export async function say(client: WebClient, channel: string, message: SlackMessage): Promise<void> {
  await client.chat.postMessage({ channel, ...content(message), unfurl_links: false, unfurl_media: false })
}

export type Voices = {
  voice(orgId: string): Promise<SlackVoice | null>
  close(): Promise<void>
}

export function createVoices(workspaces: Workspaces, options: () => WebClientOptions): Voices {
  const posts = new Bottleneck.Group({ maxConcurrent: 1, minTime: PER_CHANNEL_MS })
  const edits = new Bottleneck.Group(EDITS)
  for (const group of [posts, edits]) group.on('created', (limiter) => limiter.on('failed', waitIfShort))
  const clients = new Map<string, WebClient>()
  return {
    async voice(orgId) {
      const workspace = await workspaces.ofOrg(orgId)
      if (!workspace) return null
      const client = clients.get(workspace.botToken) ?? new WebClient(workspace.botToken, options())
      clients.set(workspace.botToken, client)
      return speakIn(workspace, client, { posts, edits })
    },
    close: async () => {
      await Promise.all([posts.disconnect(), edits.disconnect()])
    },
  }
}

/** Bottleneck tries again after the returned milliseconds, or gives up on undefined. */
async function waitIfShort(error: unknown, { retryCount }: { retryCount: number }) {
  if (!(error instanceof WebAPIRateLimitedError) || retryCount > 1) return undefined
  return error.retryAfter <= WAIT_HERE_AT_MOST_S ? error.retryAfter * 1_000 : undefined
}

type Pace = { posts: Bottleneck.Group; edits: Bottleneck.Group }

function speakIn(workspace: Reachable, client: WebClient, { posts, edits }: Pace): SlackVoice {
  const { workspaceId } = workspace
  return {
    async post(channel, message, { threadTs } = {}) {
      const to = await openDm(client, channel)
      if (typeof to !== 'string') return to
      const send = () =>
        client.chat.postMessage({
          channel: to,
          ...content(message),
          ...(threadTs && { thread_ts: threadTs }),
          unfurl_links: false,
          unfurl_media: false,
        })
      const turn = threadTs ? AFTERWARDS : FIRST
      const sent = await refusal(() => posts.key(`${workspaceId}:${to}`).schedule(turn, send))
      if ('why' in sent) return { kind: 'unreachable', why: sent.why }
      return { kind: 'posted', channel: sent.answer.channel ?? to, ts: sent.answer.ts ?? '' }
    },
    async file(channel, file, message) {
      const to = await openDm(client, channel)
      if (typeof to !== 'string') return to
      const sent = await refusal(
        () => posts.key(`${workspaceId}:${to}`).schedule(FIRST, () => sendFile(client, to, file, message)),
        NO_SUCH_FILE,
      )
      if (!('why' in sent)) return { kind: 'posted', channel: to, ts: sent.answer }
      return { kind: NO_SUCH_FILE.test(sent.why) ? 'refused' : 'unreachable', why: sent.why }
    },
    async update(channel, ts, message) {
      const edit = () => client.chat.update({ channel, ts, ...content(message) })
      const edited = await refusal(() => edits.key(workspaceId).schedule(edit))
      return 'why' in edited ? 'gone' : 'updated'
    },
    async people(cursor) {
      // A grid's own token would have to name one of its workspaces: there admins are learned as they act.
      if (workspace.teamId === null) return { profiles: [], next: null }
      const page = { limit: PEOPLE_PER_PAGE, include_locale: true, ...(cursor && { cursor }) }
      const listed = await refusal(() => client.users.list(page))
      if ('why' in listed) return { profiles: [], next: null }
      const { members = [], response_metadata } = listed.answer
      return {
        profiles: members.map((user) => toProfile(user as SlackUser, workspace)),
        next: response_metadata?.next_cursor || null,
      }
    },
  }
}

/** Slack opens (or finds) the DM with a user. Channels pass through. */
async function openDm(client: WebClient, channel: string): Promise<string | Posted> {
  if (!/^[UW]/.test(channel)) return channel
  const opened = await refusal(() => client.conversations.open({ users: channel }))
  if ('why' in opened) return { kind: 'unreachable', why: opened.why }
  return opened.answer.channel?.id ?? channel
}

/**
 * Asks where to, sends the bytes as they come, and shares the file. Not `uploadV2`, which holds the whole file in
 * memory and ends it after ten seconds. Slack shares it a moment later and says no `ts`: the file's id stands for it.
 */
async function sendFile(
  client: WebClient,
  channel: string,
  { name, title, altText, data }: FileToPost,
  { blocks }: SlackMessage,
): Promise<string> {
  const { upload_url = '', file_id = '' } = await client.files.getUploadURLExternal({
    ...{ filename: name, length: data.size },
    ...(altText && { alt_txt: cut(altText, ALT_TEXT) }), // the library's types call it alt_text, Slack does not
  })
  const signal = AbortSignal.timeout(UPLOAD_WITHIN_MS)
  const { ok, status } = await fetch(upload_url, { method: 'POST', body: data, redirect: 'error', signal })
  if (!ok) throw new Error(`Slack did not take the file: ${status}`)
  await client.files.completeUploadExternal({ files: [{ id: file_id, title }], channel_id: channel, blocks })
  return file_id
}

/** A coloured bar needs an attachment; an edit must say what of the two kinds of content is gone. */
function content({ text, blocks, color }: SlackMessage) {
  return color ? { text, blocks: [], attachments: [{ color, blocks }] } : { text, blocks, attachments: [] }
}

/** Throws what will pass, and what we did wrong. */
async function refusal<T>(call: () => Promise<T>, also = /^$/): Promise<{ answer: T } | { why: string }> {
  try {
    return { answer: await call() }
  } catch (error) {
    if (error instanceof WebAPIRateLimitedError)
      throw Object.assign(new Error('Slack asks us to wait'), { retryAfterSeconds: error.retryAfter })
    if (!(error instanceof WebAPIPlatformError)) throw error
    const { error: code, response_metadata } = error.data
    if (also.test(code) || UNREACHABLE.test(code) || CLOSED.test(code) || GONE.test(code))
      return { why: code }
    const details = response_metadata?.messages?.join('; ') ?? ''
    throw new Error(`Slack refused: ${code} ${details}`.trim())
  }
}
