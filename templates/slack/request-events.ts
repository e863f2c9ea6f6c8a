/** What the thread of a request says, event by event, and what the requester is told in person. */
import { counted, listed } from '../words.ts'
import { context, cut, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { button, type RequestCard, sourcesOf } from './request-card.ts'

export type ThreadEvent = { kind: string; actor: string; data: Record<string, unknown> }

type Words = (event: {
  who: string
  text(key: string, max?: number): string
  n(key: string): number
  list(key: string): string
  is(key: string): boolean
}) => string | null

/** Kinds without words stay in the record and out of the thread. */
const WORDS: Record<string, Words> = {
  'request.queued': ({ n }) =>
    `⏳ Put in the queue as number ${n('position')}: all links of this hour are used`,
  'request.renewed': ({ who }) => `🔁 ${who} asked for a fresh link`,
  'delivery.sent': ({ text }) => delivered(text('message'), text('channel')),
  'delivery.refused': ({ text }) =>
    text('channel') === 'mail'
      ? `⚠️ The e-mail was refused and not delivered: ${text('why') || 'the mail server gave no reason'}`
      : '⚠️ The message in Slack could not be delivered',
  'link.resent': ({ who }) => `✉️ ${who} sent the same link again`,
  'link.copied': ({ who }) => `📋 ${who} copied the link`,
  'owner.corrected': ({ who, text }) => `✏️ ${who} corrected the address to ${text('to')}`,
  'request.nudged': ({ text }) =>
    text('why') === 'expiry' ? '🔔 Reminded the owner: the link ends soon' : '🔔 Reminded the owner',
  'link.started': () => '👋 The owner has started: Continue was pressed',
  'consent.granted': ({ text, list }) =>
    `🔑 Signed in at ${text('provider')} as ${text('label')}${list('missing') ? `, but without the permission for ${list('missing')}` : ''}`,
  'consent.denied': ({ text }) => `✋ Access was refused at ${text('provider')}`,
  'consent.failed': ({ text }) =>
    text('why') === 'busy'
      ? `⚠️ ${text('provider')} did not answer when the owner wanted to connect it`
      : `⚠️ Connecting ${text('provider')} failed: ${text('why')}`,
  'request.finished': ({ n, list }) => {
    const done = n('sources') > 0 ? `${counted(n('sources'), 'data source')} connected` : 'signed in again'
    return `✅ Finished: ${done}${list('leftOut') ? `. Not connected: ${list('leftOut')}` : ''}`
  },
  'request.expired': ({ is }) =>
    is('unfinished')
      ? '⌛ The link expired. The owner had signed in but not finished; what was signed in is destroyed'
      : '⌛ The link expired without being used',
  'request.cancelled': ({ who }) => `🚫 ${who} cancelled the request`,
  'request.declined': ({ text }) =>
    `✋ The owner declined${text('reason', 500) ? `: ${text('reason', 500)}` : ''}`,
  'request.delegated': ({ text }) => `↪️ The owner says ${text('to')} is the right person to ask`,
  'request.question': ({ text }) => `❓ The owner asks: ${text('text', 1000)}`,
  'request.superseded': ({ is }) =>
    is('reconnected')
      ? '↪️ No longer needed: it was reconnected meanwhile'
      : '↪️ Replaced by a newer request for the same data sources',
  'source.revoked': ({ text }) => `🛑 The owner revoked ${sourceIn(text)}: it is not read any more`,
  'backfill.done': ({ text }) => `📦 History of ${sourceIn(text)} is complete`,
  'source.connected': ({ text }) => (text('source') ? `➕ ${sourceIn(text)} connected` : null),
  'connection.disconnected': () => '🔴 The connection is disconnected',
  'connection.healed': ({ n }) =>
    n('healed') === 0 && n('notHealed') > 0
      ? '⚠️ Signed in again, but nothing healed. The alert card says why'
      : `💚 Reconnected: ${counted(n('healed'), 'data source')} healed${n('notHealed') > 0 ? `, ${n('notHealed')} not; the alert card says why` : ''}`,
  'move.proposed': () => '🔀 Another login signed in. Nothing was changed; an admin decides',
  'move.decided': ({ who, text, n }) =>
    text('as') === 'moved'
      ? `🔀 ${who} moved ${counted(n('sources'), 'data source')} to the new login`
      : `🔀 ${who} kept things as they are; the new authorisation is withdrawn`,
}

/** Null: this event has no words. */
export function eventMessage({ kind, actor, data }: ThreadEvent): SlackMessage | null {
  const words = WORDS[kind]?.({
    who: actor.startsWith('slack:')
      ? `<@${safe(actor.slice(6), 20)}>`
      : actor.startsWith('owner')
        ? 'The owner'
        : 'Latchkey',
    text: (key, max = 200) => safe(wordOf(data[key]), max),
    n: (key) => (Array.isArray(data[key]) ? data[key].length : Number(data[key] ?? 0)),
    list: (key) => (Array.isArray(data[key]) ? listed(data[key].map((item) => safe(wordOf(item), 100))) : ''),
    is: (key) => data[key] === true,
  })
  if (!words) return null
  const text = cut(words, 2900)
  return { text, blocks: [section(text)] }
}

function wordOf(value: unknown): string {
  if (value && typeof value === 'object')
    return String(
      (value as { name?: unknown; source?: unknown }).name ?? (value as { source?: unknown }).source ?? '',
    )
  return value === null || value === undefined ? '' : String(value)
}

/** Accounts of several data sources often have one name, the company’s. */
function sourceIn(text: (key: string) => string): string {
  return text('connectorName') ? `${text('source')} (${text('connectorName')})` : text('source')
}

/** Reminders and receipts are told by events of their own. */
function delivered(message: string, channel: string): string | null {
  if (message !== 'access-request') return null
  return channel === 'mail'
    ? '✉️ Sent by e-mail, delivered to the owner’s mail server'
    : '✉️ Sent in Slack, delivered as a direct message'
}

const ofWhat = (card: RequestCard) => `${sourcesOf(card)} for ${safe(card.clientName)}`

/** To the requester: the mail bounced. */
export function mailRefused(card: RequestCard): SlackMessage {
  const text = `The e-mail asking for ${ofWhat(card)} could not be delivered.`
  return {
    text: `${text} Correct the address to send the same link there.`,
    blocks: [
      section(
        `⚠️ ${text}\nThe address was ${safe(card.owner.email ?? '', 254)}. Correct it and the same link is sent there.`,
      ),
      {
        type: 'actions',
        elements: [button('request_edit_address', 'Edit address', card.requestId, ofWhat(card), 'primary')],
      },
    ],
  }
}

/** To the requester: nobody used the link in time. */
export function linkExpired(card: RequestCard): SlackMessage {
  const text = card.unfinished
    ? `The link for ${ofWhat(card)} expired after the owner signed in but before they pressed Finish. What was signed in has been destroyed.`
    : `The link for ${ofWhat(card)} expired without being used.`
  return {
    text: `${text} You can send a fresh link.`,
    blocks: [
      section(`⌛ ${text}`),
      {
        type: 'actions',
        elements: [button('request_fresh', 'Send fresh link', card.requestId, ofWhat(card), 'primary')],
      },
      context('A fresh link counts towards the hour’s 10 links.'),
    ],
  }
}

/** To the requester: the queued request had its turn. */
export function queueSent(card: RequestCard): SlackMessage {
  const until = card.link ? ` The link works until ${slackDate(card.link.expiresAt)}.` : ''
  const text = `Your queued request for ${ofWhat(card)} was sent.`
  return { text, blocks: [section(`✉️ ${text}${until}`)] }
}
