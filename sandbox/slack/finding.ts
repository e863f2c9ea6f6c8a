/** Finds what a person means by the words they read, and turns their choice into what Slack would send. */
import type { InputBlock } from '@slack/types'
import { type Option, type Surface, suggest, type World } from './interact.ts'
import { CHANNELS, findPerson } from './people.ts'
import {
  blocksOf,
  type Element,
  type Ephemeral,
  inputsOf,
  type Message,
  type ShownView,
  wordsOf,
} from './shown.ts'

export type Target = Message | Ephemeral | ShownView

export const surface = (target: Target): Surface =>
  'channel' in target ? { message: target } : { view: target as ShownView }

export type Found = { blockId: string; element: Element }

/** Whether these words are anywhere in the message. */
export function says(
  { text, ...message }: Pick<Message, 'text' | 'blocks' | 'attachments'>,
  words: string | RegExp,
): boolean {
  const all = `${text}\n${JSON.stringify(blocksOf(message))}`
  return words instanceof RegExp ? words.test(all) : all.includes(words)
}

export function find(target: Target, label: string): Found {
  const found = lookUp(target, label)
  if (found) return found
  const blocks = 'attachments' in target ? blocksOf(target) : target.blocks
  throw new Error(`There is no "${label}" in: ${JSON.stringify(blocks).slice(0, 2_000)}`)
}

/** By accessibility label or action id first, then by the words shown. */
export function lookUp(target: Target, label: string): Found | undefined {
  const blocks = 'attachments' in target ? blocksOf(target) : target.blocks
  const input = inputsOf(blocks).find((one) => one.label === label || one.element.action_id === label)
  if (input) return { blockId: input.block, element: input.element }
  const all = blocks.flatMap((block) => {
    const {
      elements = [],
      accessory,
      block_id: blockId = '',
    } = block as unknown as { elements?: Element[]; accessory?: Element; block_id?: string }
    return [...elements, accessory].flatMap((element) => (element?.action_id ? [{ blockId, element }] : []))
  })
  const exactly = all.find(({ element }) => [element.accessibility_label, element.action_id].includes(label))
  const offering = ({ element }: Found) =>
    ((element.options as Option[] | undefined) ?? []).some(({ text }) => text.text === label)
  return exactly ?? all.find(({ element }) => wordsOf(element) === label) ?? all.find(offering)
}

export function dispatches(view: ShownView, blockId: string): boolean {
  const block = view.blocks.find((one) => one.block_id === blockId)
  return block?.type === 'input' ? ((block as InputBlock).dispatch_action ?? false) : true
}

/** The state a choice leaves in its element. */
export async function choose(
  world: World,
  user: string,
  at: Surface,
  { blockId, element }: Found,
  words: string[],
): Promise<Record<string, unknown>> {
  const { type } = element
  const [first = ''] = words
  if (type.endsWith('_input')) return { value: first || null }
  if (type === 'datepicker') return { selected_date: first }
  if (type.startsWith('multi_users')) return { selected_users: words.map((one) => findPerson(one).id) }
  if (type === 'users_select') return { selected_user: first ? findPerson(first).id : null }
  if (type === 'conversations_select') return { selected_conversation: channelId(first) }
  if (type === 'channels_select') return { selected_channel: channelId(first) }
  const picked: Option[] = []
  for (const word of words) {
    const options = type.endsWith('external_select')
      ? await suggest(world, user, at, blockId, element.action_id, word)
      : ((element.options as Option[]) ??
        (element.option_groups as { options: Option[] }[])?.flatMap((one) => one.options) ??
        [])
    picked.push(pick(options, word))
  }
  return type.startsWith('multi_') || type === 'checkboxes'
    ? { selected_options: picked }
    : { selected_option: picked[0] ?? null }
}

const channelId = (name: string) => CHANNELS.find((one) => one.name === name.replace(/^#/, ''))?.id ?? name

function pick(options: Option[], word: string): Option {
  const exact = options.find(({ text, value }) => text.text === word || value === word)
  const only = options.filter(({ text }) => text.text.toLowerCase().includes(word.toLowerCase()))
  const found = exact ?? (only.length === 1 ? only[0] : undefined)
  if (!found)
    throw new Error(`"${word}" is not offered, only: ${options.map(({ text }) => text.text).join(', ')}`)
  return found
}
