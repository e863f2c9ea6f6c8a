/** The root card of an access request: its state now. Its thread holds how it came to be. */
import type { ActionsBlock, Button, KnownBlock } from '@slack/types'
import { listed } from '../words.ts'
import { context, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export type RequestCard = {
  requestId: string
  status: RequestState
  unfinished: boolean
  purpose: 'connect' | 'reconnect'
  forSelf: boolean
  clientName: string
  items: { connectorName: string; accountHint: string }[]
  requestedBy: string
  owner: { email: string | null; slackUserId: string | null; name: string | null }
  note: string
  link: { id: string; expiresAt: Date; resendsLeft: number; live: boolean } | null
  queue: { position: number; expectedAt: Date } | null
  mailRefused: boolean
}

export type RequestState =
  | 'queued'
  | 'sent'
  | 'started'
  | 'partial'
  | 'finished'
  | 'expired'
  | 'cancelled'
  | 'declined'
  | 'superseded'

const STATES: Record<RequestState, { sign: string; word: string; color: string }> = {
  queued: { sign: '⏳', word: 'Waiting for a free slot', color: '#8c959f' },
  sent: { sign: '✉️', word: 'Link sent', color: '#1f6feb' },
  started: { sign: '👋', word: 'The owner has started', color: '#1f6feb' },
  partial: { sign: '🔑', word: 'Signed in, not finished yet', color: '#9a6700' },
  finished: { sign: '✅', word: 'Connected', color: '#1a7f37' },
  expired: { sign: '⌛', word: 'Link expired', color: '#8c959f' },
  cancelled: { sign: '🚫', word: 'Cancelled', color: '#8c959f' },
  declined: { sign: '✋', word: 'Declined by the owner', color: '#cf222e' },
  superseded: { sign: '↪️', word: 'Replaced by a newer request', color: '#8c959f' },
}

const UNDELIVERED = { sign: '⚠️', word: 'E-mail not delivered', color: '#cf222e' }

/** Where the usual words would not be true: nothing is sent to oneself, and a reconnect may not have mended anything. */
function stateOf(status: RequestState, { forSelf, purpose }: Pick<RequestCard, 'forSelf' | 'purpose'>) {
  const state = STATES[status]
  if (status === 'sent' && forSelf) return { ...state, sign: '🔗', word: 'Link ready' }
  if (status === 'finished' && purpose === 'reconnect') return { ...state, word: 'Signed in again' }
  return state
}

/** `🔑 Signed in, not finished yet`: the same words wherever a request is listed. */
export function stateWords(status: RequestState, request: Pick<RequestCard, 'forSelf' | 'purpose'>): string {
  const { sign, word } = stateOf(status, request)
  return `${sign} ${word}`
}

export function requestCardMessage(card: RequestCard): SlackMessage {
  const sources = sourcesOf(card)
  const client = safe(card.clientName)
  const what = card.purpose === 'reconnect' ? 'Reconnect' : 'Access to'
  const { sign, word, color } = card.mailRefused ? UNDELIVERED : stateOf(card.status, card)
  return {
    text: `${what} ${sources} for ${client}: ${word.toLowerCase()}.`,
    color,
    blocks: [
      section(`${sign} ${word}\n*${what} ${sources} for ${client}*`),
      ...hints(card),
      ...(card.note && !isOver(card) ? [context(`Note to the owner: ${safe(card.note, 500)}`)] : []),
      ...trouble(card),
      context(whoAndWhen(card)),
      ...buttons(card),
    ],
  }
}

export const sourcesOf = ({ items }: Pick<RequestCard, 'items'>) =>
  listed([...new Set(items.map(({ connectorName }) => safe(connectorName)))])

const isOver = ({ status }: RequestCard) => ['finished', 'cancelled', 'superseded'].includes(status)

function hints({ items }: RequestCard): KnownBlock[] {
  const named = items.filter(({ accountHint }) => accountHint !== '')
  return named.map(({ connectorName, accountHint }) =>
    context(`${safe(connectorName)}: ${safe(accountHint, 300)}`),
  )
}

function trouble({ mailRefused, unfinished, status }: RequestCard): KnownBlock[] {
  if (mailRefused)
    return [
      section('Correct the address to send the same link there. This does not count towards the quota.'),
    ]
  if (status === 'expired' && unfinished)
    return [section('The owner signed in but never pressed Finish. What was signed in has been destroyed.')]
  return []
}

/** The owner's address stays out of the channel where only a Slack name or the mail's domain will do. */
function ownerWords({ owner, forSelf, requestedBy }: RequestCard): string {
  if (forSelf) return `<@${requestedBy}> in person`
  const mail = owner.email ? safe(owner.email, 254) : null
  const slack = owner.slackUserId ? `<@${owner.slackUserId}>` : null
  return listed([slack, mail].filter((word) => word !== null)) || 'nobody'
}

function whoAndWhen(card: RequestCard): string {
  const { link, queue, status } = card
  const asked = card.forSelf ? `By ${ownerWords(card)}` : `<@${card.requestedBy}> asked ${ownerWords(card)}`
  if (queue)
    return `${asked} · number ${queue.position} in the queue, expected ${slackDate(queue.expectedAt)}`
  if (!link || isOver(card) || status === 'declined') return asked
  const when = link.live ? 'link works until' : 'link ended'
  return `${asked} · ${when} ${slackDate(link.expiresAt)}`
}

function buttons(card: RequestCard): KnownBlock[] {
  const { requestId, link, status, forSelf, mailRefused } = card
  const about = `${sourcesOf(card)} for ${card.clientName}`
  const made: Button[] = []
  if (link?.live && mailRefused && !forSelf)
    made.push(button('request_edit_address', 'Edit address', requestId, about, 'primary'))
  if (link?.live && !forSelf && !mailRefused && link.resendsLeft > 0)
    made.push(
      button(
        'request_resend',
        `Resend (${link.resendsLeft} left)`,
        `${requestId}:${3 - link.resendsLeft}`,
        about,
      ),
    )
  if (link?.live || status === 'queued') made.push(cancelButton(requestId, about))
  if (status === 'expired' || status === 'cancelled')
    made.push(button('request_fresh', 'Send fresh link', requestId, about))
  const row: ActionsBlock = { type: 'actions', elements: made }
  return made.length > 0 ? [row] : []
}

export function button(
  actionId: string,
  label: string,
  value: string,
  about: string,
  style?: 'primary' | 'danger',
): Button {
  return {
    ...{ type: 'button', action_id: actionId, value, text: plain(label) },
    accessibility_label: plain(`${label}: ${about}`).text,
    ...(style && { style }),
  }
}

export function cancelButton(requestId: string, about: string): Button {
  return {
    ...button('request_cancel', 'Cancel', requestId, about),
    confirm: {
      title: plain('Cancel this request?', 100),
      text: plain('The link stops working at once. It still counts towards the hour’s 10 links.', 300),
      confirm: plain('Cancel request', 30),
      deny: plain('Keep it', 30),
    },
  }
}
