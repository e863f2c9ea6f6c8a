/** To the requester, in person: what an owner answered from the link page, with buttons where there is a choice. */
import { listed } from '../words.ts'
import { context, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { button } from './request-card.ts'

export const DELEGATE_AGREE = 'owner_ask_agree'
export const DELEGATE_REFUSE = 'owner_ask_refuse'

export type OwnerAskCard = {
  askId: string
  requestId: string
  kind: 'delegate' | 'fresh-link' | 'question' | 'decline'
  clientName: string
  connectorNames: string[]
  /** Name or address of the owner. */
  owner: string | null
  /** Of the colleague to ask instead. */
  email: string | null
  text: string
}

export function ownerAskMessage(card: OwnerAskCard): SlackMessage {
  const about = `${listed(card.connectorNames.map((name) => safe(name)))} for ${safe(card.clientName)}`
  const who = card.owner ? safe(card.owner, 254) : 'The source owner'
  switch (card.kind) {
    case 'delegate':
      return delegateMessage(card, about, who)
    case 'fresh-link':
      return freshMessage(card, about, who)
    case 'question': {
      const text = `${who} has a question about ${about}.`
      return {
        text: `${text} ${safe(card.text, 1000)}`,
        blocks: [
          section(`❓ ${text}\n>${safe(card.text, 1000)}`),
          context('Answer by e-mail or in person; the link keeps working.'),
        ],
      }
    }
    case 'decline': {
      const text = `${who} declined the request for ${about}.`
      const why = card.text ? `\n>${safe(card.text, 1000)}` : ''
      return {
        text: `${text} ${safe(card.text, 1000)}`.trim(),
        blocks: [
          section(`✋ ${text}${why}`),
          context(
            'The link still works until it expires, should they change their mind. You can also cancel it.',
          ),
        ],
      }
    }
    default:
      return card.kind satisfies never
  }
}

function delegateMessage({ askId, email }: OwnerAskCard, about: string, who: string): SlackMessage {
  const colleague = safe(email ?? '', 254)
  const text = `${who} says ${colleague} is the right person to ask about ${about}.`
  return {
    text: `${text} Send them a link instead?`,
    blocks: [
      section(`↪️ ${text}`),
      {
        type: 'actions',
        elements: [
          button(DELEGATE_AGREE, 'Ask them instead', askId, `${colleague} about ${about}`, 'primary'),
          button(DELEGATE_REFUSE, 'Do not', askId, `Do not ask ${colleague} about ${about}`),
        ],
      },
      context(
        'Check that you know this address. A new link counts towards the hour’s 10 links; the old one stops working.',
      ),
    ],
  }
}

function freshMessage({ requestId }: OwnerAskCard, about: string, who: string): SlackMessage {
  const text = `${who} asks for a fresh link for ${about}: the old one has expired.`
  return {
    text,
    blocks: [
      section(`🔁 ${text}`),
      {
        type: 'actions',
        elements: [button('request_fresh', 'Send fresh link', requestId, about, 'primary')],
      },
    ],
  }
}

/** To the requester: a data source is gone, by the owner's will. */
export function sourceRevoked(p: {
  connectorName: string
  accountName: string
  clientName: string
}): SlackMessage {
  const text = `The source owner revoked ${safe(p.connectorName)} “${safe(p.accountName)}” of ${safe(p.clientName)}. It is not read any more; what was read before stays.`
  return {
    text,
    blocks: [section(`🛑 ${text}`), context('If this was a mistake, send a new link with /request-access.')],
  }
}

export const delegateSent = (email: string, expiresAt: Date) =>
  `✉️ A new link was sent to ${safe(email, 254)}. It works until ${slackDate(expiresAt)}; the old one does not any more.`
export const delegateQueued = (email: string, expectedAt: Date) =>
  `⏳ All links of this hour are used. The link to ${safe(email, 254)} is sent at about ${slackDate(expectedAt)}.`
export const delegateRefused = 'Nobody else was asked. The link keeps working.'
export const delegateStale = 'This was decided before, or the request is over.'
export const delegateNotPossible =
  'A link cannot be sent to that person now. Start a new request with /request-access.'
export const delegateNotAllowed = 'You may not send links. Ask an admin of Latchkey.'
