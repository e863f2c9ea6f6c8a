/** What a member reads when reconnecting: the personal link with what it touches, what the owner was asked, the list. */
import type { KnownBlock, ModalView } from '@slack/types'
import { dayWords } from '../words.ts'
import { context, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { REASONS, reasonOf } from './incident-words.ts'

export const RECONNECT_NOW = 'reconnect_now'
export const RECONNECT_ASK = 'reconnect_ask'
export const RECONNECT_QUEUE = 'reconnect_queue'
export const OWNER_VIEW = 'reconnect_owner'
export const OWNER_BLOCK = 'owner_email'

export type Impact = {
  connectionId: string
  providerName: string
  identityLabel: string
  sources: number
  clients: number
  clientNames: string[] | null
  lastGoodDay: string | null
}

const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
const nameOf = ({ providerName, identityLabel }: Impact) => `${providerName} (${safe(identityLabel, 60)})`

/** "Feeds 14 data sources of 5 clients; data up to 3 March." */
function impactLine({ sources, clients, clientNames, lastGoodDay }: Impact): string {
  const names = clientNames
    ? `: ${clientNames
        .slice(0, 8)
        .map((name) => safe(name, 40))
        .join(', ')}`
    : ''
  const more = clientNames && clientNames.length > 8 ? ` and ${clientNames.length - 8} more` : ''
  const stale = lastGoodDay
    ? `The oldest of their data end on ${dayWords(lastGoodDay)}.`
    : 'Some have no data yet.'
  return `It feeds ${count(sources, 'data source')} of ${count(clients, 'client')}${names}${more}. ${stale}`
}

/** Only for the presser: the URL stands in the button alone. */
export function reconnectLink(impact: Impact, url: string, expiresAt: Date): SlackMessage {
  const text = `Reconnect ${nameOf(impact)} with this same login.`
  return {
    text: `${text} ${impactLine(impact)}`,
    blocks: [
      section(`${text}\n${impactLine(impact)}`),
      {
        type: 'actions',
        elements: [
          { type: 'button', style: 'primary', action_id: 'open_link', text: plain('Reconnect now'), url },
        ],
      },
      context(
        `Only for you, until ${slackDate(expiresAt)}; it does not count towards the quota. With another login nothing changes until an admin says so.`,
      ),
    ],
  }
}

export function ownerAsked(
  impact: Impact,
  p: { owner: string; expiresAt: Date; quotaLeft: number },
): SlackMessage {
  const text = `${ownerWords(p.owner)} has been asked to reconnect ${nameOf(impact)}.`
  return {
    text: `${text} ${p.quotaLeft} of 10 auth links left.`,
    blocks: [
      section(`✉️ ${text}\nThe link works until ${slackDate(p.expiresAt)}.`),
      context(`${p.quotaLeft} of 10 auth links left this hour.`),
    ],
  }
}

export const ownerQueued = (p: { owner: string; position: number; expectedAt: Date }) =>
  `⏳ The link to ${ownerWords(p.owner)} is number ${p.position} in the queue. It is sent by itself, expected ${slackDate(p.expectedAt)}.`

const ownerWords = (owner: string) => (/^<@[UW][A-Z0-9]+>$/.test(owner) ? owner : safe(owner, 100))

/** `queued` comes back with the press. */
export function askQuotaReached(nextSlot: Date, queued: string): SlackMessage {
  const text = `All 10 auth links of the last 60 minutes are used. The next one is free ${slackDate(nextSlot)}.`
  return {
    text,
    blocks: [
      section(text),
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: RECONNECT_QUEUE, text: plain('Queue it'), value: queued }],
      },
    ],
  }
}

export const askedBefore = (by: string, at: Date) =>
  `<@${by}> asked the owner ${slackDate(at)}, and that request is still open. Its card shows how it stands.`

export function worksAlready(impact: Impact, mended: { at: Date; by: string | null } | null): string {
  const who = mended?.by?.startsWith('slack:')
    ? ` by <@${mended.by.slice('slack:'.length)}>`
    : mended?.by === 'owner'
      ? ' by its owner'
      : ''
  return mended
    ? `${nameOf(impact)} was reconnected${who} ${slackDate(mended.at)}. There is nothing to do.`
    : `${nameOf(impact)} is connected. There is nothing to do.`
}

export const connectionGone = () =>
  'This connection no longer feeds any data source, so there is nothing to reconnect. `/sources` shows what there is.'

export const mayNotReconnect = () =>
  'Your role does not allow reconnecting. Ask an admin of your team to do it, or to allow it for you.'

export const askPlanRefused = (plan: string) =>
  `Auth links are part of the plans Pro, Custom and Enterprise; your team is on ${safe(plan)}. You can still press Reconnect and sign in yourself.`

export const askRefused = () =>
  'This could not be asked for: one of its data sources is no longer offered here. Ask your Latchkey operator.'

/** Nobody knows who authorised it, or their address. */
export function ownerModal(impact: Impact, metadata: string): ModalView {
  return {
    type: 'modal',
    callback_id: OWNER_VIEW,
    private_metadata: metadata,
    title: plain('Ask the owner', 24),
    submit: plain('Send link', 24),
    close: plain('Close', 24),
    blocks: [
      section(
        `Who can sign in as *${safe(impact.identityLabel, 80)}* at ${impact.providerName}? ${impactLine(impact)}`,
      ),
      {
        type: 'input',
        block_id: OWNER_BLOCK,
        label: plain("Source owner's e-mail"),
        element: { type: 'email_text_input', action_id: 'value', focus_on_load: true },
      },
      context('The link counts towards the quota of 10 an hour.'),
    ],
  }
}

export const notOneAddress = () => 'Give exactly one e-mail address, like dana@client.com.'

export type DownRow = {
  connectionId: string
  providerName: string
  identityLabel: string
  failureClass: string
  since: Date
  sources: number
  clients: number
}

const ROWS = 20

/** `/reconnect`: what is disconnected, longest first, each with the two ways to mend it. */
export function downList(rows: DownRow[]): SlackMessage {
  if (rows.length === 0) {
    const text = 'Nothing is disconnected. `/sources` shows every data source.'
    return { text, blocks: [section(`:large_green_circle: ${text}`)] }
  }
  const text = `${count(rows.length, 'connection')} ${rows.length === 1 ? 'needs' : 'need'} reconnecting.`
  const more = rows.length - ROWS
  return {
    text,
    blocks: [
      section(`*${text}*`),
      ...rows.slice(0, ROWS).flatMap(downBlocks),
      ...(more > 0 ? [context(`and ${more} more, which come up as these are mended`)] : []),
    ],
  }
}

function downBlocks(row: DownRow): KnownBlock[] {
  const name = `${row.providerName} (${safe(row.identityLabel, 60)})`
  const button = (action: string, label: string) => ({
    type: 'button' as const,
    action_id: action,
    text: plain(label),
    value: row.connectionId,
    accessibility_label: plain(`${label}: ${row.providerName} as ${row.identityLabel}`).text,
  })
  return [
    section(
      `:red_circle: *${name}*\n${count(row.sources, 'data source')} of ${count(row.clients, 'client')} since ${slackDate(row.since)}: ${REASONS[reasonOf(row.failureClass)].short}`,
    ),
    {
      type: 'actions',
      block_id: `down:${row.connectionId}`,
      elements: [button(RECONNECT_NOW, 'Reconnect'), button(RECONNECT_ASK, 'Ask the owner')],
    },
  ]
}
