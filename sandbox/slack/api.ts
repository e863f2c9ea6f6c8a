/**
 * The Web API the app talks to: `emulate`, plus what it lacks. Checks tokens and Block Kit, answers 429s and errors on
 * request, adds zones and roles to people, and remembers what was posted so that it can be shown.
 */
import type { KnownBlock } from '@slack/types'
import { answerFiles, type Upload } from './files.ts'
import { problemsOf } from './limits.ts'
import { OTHER_TEAM_ID, PEOPLE, personById, TEAM } from './people.ts'
import {
  type Attachment,
  findView,
  type Message,
  type Shown,
  type ShownView,
  stateOf,
  touched,
} from './shown.ts'
import type { Answer, Workspace } from './workspace.ts'

/** One failure waiting for its call. `times` counts down; Infinity: until cleared. */
export type Failure = { error: string; retryAfter?: number; times: number; delayMs?: number }
export type ApiState = {
  shown: Shown
  workspace: Workspace
  botUserId: string
  tokens: Set<string>
  revoked: Set<string>
  /** By method; `*` for all. */
  failures: Map<string, Failure>
  calls: { method: string; at: number; fields: Fields }[]
  /** Where this Slack listens, for uploads. */
  ownUrl: string
  /** By file id. */
  uploads: Map<string, Upload>
}
export type Fields = Record<string, unknown>

export async function answerApi(
  state: ApiState,
  method: string,
  raw: string,
  type: string,
  bearer: string,
): Promise<Answer & { retryAfter?: number }> {
  const fields = readFields(raw, type)
  const token = bearer || String(fields.token ?? '')
  state.calls.push({ method, at: Date.now(), fields })
  const failure = takeFailure(state.failures, method)
  if (failure?.delayMs) await new Promise((done) => setTimeout(done, failure.delayMs))
  if (failure?.error === 'ratelimited')
    return { status: 429, body: no('ratelimited'), retryAfter: failure.retryAfter ?? 1 }
  if (failure?.error === 'http_500') return { status: 500, body: no('internal_error') }
  if (failure?.error) return { status: 200, body: no(failure.error) }
  if (method !== 'oauth.v2.access') {
    if (state.revoked.has(token)) return { status: 200, body: no('token_revoked') }
    if (!state.tokens.has(token)) return { status: 200, body: no('invalid_auth') }
  }
  noteProblems(state, method, fields)
  const own = answerOurselves(state, method, fields, token)
  if (own) return { status: 200, body: own }
  const file = answerFiles(state.uploads, state.shown, state.ownUrl, method, fields)
  if (file) return { status: 200, body: remember(state, method, fields, file) }
  const answer = await state.workspace.call(method, raw, type, token)
  return { status: answer.status, body: remember(state, method, fields, enrich(method, answer.body)) }
}

const no = (error: string) => ({ ok: false as const, error })

function readFields(raw: string, type: string): Fields {
  if (type.includes('json')) return JSON.parse(raw || '{}') as Fields
  const fields: Fields = Object.fromEntries(new URLSearchParams(raw))
  for (const name of ['blocks', 'attachments', 'view', 'metadata', 'files'])
    if (typeof fields[name] === 'string' && fields[name]) fields[name] = JSON.parse(fields[name])
  return fields
}

function takeFailure(failures: Map<string, Failure>, method: string): Failure | undefined {
  const name = failures.has(method) ? method : '*'
  const failure = failures.get(name)
  if (failure && --failure.times <= 0) failures.delete(name)
  return failure
}

function noteProblems({ shown }: ApiState, method: string, fields: Fields): void {
  const view = fields.view as object | undefined
  const shares = method === 'files.completeUploadExternal'
  const text = shares ? 'A file' : fields.text
  const message =
    shares || /^chat\.(post|update)/.test(method) ? ({ ...fields, text } as unknown as Message) : null
  const found = view ? problemsOf({ view }) : problemsOf({ message })
  shown.problems.push(...found.map((one) => `${method}: ${one}`))
}

/** What emulate has not, or cannot know. */
function answerOurselves(
  state: ApiState,
  method: string,
  fields: Fields,
  token: string,
): Answer['body'] | null {
  if (method === 'auth.revoke') return state.revoked.add(token) && { ok: true, revoked: true }
  if (method === 'apps.uninstall') return state.revoked.add(token) && { ok: true }
  if (method === 'usergroups.list') return { ok: true, usergroups: [] }
  if (method === 'users.conversations') return { ok: true, channels: [] }
  if (method === 'chat.postMessage' || method === 'chat.postEphemeral') {
    const stranger = personById(String(fields.channel))?.kind === 'stranger'
    if (stranger) return no('channel_not_found')
  }
  if (method === 'users.lookupByEmail') {
    const found = PEOPLE.find(({ email }) => email === fields.email)
    if (found?.kind === 'stranger') return no('users_not_found')
  }
  if (method === 'chat.update') return update(state, fields)
  return null
}

/** Messages from before a restart are shown still, which emulate has forgotten: so edits are made here. */
function update({ shown, botUserId }: ApiState, fields: Fields): Answer['body'] | null {
  const message = shown.messages.find(({ ts, channel }) => ts === fields.ts && channel === fields.channel)
  if (!message) return no('message_not_found')
  if (message.user !== botUserId) return no('cant_update_message')
  const { attachments, ...rest } = contentOf(fields)
  Object.assign(message, rest, { edited: true })
  if (fields.attachments) message.attachments = attachments // left out, they stay as they were
  touched(shown)
  return { ok: true, channel: message.channel, ts: message.ts, text: message.text, message: fields }
}

function enrich(method: string, body: Answer['body']): Answer['body'] {
  if (method === 'users.info' || method === 'users.lookupByEmail') dress(body.user)
  if (method === 'users.list') for (const user of (body.members ?? []) as unknown[]) dress(user)
  return body
}

/** Zone, language and role, as users.info gives them with `include_locale`. */
function dress(found: unknown): void {
  const user = found as Record<string, unknown> | undefined
  const person = user && personById(String(user.id))
  if (!person) return
  const { kind, timeZone, locale, title } = person
  Object.assign(user, {
    ...{ tz: timeZone, locale, tz_label: timeZone, deleted: false, updated: 1 },
    ...{
      is_admin: kind === 'owner' || kind === 'admin',
      is_owner: kind === 'owner',
      is_primary_owner: kind === 'owner',
    },
    ...{ is_restricted: kind === 'guest', is_ultra_restricted: false, is_stranger: kind === 'stranger' },
    ...{ team_id: kind === 'stranger' ? OTHER_TEAM_ID : TEAM.id, is_app_user: false, is_bot: false },
  })
  Object.assign(user.profile as object, {
    title,
    display_name: person.realName,
    ...(kind === 'stranger' && { email: undefined }),
  })
}

function remember(state: ApiState, method: string, fields: Fields, body: Answer['body']): Answer['body'] {
  if (!body.ok) return body
  const { shown, tokens, botUserId } = state
  if (method === 'oauth.v2.access') tokens.add(String(body.access_token))
  if (method === 'chat.postMessage')
    shown.messages.push({
      ...posted(shown, fields, botUserId),
      channel: String(body.channel),
      ts: String(body.ts),
    })
  if (method === 'chat.postEphemeral') {
    const ephemeral = {
      ...posted(shown, fields, botUserId),
      ts: String(body.message_ts),
      to: String(fields.user),
    }
    shown.ephemerals.push(ephemeral)
  }
  if (method === 'chat.delete') {
    const at = shown.messages.findIndex(({ ts, channel }) => ts === fields.ts && channel === fields.channel)
    if (at >= 0) shown.messages.splice(at, 1)
  }
  if (method === 'files.completeUploadExternal') rememberFiles(state, fields, body)
  if (method.startsWith('views.')) rememberView(shown, method, body.view as ShownView, fields)
  touched(shown)
  return body
}

function rememberFiles({ shown, botUserId, uploads }: ApiState, fields: Fields, body: Answer['body']): void {
  if (!fields.channel_id) return
  const files = ((body.files ?? []) as { id: string; title: string }[]).map(({ id, title }) => {
    const { name = title, alt = '' } = uploads.get(id) ?? {}
    return { id, name, alt, url: `/sandbox/files/${id}/${encodeURIComponent(name)}` }
  })
  const text = String(fields.initial_comment ?? '')
  const given = { ...fields, text, channel: fields.channel_id }
  const ts = `${(Date.now() / 1000).toFixed(3)}${String(shown.messages.length).padStart(3, '0').slice(-3)}`
  shown.messages.push({ ...posted(shown, given, botUserId), files, ts })
}

export function posted(shown: Shown, fields: Fields, user: string): Message {
  const threadTs = fields.thread_ts ? String(fields.thread_ts) : null
  const channel = String(fields.channel ?? '')
  return { channel, ts: '', at: shown.now(), threadTs, user, edited: false, files: [], ...contentOf(fields) }
}

/** `chat.update` with text alone drops the blocks, as in Slack. */
export function contentOf(fields: Fields): Pick<Message, 'text' | 'blocks' | 'attachments'> {
  return {
    text: String(fields.text ?? ''),
    blocks: withIds((fields.blocks as KnownBlock[] | undefined) ?? []),
    attachments: ((fields.attachments as Attachment[] | undefined) ?? []).map((one) => ({
      ...one,
      blocks: withIds(one.blocks ?? []),
    })),
  }
}

/** Slack names blocks the app did not. */
function withIds(blocks: KnownBlock[]): KnownBlock[] {
  return blocks.map((block, i) => ({ ...block, block_id: block.block_id ?? `b${i}` }))
}

function rememberView(shown: Shown, method: string, view: ShownView, fields: Fields): void {
  if (!view) return
  const given = { ...view, blocks: withIds(view.blocks ?? []), errors: {} }
  const known = findView(shown, view.id)
  const fresh: ShownView = { ...given, state: { values: stateOf(given.blocks, known?.view.state.values) } }
  if (method === 'views.publish') shown.homes.set(String(fields.user_id), fresh)
  else if (known) replaceView(known.view, fresh)
  else openView(shown, (view as unknown as { user_id?: string }).user_id ?? shownTo(fields), fresh, method)
}

/** The same view with nothing left of what it showed: a button the new one does not name is gone, as in Slack. */
export function replaceView(view: ShownView, fresh: ShownView): void {
  for (const part of ['submit', 'close', 'title'] as const) delete view[part]
  Object.assign(view, fresh)
}

/** emulate does not say for whom a view was opened, so trigger ids carry it. */
const triggers = new Map<string, string>()
export function noteTrigger(triggerId: string, user: string): void {
  triggers.set(triggerId, user)
}
const shownTo = (fields: Fields) =>
  triggers.get(String(fields.trigger_id ?? fields.interactivity_pointer)) ?? ''

export function openView(shown: Shown, user: string, view: ShownView, method: string): void {
  const stack = method === 'views.push' ? (shown.modals.get(user) ?? []) : []
  shown.modals.set(user, [...stack, view])
}
