/** What the requester reads after asking, and after each button of a request. */
import type { KnownBlock } from '@slack/types'
import { context, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { button, type RequestCard, sourcesOf } from './request-card.ts'
import type { FormField } from './request-modal.ts'

/** Words under a field of the form. */
export function fieldWords(
  field: 'sources' | 'client' | 'owner' | 'note' | 'hint',
  why: string,
): Partial<Record<FormField, string>> {
  const words: Record<string, string> = {
    'sources:none-chosen': 'Choose at least one data source.',
    'sources:too-many': 'Choose at most 10 data sources. Send a second request for the others.',
    'sources:not-offered': 'One of these data sources is no longer offered. Choose again.',
    'client:missing': 'Choose a client, or type a new name.',
    'client:unknown': 'This client no longer exists. Choose again.',
    'client:too-long': 'Use a name of at most 200 characters.',
    'owner:missing': 'Give an e-mail address, or choose the source owner in Slack below.',
    'owner:not-one-address': 'Give exactly one e-mail address, like dana@client.com.',
    'note:too-long': 'Use at most 500 characters.',
    'hint:too-long': 'Use at most 300 characters.',
  }
  const block: FormField = field === 'owner' ? 'owner_email' : field
  return { [block]: words[`${field}:${why}`] ?? 'Please check this field.' }
}

export const slackOwnerRefused = () =>
  'This person cannot get direct messages from Latchkey. Use their e-mail address instead.'

export const notAllowedToRequest = () =>
  'Your role only allows you to look. Ask an admin of your team to send the request, or to change your role.'

export const planRefused = (plan: string) =>
  `Auth links are part of the plans Pro, Custom and Enterprise; your team is on ${plan}. You can still connect accounts you own yourself, or ask an admin to change the plan.`

/** Seen only by the requester. "Copy link" works once. */
export function linkOnItsWay(p: {
  linkId: string
  sources: string
  clientName: string
  expiresAt: Date
  quotaLeft: number
}): SlackMessage {
  const text = `Your request for ${p.sources} for ${p.clientName} is on its way.`
  return {
    text: `${text} ${p.quotaLeft} of 10 auth links left.`,
    blocks: [
      section(`✉️ ${text}\nThe link works until ${slackDate(p.expiresAt)}.`),
      {
        type: 'actions',
        elements: [button('request_copy', 'Copy link', p.linkId, `${p.sources} for ${p.clientName}`)],
      },
      context(`${p.quotaLeft} of 10 auth links left this hour. "Copy link" shows the link once.`),
    ],
  }
}

/** The link itself, in place of the button. Whoever has it can answer for the owner. */
export function copiedLink(url: string, expiresAt: Date): SlackMessage {
  const text = 'Here is the link, this once. Give it only to the source owner.'
  return {
    text,
    blocks: [section(`${text}\n\`${url}\``), context(`Works until ${slackDate(expiresAt)}.`)],
  }
}

export const copiedBefore = () =>
  'This link was shown before, or is no longer valid. Press "Resend" on the request’s card to send it again.'

/** A member's own link: only in the button, and outside the quota. */
export function ownLink(p: {
  url: string
  sources: string
  clientName: string
  expiresAt: Date
}): SlackMessage {
  const text = `Connect ${p.sources} for ${p.clientName} with your own login.`
  const press: KnownBlock = {
    type: 'actions',
    elements: [
      { type: 'button', style: 'primary', action_id: 'open_link', text: plain('Connect now'), url: p.url },
    ],
  }
  return {
    text,
    blocks: [
      section(text),
      press,
      context(`Only for you. Works until ${slackDate(p.expiresAt)} and does not count towards the quota.`),
    ],
  }
}

export function putInQueue(p: {
  sources: string
  clientName: string
  position: number
  expectedAt: Date
}): SlackMessage {
  const text = `Your request for ${p.sources} for ${p.clientName} is number ${p.position} in the queue.`
  return {
    text,
    blocks: [section(`⏳ ${text}\nIt is sent by itself, expected ${slackDate(p.expectedAt)}.`)],
  }
}

export const quotaReached = (nextSlot: Date) =>
  `All 10 auth links of the last 60 minutes are used. The next one is free ${slackDate(nextSlot)}: press again then.`

export const resent = (left: number) =>
  `Sent the same link again. You can do that ${left === 0 ? 'no more times' : left === 1 ? 'once more' : `${left} more times`}.`

export const cancelled = () =>
  'Cancelled. The link no longer works; it still counts towards the hour’s 10 links.'

export const freshSent = (expiresAt: Date) =>
  `A fresh link is on its way. It works until ${slackDate(expiresAt)}.`

export const sentToCorrected = () => 'Corrected. The same link is on its way to the new address.'

/** A button that was pressed too late, calmly. */
export function staleRequest(status: string): string {
  const now: Record<string, string> = {
    queued: 'This request is waiting in the queue.',
    sent: 'The link is on its way already, or was sent three times. The card shows how it stands.',
    started: 'The owner has started already. The card shows how it stands.',
    partial: 'The owner has signed in already. The card shows how it stands.',
    finished: 'This request is finished already: the data sources are connected.',
    expired: 'This link has expired. Press "Send fresh link" on the request’s card.',
    cancelled: 'This request was cancelled already.',
    declined: 'The owner declined this request. Start a new one with /request-access.',
    superseded: 'This request was replaced by a newer one.',
  }
  return now[status] ?? 'This request no longer exists. Start a new one with /request-access.'
}

export const addressRefused = (kind: 'not-one-address' | 'same-address') =>
  kind === 'same-address'
    ? 'The mail to this address was refused. Give another one.'
    : 'Give exactly one e-mail address, like dana@client.com.'

export const notYoursToCancel = (requestedBy: string) =>
  `Only <@${requestedBy}> or an admin can cancel this request. Ask one of them.`

export const freshQueued = (position: number, expectedAt: Date) =>
  `All links of this hour are used, so the fresh link is number ${position} in the queue, expected ${slackDate(expectedAt)}.`

export const freshForOther = (requestedBy: string) =>
  `This link is for <@${requestedBy}> in person. Ask them to press "Send fresh link".`

export const freshOwnLink = (card: RequestCard, link: { url: string; expiresAt: Date }) =>
  ownLink({ ...link, sources: sourcesOf(card), clientName: safe(card.clientName) })
