/** Small builders, so that message files read as text. Names from outside always go through `safe`. */
import type { KnownBlock } from '@slack/types'

export type SlackMessage = {
  /** A complete sentence: what screen readers and notifications read. */
  text: string
  blocks: KnownBlock[]
  /** Coloured bar beside the blocks; always together with a word that says the same. */
  color?: string
}

/** Verbatim: Slack makes no links or channel names of words we did not mark, such as a client called evil.example. */
export const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text, verbatim: true })
export const section = (text: string): KnownBlock => ({ type: 'section', text: mrkdwn(text) })
export const context = (text: string): KnownBlock => ({ type: 'context', elements: [mrkdwn(text)] })
export const header = (text: string): KnownBlock => ({ type: 'header', text: plain(text, 150) })

/** Nothing is parsed in it, but marks that turn or hide text would still work, and Slack refuses what is empty. */
export const plain = (text: string, max = 75) => ({
  type: 'plain_text' as const,
  text: cut(text.replace(HIDDEN, ' ').trim(), max) || '–',
  emoji: true,
})

/** Slack shows this in each reader's own zone. */
export const slackDate = (at: Date, format = '{date_short_pretty} at {time}') =>
  `<!date^${Math.floor(at.getTime() / 1000)}^${format}|${at.toISOString().slice(0, 16).replace('T', ' ')} UTC>`

// biome-ignore lint/suspicious/noControlCharactersInRegex: control and bidirectional marks are what it removes
const HIDDEN = /[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** A name from outside, safe inside mrkdwn: nothing is mentioned, linked or formatted, whatever it contains. */
export function safe(name: string, max = 120): string {
  const visible = name.replace(HIDDEN, ' ').replace(/\s+/g, ' ').trim()
  if (visible === '' && name !== '') return '–'
  return cut(visible.replace(/^>/, '›'), max) // at the start of a line it would quote, escaped or not
    .replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] as string)
    .replace(/_/g, '\u2060_\u2060') // so that it can be copied; the others work even so, and would end our own bold
    .replace(/[*~`]/g, (c) => ({ '*': '\u2217', '~': '\u223c', '`': '\u2019' })[c] as string)
}

/** At most `max` UTF-16 units, the stricter way to count, and never half a character. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
