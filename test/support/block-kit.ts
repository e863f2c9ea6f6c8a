/** An offline Block Kit checker: Slack's limits, and what people who cannot see the message need. */
import type { SlackMessage } from '../../templates/slack/blocks.ts'

type Thing = { [key: string]: unknown }
type Found = string[]

/** Problems in words; an empty list means Slack would take it. */
export function checkMessage({ text, blocks, color }: SlackMessage): string[] {
  const found: Found = []
  if (!text.trim()) found.push('text: missing, and it is what notifications and screen readers read')
  if (text.length > 4_000) found.push(`text: ${text.length} characters, 4000 at most`)
  if (color !== undefined && !/^#[0-9a-f]{6}$/i.test(color)) found.push(`color: ${color}`)
  checkBlocks(blocks as unknown as Thing[], 'message', 50, found)
  return found
}

export function checkView(view: object): string[] {
  const found: Found = []
  const { type, title, submit, close, blocks, private_metadata, callback_id } = view as Thing
  if (type !== 'modal' && type !== 'home') found.push(`view: unknown type ${String(type)}`)
  if (type === 'modal' && !title) found.push('title: missing')
  for (const [name, value] of Object.entries({ title, submit, close }))
    if (value !== undefined) plainText(value, 24, name, found)
  atMost(private_metadata, 3_000, 'private_metadata', found)
  atMost(callback_id, 255, 'callback_id', found)
  const list = (blocks ?? []) as Thing[]
  if (list.some((block) => block.type === 'input') && type === 'modal' && !submit)
    found.push('submit: a modal with inputs needs it')
  if (JSON.stringify(view).length > 250_000) found.push('view: more than 250 kB')
  checkBlocks(list, type === 'home' ? 'home' : 'modal', 100, found)
  return found
}

type Surface = 'message' | 'modal' | 'home'

const ONLY: Record<string, Surface[]> = {
  alert: ['modal'],
  table: ['message'],
  markdown: ['message'],
  email_text_input: ['modal'],
  url_text_input: ['modal'],
  number_input: ['modal'],
}

function checkBlocks(blocks: Thing[], surface: Surface, max: number, found: Found): void {
  if (blocks.length > max) found.push(`blocks: ${blocks.length}, ${max} at most on a ${surface}`)
  const ids = blocks.map((block) => block.block_id).filter(Boolean)
  if (new Set(ids).size < ids.length)
    found.push(`block_id: duplicate among ${ids.filter((id, i) => ids.indexOf(id) < i).join(', ')}`)
  blocks.forEach((block, i) => {
    checkBlock(block, `blocks[${i}]`, surface, found)
  })
  const elements = blocks.flatMap(elementsOf)
  const primary = elements.filter(({ style }) => style === 'primary').length
  if (primary > 1) found.push(`${primary} primary buttons, 1 at most`)
  distinguishable(elements, found)
}

/** Several buttons that say the same need a label of their own, or nobody who listens can tell them apart. */
function distinguishable(elements: Thing[], found: Found): void {
  const spoken = elements
    .filter(({ type, text }) => type === 'button' && text)
    .map(({ accessibility_label, text }) => String(accessibility_label ?? (text as Thing).text))
  const twice = spoken.filter((label, i) => spoken.indexOf(label) < i)
  if (twice.length > 0) found.push(`accessibility_label: several buttons read "${twice[0]}"`)
}

function elementsOf(block: Thing): Thing[] {
  const { type, accessory, element, elements } = block
  const list = type === 'actions' ? (elements as Thing[]) : []
  return [accessory, element, ...list].filter(Boolean) as Thing[]
}

function checkBlock(block: Thing, at: string, surface: Surface, found: Found): void {
  const type = String(block.type)
  const allowed = ONLY[type]
  if (allowed && !allowed.includes(surface)) found.push(`${at}: ${type} is not shown on a ${surface}`)
  atMost(block.block_id, 255, `${at}.block_id`, found)
  if (type === 'header') plainText(block.text, 150, at, found)
  if (type === 'section') checkSection(block, at, found)
  if (type === 'context') counted(block.elements, 10, `${at}.elements`, found, contextElement)
  if (type === 'actions') {
    counted(block.elements, 25, `${at}.elements`, found, () => {})
    const ids = ((block.elements ?? []) as Thing[]).map(({ action_id }) => action_id)
    if (new Set(ids).size < ids.length) found.push(`${at}: duplicate action_id`)
  }
  if (type === 'input') {
    plainText(block.label, 2_000, `${at}.label`, found)
    if (block.hint) plainText(block.hint, 2_000, `${at}.hint`, found)
    if (!block.element) found.push(`${at}: input without element`)
  }
  if (type === 'image' || type === 'video') alt(block, at, found)
  for (const element of elementsOf(block)) checkElement(element, `${at}.${element.type}`, surface, found)
}

function checkSection(block: Thing, at: string, found: Found): void {
  if (!block.text && !block.fields) found.push(`${at}: section without text or fields`)
  if (block.text) anyText(block.text, 3_000, `${at}.text`, found)
  if (block.fields)
    counted(block.fields, 10, `${at}.fields`, found, (field, where) => anyText(field, 2_000, where, found))
}

function contextElement(element: Thing, at: string, found: Found): void {
  if (element.type === 'image') alt(element, at, found)
  else anyText(element, 3_000, at, found)
}

function checkElement(element: Thing, at: string, surface: Surface, found: Found): void {
  const type = String(element.type)
  const allowed = ONLY[type]
  if (allowed && !allowed.includes(surface)) found.push(`${at}: not shown on a ${surface}`)
  if (type !== 'image' && !element.action_id) found.push(`${at}: action_id missing`)
  atMost(element.action_id, 255, `${at}.action_id`, found)
  atMost(element.accessibility_label, 75, `${at}.accessibility_label`, found)
  if (type === 'button') {
    plainText(element.text, 75, `${at}.text`, found)
    atMost(element.value, 2_000, `${at}.value`, found)
    atMost(element.url, 3_000, `${at}.url`, found)
  }
  if (type === 'image') alt(element, at, found)
  if (element.placeholder) plainText(element.placeholder, 150, `${at}.placeholder`, found)
  if (element.options) checkOptions(element.options, type, at, found)
  if (/static_select|radio|checkboxes|overflow/.test(type) && !element.options && !element.option_groups)
    found.push(`${at}: no options`)
  if (element.confirm) checkConfirm(element.confirm as Thing, `${at}.confirm`, found)
}

const MOST_OPTIONS: Record<string, number> = { overflow: 5, checkboxes: 10, radio_buttons: 10 }

function checkOptions(options: unknown, type: string, at: string, found: Found): void {
  counted(options, MOST_OPTIONS[type] ?? 100, `${at}.options`, found, (option, where) => {
    anyText(option.text, 75, `${where}.text`, found)
    atMost(option.value, 75, `${where}.value`, found)
    if (!option.value) found.push(`${where}.value: missing`)
    if (option.description) anyText(option.description, 75, `${where}.description`, found)
  })
  const values = (options as Thing[]).map(({ value }) => value)
  if (new Set(values).size < values.length) found.push(`${at}.options: duplicate value`)
}

function checkConfirm(confirm: Thing, at: string, found: Found): void {
  plainText(confirm.title, 100, `${at}.title`, found)
  anyText(confirm.text, 300, `${at}.text`, found)
  plainText(confirm.confirm, 30, `${at}.confirm`, found)
  plainText(confirm.deny, 30, `${at}.deny`, found)
}

function counted(
  list: unknown,
  max: number,
  at: string,
  found: Found,
  each: (item: Thing, at: string, found: Found) => void,
): void {
  const items = (list ?? []) as Thing[]
  if (items.length === 0) found.push(`${at}: empty`)
  if (items.length > max) found.push(`${at}: ${items.length}, ${max} at most`)
  items.forEach((item, i) => {
    each(item, `${at}[${i}]`, found)
  })
}

function plainText(text: unknown, max: number, at: string, found: Found): void {
  if ((text as Thing | undefined)?.type !== 'plain_text') found.push(`${at}: must be plain_text`)
  anyText(text, max, at, found)
}

function anyText(text: unknown, max: number, at: string, found: Found): void {
  const { type, text: words } = (text ?? {}) as Thing
  if (type !== 'plain_text' && type !== 'mrkdwn') found.push(`${at}: no text object`)
  if (typeof words !== 'string' || words.trim() === '') found.push(`${at}: empty text`)
  else atMost(words, max, at, found)
}

function atMost(value: unknown, max: number, at: string, found: Found): void {
  if (typeof value === 'string' && value.length > max)
    found.push(`${at}: ${value.length} characters, ${max} at most`)
}

function alt(thing: Thing, at: string, found: Found): void {
  if (typeof thing.alt_text !== 'string' || thing.alt_text.trim() === '')
    found.push(`${at}: alt_text missing`)
}
