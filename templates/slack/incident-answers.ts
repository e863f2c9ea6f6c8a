/** What the presser of a button on an alert card reads, and the form that asks why an alert is muted. */
import type { ModalView } from '@slack/types'
import { plain, safe, section, slackDate } from './blocks.ts'

export const MUTE_VIEW = 'incident_mute'
export const MUTE_BLOCK = 'reason'

export const reasonMissing = () => 'Please say why, in a few words.'

export const acked = () => 'You have it. Everybody sees it on the card; press again to give it back.'
export const unacked = () => 'You have given it back. Nobody is on it now.'
export const snoozedUntil = (until: Date) =>
  `Snoozed until ${slackDate(until)}. If it is not mended by then, the thread says so.`
export const muted = () =>
  'Muted. It stays listed under /reconnect, and the card still turns green when it is mended.'
export const takenBy = (by: string, at: Date) =>
  `<@${by}> has been on it since ${slackDate(at)}. Ask them to give it back first.`

export function overAlready(at: Date, by: string | null): string {
  const who = by?.startsWith('slack:')
    ? ` by <@${by.slice('slack:'.length)}>`
    : by === 'owner'
      ? ' by the owner'
      : ''
  return `This was mended${who} ${slackDate(at)}. There is nothing to do.`
}

export const mutedAlready = (by: string, reason: string) => `<@${by}> has muted this: ${safe(reason, 300)}`
export const unchanged = () =>
  'Nothing changed: it is being checked right now, or you pressed twice. The card shows how it stands.'
export const alertGone = () => 'This alert no longer exists. `/reconnect` shows what is disconnected.'

export function muteModal(metadata: string, reasonMax: number): ModalView {
  return {
    type: 'modal',
    callback_id: MUTE_VIEW,
    private_metadata: metadata,
    title: plain('Mute this alert', 24),
    submit: plain('Mute', 24),
    close: plain('Go back', 24),
    blocks: [
      section('No more reminders for this alert. It mends nothing, and the card stays.'),
      {
        type: 'input',
        block_id: MUTE_BLOCK,
        label: plain('Why?'),
        hint: plain('Everybody reads it on the card', 150),
        element: { type: 'plain_text_input', action_id: 'value', max_length: reasonMax, min_length: 3 },
      },
    ],
  }
}
