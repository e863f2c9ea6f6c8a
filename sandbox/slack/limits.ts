/** What Slack refuses or readers cannot use in Block Kit, by the documented limits. A sentence per problem. */
import type { KnownBlock } from '@slack/types'
import type { Attachment } from './shown.ts'

type Given = {
  message?: { text?: string; blocks?: KnownBlock[]; attachments?: Attachment[] } | null
  view?: {
    type: string
    blocks: KnownBlock[]
    title?: Text | null
    submit?: Text | null
    close?: Text | null
  }
}
type Text = { type?: string; text: string }
type Any = { [key: string]: unknown }

export function problemsOf({ message, view }: Given): string[] {
  const problems: string[] = []
  const say = (problem: string) => void problems.push(problem)
  if (message) {
    if (!message.text?.trim()) say('the message has no text for screen readers and notifications')
    if (Array.from(message.text ?? '').length > 4000) say('text is longer than 4,000 characters')
  }
  for (const name of ['title', 'submit', 'close'] as const) {
    const words = view?.[name]?.text
    if (words !== undefined && words.length > 24) say(`${name} "${words}" is longer than 24 characters`)
  }
  if (view && JSON.stringify(view).length > 250_000) say('the view is larger than 250 kB')
  const max = view ? 100 : 50
  const groups = view
    ? [view.blocks]
    : [message?.blocks ?? [], ...(message?.attachments ?? []).map((a) => a.blocks ?? [])]
  const blocks = groups.flat() as unknown as Any[]
  if (blocks.length > max) say(`${blocks.length} blocks, at most ${max}`)
  unique(
    say,
    'block_id',
    blocks.map((block) => block.block_id),
  )
  for (const block of blocks) checkBlock(say, block, view ? view.type : 'message')
  const primary = JSON.stringify(blocks).match(/"style":"primary"/g) ?? []
  if (primary.length > 1 && view?.type !== 'home') say(`${primary.length} primary buttons, at most one`)
  return problems
}

type Say = (problem: string) => void

const SURFACES: Record<string, string[]> = {
  alert: ['modal'],
  input: ['modal', 'home'],
  table: ['message'],
  markdown: ['message'],
}

function checkBlock(say: Say, block: Any, surface: string): void {
  const { type } = block as { type: string }
  const where = SURFACES[type]
  if (where && !where.includes(surface)) say(`a ${type} block cannot be in a ${surface}`)
  if (type === 'section') {
    text(say, 'section text', block.text, 3000)
    const fields = (block.fields ?? []) as Text[]
    if (fields.length > 10) say('more than 10 fields in a section')
    for (const field of fields) text(say, 'section field', field, 2000)
    if (!block.text && fields.length === 0) say('a section without text and fields')
  }
  if (type === 'header') text(say, 'header', block.text, 150)
  if (type === 'alert') text(say, 'alert', block.text, 200)
  if (type === 'context' && (block.elements as unknown[]).length > 10)
    say('more than 10 elements in a context')
  if (type === 'context')
    for (const one of block.elements as Any[]) if (one.type !== 'image') text(say, 'context', one, 3000)
  if (type === 'actions' && (block.elements as unknown[]).length > 25) say('more than 25 elements in actions')
  if (type === 'actions' && (block.elements as unknown[]).length === 0) say('actions without elements')
  if (type === 'input') text(say, 'input label', block.label, 2000)
  if (type === 'image' && !block.alt_text) say('an image without alt_text')
  const elements = [...((block.elements as Any[]) ?? []), block.accessory, block.element].filter(
    Boolean,
  ) as Any[]
  unique(
    say,
    'action_id in one block',
    elements.map((one) => one.action_id),
  )
  for (const element of elements) if (type !== 'context') checkElement(say, element)
}

function checkElement(say: Say, element: Any): void {
  const { type } = element as { type: string }
  if (type === 'button') {
    text(say, 'button', element.text, 75)
    long(say, 'button value', element.value, 2000)
    long(say, 'button url', element.url, 3000)
  }
  if (type === 'image' && !element.alt_text) say('an image without alt_text')
  long(say, 'accessibility_label', element.accessibility_label, 75)
  long(say, 'action_id', element.action_id, 255)
  text(say, 'placeholder', element.placeholder, 150)
  const options = (element.options ?? []) as Any[]
  const most = type === 'overflow' ? 5 : ['checkboxes', 'radio_buttons'].includes(type) ? 10 : 100
  if (options.length > most) say(`${options.length} options in ${type}, at most ${most}`)
  if (Array.isArray(element.options) && options.length === 0) say(`${type} without options`)
  checkOptions(say, options)
  const confirm = element.confirm as Any | undefined
  if (!confirm) return
  text(say, 'confirm title', confirm.title, 100)
  text(say, 'confirm text', confirm.text, 300)
  text(say, 'confirm button', confirm.confirm, 30)
  text(say, 'confirm button', confirm.deny, 30)
}

export function checkOptions(say: Say, options: unknown[]): void {
  for (const option of options as Any[]) {
    text(say, 'option', option.text, 75)
    text(say, 'option description', option.description, 75)
    long(say, 'option value', option.value, 75)
  }
}

function text(say: Say, what: string, given: unknown, max: number): void {
  if (given === undefined || given === null) return
  const { text: words } = given as Text
  if (typeof words !== 'string' || words.length === 0) say(`${what} is empty`)
  else if (words.length > max) say(`${what} "${words.slice(0, 40)}…" is longer than ${max} characters`)
}

function long(say: Say, what: string, given: unknown, max: number): void {
  if (typeof given === 'string' && given.length > max) say(`${what} is longer than ${max} characters`)
}

function unique(say: Say, what: string, given: unknown[]): void {
  const ids = given.filter(Boolean)
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) say(`${what} "${id}" twice`)
}
