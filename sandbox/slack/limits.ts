/** What Slack would refuse or some people could not use, in a sentence each; journeys expect none. */
import type { KnownBlock } from '@slack/types'
import { checkMessage, checkView } from '../../test/support/block-kit.ts'
import type { Attachment } from './shown.ts'

type Given = {
  message?: { text?: string; blocks?: KnownBlock[]; attachments?: Attachment[] } | null
  view?: object
}

const MOST_OPTIONS = 100
const OPTION_LENGTH = 75

export function problemsOf({ message, view }: Given): string[] {
  if (view) return checkView(view)
  if (!message) return []
  const { text = '', blocks = [], attachments = [] } = message
  const color = attachments.find((one) => one.color)?.color
  const all = [...blocks, ...attachments.flatMap((one) => one.blocks ?? [])]
  return checkMessage({ text, blocks: all, ...(color && { color }) })
}

export function problemsOfOptions(options: { text: { text: string }; value: string }[]): string[] {
  const long = options.filter(
    ({ text, value }) => text.text.length > OPTION_LENGTH || value.length > OPTION_LENGTH,
  )
  return [
    ...long.map(({ text }) => `option "${text.text}" is longer than ${OPTION_LENGTH} characters`),
    ...(options.length > MOST_OPTIONS ? [`${options.length} options, ${MOST_OPTIONS} at most`] : []),
  ]
}
