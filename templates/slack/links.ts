/** `/access links`: what is on its way, and what became of the rest. */
import type { Button, KnownBlock } from '@slack/types'
import { listed } from '../words.ts'
import { context, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { button, cancelButton, type RequestState, stateWords } from './request-card.ts'

export type LinkRow = {
  requestId: string
  clientName: string
  connectorNames: string[]
  status: string
  forSelf: boolean
  purpose: 'connect' | 'reconnect'
  requestedBy: string
  expiresAt: Date | null
  live: boolean
  resends: number
}

export function linksMessage(rows: LinkRow[], quota: { left: number; nextSlot: Date | null }): SlackMessage {
  const left = quota.nextSlot
    ? `0 of 10 auth links left. The next one is free ${slackDate(quota.nextSlot)}.`
    : `${quota.left} of 10 auth links left.`
  if (rows.length === 0) {
    const text = 'No auth links yet. Start with /request-access.'
    return { text, blocks: [section(text), context(left)] }
  }
  return {
    text: `The newest ${rows.length} auth links. ${left}`,
    blocks: [section(`*Auth links*\n${left}`), ...rows.flatMap(rowBlocks)],
  }
}

/** Numbered, so that two buttons about the same data sources do not sound alike. */
function rowBlocks(row: LinkRow, at: number): KnownBlock[] {
  const sources = listed([...new Set(row.connectorNames.map((name) => safe(name)))])
  const line = section(
    `${at + 1}. *${sources}* for *${safe(row.clientName)}*\n${stateWords(row.status as RequestState, row)} · by <@${row.requestedBy}>${when(row)}`,
  )
  const made = buttons(row, `${at + 1}. ${sources} for ${row.clientName}`)
  return made.length > 0 ? [line, { type: 'actions', elements: made }] : [line]
}

function when({ expiresAt, live, status }: LinkRow): string {
  if (!expiresAt || status === 'finished') return ''
  return ` · ${live ? 'works until' : 'ended'} ${slackDate(expiresAt)}`
}

function buttons({ requestId, live, forSelf, resends, status }: LinkRow, about: string): Button[] {
  const left = 3 - resends
  return [
    ...(live && !forSelf && left > 0
      ? [button('request_resend', `Resend (${left} left)`, `${requestId}:${resends}`, about)]
      : []),
    ...(live || status === 'queued' ? [cancelButton(requestId, about)] : []),
    ...(status === 'expired' || status === 'cancelled'
      ? [button('request_fresh', 'Send fresh link', requestId, about)]
      : []),
  ]
}
