/** What can be pressed on an alert card. Labels are promised to those who test from outside. */
import type { KnownBlock, PlainTextOption } from '@slack/types'
import { cut, plain } from './blocks.ts'

export const INCIDENT_RECONNECT = 'incident_reconnect'
export const INCIDENT_ASK = 'incident_ask'
export const INCIDENT_ACK = 'incident_ack'
export const INCIDENT_MORE = 'incident_more'

type Pressable = {
  incidentId: string
  kind: 'connection' | 'accounts' | 'scope' | 'staff'
  state: string
  providerName: string
  identityLabel: string
}

/** While it is being checked, and for what only staff can mend, there is nothing to reconnect. */
export function incidentButtons(view: Pressable): KnownBlock {
  const value = view.incidentId
  const what = cut(`${view.providerName} as ${view.identityLabel}`, 50)
  const button = (action: string, label: string, primary = false) => ({
    type: 'button' as const,
    action_id: action,
    text: plain(label),
    value,
    accessibility_label: plain(`${label}: ${what}`).text,
    ...(primary && { style: 'primary' as const }),
  })
  const option = (label: string, choice: string): PlainTextOption => ({
    text: plain(label),
    value: `${choice}:${value}`,
  })
  const mends = view.kind !== 'staff' && view.state !== 'verifying'
  return {
    type: 'actions',
    block_id: `incident:${value}`,
    elements: [
      ...(mends
        ? [button(INCIDENT_RECONNECT, 'Reconnect', true), button(INCIDENT_ASK, 'Ask the owner')]
        : []),
      button(INCIDENT_ACK, "I'm on it"),
      {
        type: 'overflow',
        action_id: INCIDENT_MORE,
        options: [
          option('Snooze for 1 hour', 'hour'),
          option('Snooze until tomorrow, 08:30', 'tomorrow'),
          option('Snooze until next week', 'week'),
          option('Mute', 'mute'),
        ],
      },
    ],
  }
}
