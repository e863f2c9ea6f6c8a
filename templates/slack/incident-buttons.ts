/** What can be pressed on an alert card. Labels are promised to those who test from outside. */
import type { KnownBlock, PlainTextOption } from '@slack/types'
import { cut, plain } from './blocks.ts'
import type { IncidentKind } from './incident-looks.ts'

export const INCIDENT_RECONNECT = 'incident_reconnect'
export const INCIDENT_ASK = 'incident_ask'
export const INCIDENT_ACK = 'incident_ack'
export const INCIDENT_MORE = 'incident_more'

type Pressable = {
  incidentId: string
  kind: IncidentKind
  held: boolean
  state: string
  providerName: string
  identityLabel: string
}

/** What a new authorisation mends. */
const MENDED_SO: ReadonlySet<IncidentKind> = new Set(['connection', 'accounts', 'scope', 'expiring'])

/** While it is being checked, or the provider is failing, there is nothing to reconnect. */
export function incidentButtons(view: Pressable): KnownBlock {
  const value = view.incidentId
  const what = cut(`${view.providerName}${view.identityLabel && ` as ${view.identityLabel}`}`, 50)
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
  const mends = MENDED_SO.has(view.kind) && view.state !== 'verifying' && !view.held
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
