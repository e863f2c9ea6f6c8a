/** What a listener file exports, and which requests from Slack some listener answers. */
import type { App } from '@slack/bolt'
import type { Services } from '../flows/services.ts'

/** As in Slack's app manifest, which `npm run manifest` writes from these. */
export type Command = { command: `/${string}`; description: string; usage_hint?: string }
export type Shortcut = {
  name: string
  type: 'global' | 'message'
  callback_id: string
  description: string
}

/** `register` only registers: it must not use `services` before a request arrives. */
export type Listener = {
  commands?: Command[]
  shortcuts?: Shortcut[]
  register(app: App, services: Services): void
}

/** A string, a pattern, or the object form with `action_id`, `block_id`, `callback_id` or `type`. */
type Constraint = string | RegExp | Record<string, unknown>

export type Registered = Record<
  'command' | 'action' | 'view' | 'options' | 'shortcut' | 'event',
  Constraint[]
>

/** Runs every `register` against a recorder instead of Bolt. */
export function registeredBy(listeners: readonly Listener[]): Registered {
  const registered: Registered = {
    command: [],
    action: [],
    view: [],
    options: [],
    shortcut: [],
    event: [],
  }
  const recorder = Object.fromEntries(
    Object.entries(registered).map(([kind, list]) => [
      kind,
      (constraint: Constraint) => void list.push(constraint),
    ]),
  )
  for (const { register } of listeners) register(recorder as unknown as App, {} as Services)
  return registered
}

/** The parts of Slack's bodies that tell which listener is meant. */
export type Incoming = {
  type?: string
  command?: string
  action_id?: string
  block_id?: string
  callback_id?: string
  actions?: { action_id?: string; block_id?: string; url?: string; selected_option?: { url?: string } }[]
  view?: { callback_id?: string; type?: string; id?: string; blocks?: { type: string; block_id?: string }[] }
  event?: { type?: string }
}

/** True when exactly some listener will answer; events need no answer and always count as known. */
export function isKnown(registered: Registered, body: Incoming): boolean {
  const [action] = body.actions ?? []
  if (body.command !== undefined) return fits(registered.command, { command: body.command }, 'command')
  if (body.type === 'block_actions') return fits(registered.action, action ?? {}, 'action_id')
  if (body.type === 'view_submission') return fits(registered.view, body.view ?? {}, 'callback_id')
  if (body.type === 'view_closed')
    return fits(registered.view.filter(isClosing), body.view ?? {}, 'callback_id')
  if (body.type === 'block_suggestion') return fits(registered.options, body, 'action_id')
  if (body.type === 'shortcut' || body.type === 'message_action')
    return fits(registered.shortcut, body, 'callback_id')
  return true
}

const isClosing = (constraint: Constraint) =>
  typeof constraint === 'object' && 'type' in constraint && constraint.type === 'view_closed'

function fits(constraints: Constraint[], given: object, by: string): boolean {
  const value = (key: string) => String((given as Record<string, unknown>)[key] ?? '')
  const one = (wanted: unknown, key: string) =>
    wanted instanceof RegExp ? wanted.test(value(key)) : wanted === value(key)
  return constraints.some((constraint) => {
    if (typeof constraint === 'string' || constraint instanceof RegExp) return one(constraint, by)
    const keys = Object.keys(constraint).filter((key) => key !== 'type')
    return keys.every((key) => one(constraint[key], key))
  })
}
