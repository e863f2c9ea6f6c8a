/** Everything Slack sends to the app, built and signed as Slack does. */
import { createHmac, randomUUID } from 'node:crypto'
import type { ApiState } from './api.ts'
import { noteTrigger } from './api.ts'
import { APP_ID, findChannel, OTHER_TEAM_ID, personById, TEAM } from './people.ts'

export type Outgoing = {
  /** Where the app listens: its /slack/events. */
  appUrl: string
  signingSecret: string
  /** Where this simulator listens, for response_url. */
  ownUrl: string
  botToken: string
}
export type Reply = { status: number; body: Record<string, unknown>; ms: number }

/** Slack shows "didn't respond" after three seconds. */
const PATIENCE_MS = 3_000

/** Sends one signed request and waits for the answer as long as Slack would; later counts as no answer (status 0). */
async function send(
  out: Outgoing,
  body: string,
  type: string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const time = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', out.signingSecret).update(`v0:${time}:${body}`).digest('hex')
  const began = performance.now()
  const answer = await fetch(out.appUrl, {
    method: 'POST',
    body,
    headers: {
      ...{ 'content-type': type, 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` },
      ...headers,
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => null)
  const text = answer ? await answer.text() : ''
  return { status: answer?.status ?? 0, body: parse(text), ms: performance.now() - began }
}

function parse(text: string): Record<string, unknown> {
  if (!text) return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}

const FORM = 'application/x-www-form-urlencoded'

export function sendInteraction(out: Outgoing, payload: object): Promise<Reply> {
  return send(out, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), FORM)
}

export type Command = {
  user: string
  channel: string
  command: string
  text: string
  triggerId: string
  responseUrl: string
}

export function sendCommand(
  out: Outgoing,
  { user, channel, command, text, triggerId, responseUrl }: Command,
): Promise<Reply> {
  const { id, name } = findChannel(channel)
  const fields = {
    ...{ token: 'unused', team_id: TEAM.id, team_domain: TEAM.domain, channel_id: id, channel_name: name },
    ...{ user_id: user, user_name: personById(user)?.name ?? '', command, text, api_app_id: APP_ID },
    ...{ is_enterprise_install: 'false', response_url: responseUrl, trigger_id: triggerId },
  }
  return send(out, new URLSearchParams(fields).toString(), FORM)
}

export function sendEvent(
  out: Outgoing,
  botUserId: string,
  event: { type: string; [key: string]: unknown },
  options: { eventId?: string; retry?: number } = {},
): Promise<Reply> {
  const now = Date.now() / 1000
  const envelope = {
    ...{
      token: 'unused',
      team_id: TEAM.id,
      context_team_id: TEAM.id,
      context_enterprise_id: null,
      api_app_id: APP_ID,
    },
    ...{ event: { ...event, event_ts: now.toFixed(6) }, type: 'event_callback' },
    ...{ event_id: options.eventId ?? `Ev${randomUUID().replaceAll('-', '')}`, event_time: Math.floor(now) },
    authorizations: [
      {
        enterprise_id: null,
        team_id: TEAM.id,
        user_id: botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    ...{ is_ext_shared_channel: false, event_context: '4-sandbox' },
  }
  const headers = options.retry
    ? { 'x-slack-retry-num': String(options.retry), 'x-slack-retry-reason': 'http_timeout' }
    : undefined
  return send(out, JSON.stringify(envelope), 'application/json', headers)
}

/** What every interaction says about who did it. */
export function common(user: string, triggerId: string): object {
  const person = personById(user)
  const name = person?.name ?? user
  const teamId = person?.kind === 'stranger' ? OTHER_TEAM_ID : TEAM.id
  return {
    user: { id: user, username: name, name, team_id: teamId },
    ...{ api_app_id: APP_ID, token: 'unused', team: { id: TEAM.id, domain: TEAM.domain } },
    ...{ enterprise: null, is_enterprise_install: false, trigger_id: triggerId },
  }
}

/** A real trigger: good for one views.open or views.push within three seconds. */
export async function makeTrigger(
  state: ApiState,
  botToken: string,
  user: string,
  viewId?: string,
): Promise<string> {
  const fields = { user_id: user, ...(viewId && { view_id: viewId }) }
  const { body } = await state.workspace.call(
    'views.generateTriggerId',
    new URLSearchParams(fields).toString(),
    FORM,
    botToken,
  )
  if (!body.ok) throw new Error(`no trigger for ${user}: ${body.error}`)
  noteTrigger(String(body.trigger_id), user)
  return String(body.trigger_id)
}
