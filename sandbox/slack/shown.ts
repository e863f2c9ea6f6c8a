/** What the simulated Slack shows: messages, ephemerals, modals and App Homes, per channel and person. */
import { EventEmitter } from 'node:events'
import type { KnownBlock } from '@slack/types'

export type Attachment = { color?: string; blocks?: KnownBlock[]; text?: string; fallback?: string }
export type Message = {
  channel: string
  ts: string
  /** When it was posted, by the clock people see. */
  at: Date
  threadTs: string | null
  /** A person's id, or the bot's. */
  user: string
  text: string
  blocks: KnownBlock[]
  attachments: Attachment[]
  metadata?: unknown
  edited: boolean
  files: { id: string; name: string; alt: string; url: string }[]
}
/** Seen by one person only, gone with a reload in real Slack. */
export type Ephemeral = Message & { to: string }

/** `{block_id: {action_id: {type, value | selected_option …}}}`, as Slack sends it. */
export type InputState = Record<string, Record<string, Record<string, unknown>>>
export type ShownView = {
  type: 'modal' | 'home'
  id: string
  hash: string
  blocks: KnownBlock[]
  title?: { text: string }
  submit?: { text: string }
  close?: { text: string }
  callback_id: string
  private_metadata: string
  notify_on_close?: boolean
  root_view_id?: string
  previous_view_id?: string | null
  /** What the person has filled in so far. */
  state: { values: InputState }
  /** By block id, as the app last answered. */
  errors: Record<string, string>
}

export type Shown = {
  messages: Message[]
  ephemerals: Ephemeral[]
  /** The modal stack of a person, topmost last. */
  modals: Map<string, ShownView[]>
  homes: Map<string, ShownView>
  /** Emits 'change' after anything above changed. */
  changes: EventEmitter
  /** The clock people see; the sandbox moves it. */
  now: () => Date
  /** What the app did that Slack would not accept or people could not read; journeys expect none. */
  problems: string[]
}

export function nothingShown(): Shown {
  const changes = new EventEmitter()
  changes.setMaxListeners(200)
  const now = () => new Date()
  return { messages: [], ephemerals: [], modals: new Map(), homes: new Map(), changes, now, problems: [] }
}

export function touched(shown: Shown): void {
  shown.changes.emit('change')
}

/** Every block a message shows, also inside its coloured bar. */
export function blocksOf({ blocks, attachments }: Pick<Message, 'blocks' | 'attachments'>): KnownBlock[] {
  return [...blocks, ...attachments.flatMap((one) => one.blocks ?? [])]
}

export function findView(shown: Shown, viewId: string): { user: string; view: ShownView } | undefined {
  for (const [user, stack] of shown.modals) {
    const view = stack.find(({ id }) => id === viewId)
    if (view) return { user, view }
  }
  for (const [user, view] of shown.homes) if (view.id === viewId) return { user, view }
  return undefined
}

/** The state Slack sends before the person touched anything: initial values. Keeps what was filled in where it fits. */
export function stateOf(blocks: KnownBlock[], before: InputState = {}): InputState {
  const values: InputState = {}
  for (const { block, element } of inputsOf(blocks)) {
    const kept = before[block]?.[element.action_id]
    const value = kept?.type === element.type ? kept : initial(element)
    values[block] = { ...values[block], [element.action_id]: value }
  }
  return values
}

export type Element = { type: string; action_id: string; [key: string]: unknown }
export type Input = { block: string; label: string; element: Element; optional: boolean }

const STATEFUL = /_input$|_select$|^(checkboxes|radio_buttons|datepicker|timepicker|datetimepicker)$/

/** Everything that can be filled in, with the words beside it. */
export function inputsOf(blocks: KnownBlock[]): Input[] {
  return blocks.flatMap((block) => {
    const { block_id = '' } = block
    const entry = (element: unknown, label: string, optional = true): Input[] => {
      const found = element as Element | undefined
      return found && STATEFUL.test(found.type) ? [{ block: block_id, label, element: found, optional }] : []
    }
    if (block.type === 'input') return entry(block.element, block.label.text, block.optional ?? false)
    if (block.type === 'section') return entry(block.accessory, block.text?.text ?? '')
    if (block.type === 'actions')
      return block.elements.flatMap((one) => entry(one, wordsOf(one as unknown as Element)))
    return []
  })
}

/** What a person would call this element: its text, its placeholder, or its name. */
export function wordsOf(element: Element): string {
  const { text, placeholder, action_id } = element as {
    text?: { text: string }
    placeholder?: { text: string }
  } & Element
  return text?.text ?? placeholder?.text ?? action_id
}

function initial({ type, ...element }: Element): Record<string, unknown> {
  const start = (name: string) => element[name] ?? null
  if (type.startsWith('multi_')) {
    const [plural, key] = MULTI[type] ?? ['selected_options', 'initial_options']
    return { type, [plural]: element[key] ?? [] }
  }
  if (type === 'checkboxes') return { type, selected_options: element.initial_options ?? [] }
  if (type.endsWith('_input')) return { type, value: start('initial_value') }
  if (type === 'datepicker') return { type, selected_date: start('initial_date') }
  if (type === 'timepicker') return { type, selected_time: start('initial_time') }
  if (type === 'datetimepicker') return { type, selected_date_time: start('initial_date_time') }
  const what = SINGLE[type]
  return what
    ? { type, [`selected_${what}`]: start(`initial_${what}`) }
    : { type, selected_option: start('initial_option') }
}

const MULTI: Record<string, [string, string]> = {
  multi_users_select: ['selected_users', 'initial_users'],
  multi_conversations_select: ['selected_conversations', 'initial_conversations'],
  multi_channels_select: ['selected_channels', 'initial_channels'],
}
const SINGLE: Record<string, string> = {
  users_select: 'user',
  conversations_select: 'conversation',
  channels_select: 'channel',
}
