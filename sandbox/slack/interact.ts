/** What a person does to a message or a view, as the requests Slack makes of it. Ids here, labels in person.ts. */
import type { KnownBlock } from '@slack/types'
import type { ApiState } from './api.ts'
import { openView, replaceView } from './api.ts'
import { problemsOf, problemsOfOptions } from './limits.ts'
import { findChannel } from './people.ts'
import { common, makeTrigger, type Outgoing, type Reply, sendInteraction } from './requests.ts'
import { openResponse, type Responses } from './responses.ts'
import {
  blocksOf,
  type Element,
  type Ephemeral,
  findView,
  type InputState,
  type Message,
  type ShownView,
  stateOf,
  touched,
} from './shown.ts'

export type World = { state: ApiState; out: Outgoing; responses: Responses }
export type Surface = { message: Message | Ephemeral } | { view: ShownView }
export type Option = { text: { type: string; text: string }; value: string; description?: { text: string } }

export const isEphemeral = (message: Message): message is Ephemeral => 'to' in message

/** A press or a choice. `value` is what Slack would put beside type and ids: `{selected_option}`, `{value}`… */
export async function act(
  world: World,
  user: string,
  surface: Surface,
  { blockId, element, value = {} }: { blockId: string; element: Element; value?: Record<string, unknown> },
): Promise<Reply> {
  const { state, out } = world
  const view = 'view' in surface ? surface.view : null
  if (view && Object.keys(value).length > 0) fill(view, blockId, element, value)
  const triggerId = await makeTrigger(state, out.botToken, user, view?.type === 'modal' ? view.id : undefined)
  const shownText =
    element.type === 'button'
      ? { text: element.text, ...(element.value !== undefined && { value: element.value }) }
      : {}
  const action = {
    ...{ action_id: element.action_id, block_id: blockId, type: element.type, ...shownText, ...value },
    ...(element.style !== undefined && { style: element.style }),
    action_ts: (Date.now() / 1000).toFixed(6),
  }
  const reply = await sendInteraction(out, {
    ...{
      type: 'block_actions',
      ...common(user, triggerId),
      ...placeOf(world, user, surface),
      actions: [action],
    },
  })
  if (reply.status !== 200)
    state.shown.problems.push(
      `${element.action_id} was not acknowledged (${reply.status || 'no answer in 3 s'})`,
    )
  return reply
}

/** Keeps what a person filled in without telling the app, as Slack does for inputs that do not dispatch. */
export function fill(
  view: ShownView,
  blockId: string,
  element: Element,
  value: Record<string, unknown>,
): void {
  view.state.values[blockId] = {
    ...view.state.values[blockId],
    [element.action_id]: { type: element.type, ...value },
  }
}

function placeOf(world: World, user: string, surface: Surface): object {
  if ('view' in surface)
    return { container: { type: 'view', view_id: surface.view.id }, view: sent(surface.view) }
  const { message } = surface
  const { channel, ts, text, blocks, attachments, threadTs, metadata } = message
  const { id, name } = findChannel(channel)
  const ephemeral = isEphemeral(message)
  const origin = { user, channel, ts, ephemeral }
  const bot = world.state.botUserId
  const known = { type: 'message', user: bot, ts, text, blocks, ...(threadTs && { thread_ts: threadTs }) }
  return {
    container: {
      ...{ type: 'message', message_ts: ts, channel_id: id, is_ephemeral: ephemeral },
      ...(threadTs && { thread_ts: threadTs }),
    },
    channel: { id, name },
    ...(!ephemeral && {
      message: {
        ...known,
        ...(attachments.length > 0 && { attachments }),
        ...(metadata ? { metadata } : {}),
      },
    }),
    state: { values: stateOf(blocksOf(message)) },
    response_url: openResponse(world.responses, world.out.ownUrl, origin),
  }
}

function sent({ errors: _errors, ...view }: ShownView): object {
  return view
}

/** What an external select offers for what was typed. */
export async function suggest(
  world: World,
  user: string,
  surface: Surface,
  blockId: string,
  actionId: string,
  typed: string,
): Promise<Option[]> {
  const reply = await sendInteraction(world.out, {
    ...{ type: 'block_suggestion', ...common(user, ''), trigger_id: undefined },
    ...{ action_id: actionId, block_id: blockId, value: typed, ...placeOf(world, user, surface) },
  })
  const { options, option_groups: groups } = reply.body as {
    options?: Option[]
    option_groups?: { options: Option[] }[]
  }
  const found = options ?? groups?.flatMap((group) => group.options) ?? []
  const { problems } = world.state.shown
  if (reply.status !== 200)
    problems.push(`${actionId} was not answered (${reply.status || 'no answer in 3 s'})`)
  problems.push(...problemsOfOptions(found).map((problem) => `${actionId}: ${problem}`))
  return found
}

/** 'closed' when the modal is gone, 'errors' when fields are wrong, 'updated' when another view took its place. */
export type Submitted =
  | { kind: 'closed' | 'updated' | 'failed' }
  | { kind: 'errors'; errors: Record<string, string> }

export async function submit(world: World, user: string, view: ShownView): Promise<Submitted> {
  const { state, out } = world
  const triggerId = await makeTrigger(state, out.botToken, user, view.id)
  view.errors = missing(view)
  if (Object.keys(view.errors).length > 0) {
    touched(state.shown)
    return { kind: 'errors', errors: view.errors }
  }
  const reply = await sendInteraction(out, {
    ...{ type: 'view_submission', ...common(user, triggerId), view: sent(view), response_urls: [] },
  })
  const done = reply.status === 200 ? settle(state, user, view, reply.body) : ({ kind: 'failed' } as const)
  if (done.kind === 'failed') state.shown.problems.push(`a submission was not acknowledged (${reply.status})`)
  touched(state.shown)
  return done
}

/** Slack itself refuses a required field left empty and an e-mail address that is none. */
function missing(view: ShownView): Record<string, string> {
  const errors: Record<string, string> = {}
  for (const block of view.blocks) {
    if (block.type !== 'input') continue
    const { action_id, type } = block.element as unknown as Element
    const given = view.state.values[block.block_id ?? '']?.[action_id] ?? {}
    const filled = Object.entries(given).some(
      ([key, value]) => key !== 'type' && (Array.isArray(value) ? value.length > 0 : Boolean(value)),
    )
    if (!filled && !block.optional) errors[block.block_id ?? ''] = 'Please complete this required field.'
    if (filled && type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(String(given.value)))
      errors[block.block_id ?? ''] = 'Please enter a valid email address.'
  }
  return errors
}

function settle(
  { shown }: ApiState,
  user: string,
  view: ShownView,
  answer: Record<string, unknown>,
): Submitted {
  const stack = shown.modals.get(user) ?? []
  const action = answer.response_action
  if (action === 'errors') {
    view.errors = answer.errors as Record<string, string>
    return { kind: 'errors', errors: view.errors }
  }
  if (action === 'clear') shown.modals.delete(user)
  else if (action === 'update' || action === 'push')
    replace(shown, user, view, answer.view as ShownView, action)
  else
    shown.modals.set(
      user,
      stack.filter(({ id }) => id !== view.id),
    )
  return { kind: action === 'update' || action === 'push' ? 'updated' : 'closed' }
}

let made = 0

function replace(
  shown: ApiState['shown'],
  user: string,
  old: ShownView,
  given: ShownView,
  how: 'update' | 'push',
): void {
  const found = problemsOf({ view: given })
  shown.problems.push(...found.map((one) => `response_action ${how}: ${one}`))
  const blocks = given.blocks.map((block: KnownBlock, i) => ({
    ...block,
    block_id: block.block_id ?? `b${i}`,
  }))
  const hash = `${Date.now()}.${++made}`
  const values = stateOf(blocks, how === 'update' ? old.state.values : {})
  const fresh = { ...given, blocks, hash, errors: {}, state: { values } }
  if (how === 'update') replaceView(old, { ...fresh, id: old.id })
  else openView(shown, user, { ...fresh, id: `V0PUSHED${made}` }, 'views.push')
}

/** The ✕ or the close button; the app hears of it when it asked to. */
export async function closeView(world: World, user: string, view: ShownView): Promise<void> {
  const { state, out } = world
  const stack = state.shown.modals.get(user) ?? []
  state.shown.modals.set(
    user,
    stack.filter(({ id }) => id !== view.id),
  )
  touched(state.shown)
  if (!view.notify_on_close) return
  await sendInteraction(out, {
    type: 'view_closed',
    ...common(user, ''),
    view: sent(view),
    is_cleared: false,
  })
}

/** Finds what a page or a person points at. */
export function surfaceOf(
  { state }: World,
  user: string,
  at: { viewId?: string; channel?: string; ts?: string },
): Surface | null {
  const { shown } = state
  const view = at.viewId ? findView(shown, at.viewId)?.view : undefined
  if (view) return { view }
  const here = (one: Message) => one.ts === at.ts && one.channel === at.channel
  const message = shown.messages.find(here) ?? shown.ephemerals.find((one) => here(one) && one.to === user)
  return message ? { message } : null
}

export type { InputState }
