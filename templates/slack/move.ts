/** Asks an admin what to do about a reconnect that came back under another login. */
import type { KnownBlock } from '@slack/types'
import { context, cut, header, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export const MOVE_MOVED = 'move_moved'
export const MOVE_KEPT = 'move_kept'
export const MOVE_CANCELLED = 'move_cancelled'

type Named = { client: string; name: string; connectorName: string }

export type MoveCard = {
  moveId: string
  status: 'open' | 'moved' | 'kept' | 'cancelled'
  decidedBy: string | null
  decidedAt: Date | null
  providerName: string
  fromLabel: string
  toLabel: string
  visible: Named[]
  unseen: Named[]
}

const SHOWN = 20

export function moveCard(view: MoveCard): SlackMessage {
  const from = safe(view.fromLabel, 80)
  const to = safe(view.toLabel, 80)
  const asked = `${view.providerName} was reconnected as ${to}, not as ${from}. Nothing has changed yet: please decide.`
  const says = view.status === 'open' ? asked : `${view.providerName}, ${from} or ${to}: ${decision(view)}`
  return {
    text: cut(says, 1000),
    color: view.status === 'open' ? '#daa038' : '#808080',
    blocks: [
      header(
        view.status === 'open'
          ? `${view.providerName}: another login came back`
          : `${view.providerName}: decided`,
      ),
      section(says),
      ...listed(`*${to} sees these data sources*`, view.visible),
      ...listed(`*${to} does not see these; they stay disconnected*`, view.unseen),
      ...(view.status === 'open' ? [buttons(view)] : []),
    ],
  }
}

export function decided(as: 'moved' | 'kept' | 'cancelled', sources: number): string {
  if (as !== 'moved') return 'Done: the new authorisation is withdrawn and nothing else changes.'
  if (sources === 0) return 'Nothing had to move: these data sources are no longer disconnected.'
  return `Done: ${sources} data source${sources === 1 ? '' : 's'} moved. Each is checked now; the alert card shows what healed.`
}

export function decidedBefore(
  as: 'moved' | 'kept' | 'cancelled',
  by: string | null,
  at: Date | null,
): string {
  if (!by && as === 'kept') return 'The old login was reconnected meanwhile. There is nothing to do.'
  const what = { moved: 'moved the data sources', kept: 'kept the old login', cancelled: 'cancelled' }[as]
  return `${by ? `<@${by}>` : 'Somebody'} ${what}${at ? ` ${slackDate(at)}` : ''}. There is nothing to do.`
}

export const loginEnded = () =>
  'The new authorisation has ended meanwhile, so nothing can move to it. Reconnect again with the login that should provide the data.'
export const moveGone = () => 'This question no longer exists. `/reconnect` shows what is disconnected.'
export const onlyAdmins = () => 'Only an admin of your team decides this. Ask one to press the button.'

function decision({ status, decidedBy, decidedAt }: MoveCard): string {
  if (!decidedBy && status === 'kept')
    return `nothing to decide any more${decidedAt ? ` since ${slackDate(decidedAt)}` : ''}: the old login was reconnected. The new authorisation is withdrawn.`
  const who = decidedBy ? `<@${decidedBy}>` : 'Somebody'
  const when = decidedAt ? ` ${slackDate(decidedAt)}` : ''
  if (status === 'moved')
    return `${who} moved the data sources to the new login${when}. Each is checked before it heals.`
  return `${who} ${status === 'kept' ? 'kept the old login' : 'cancelled'}${when}. The new authorisation is withdrawn.`
}

function listed(title: string, sources: Named[]): KnownBlock[] {
  if (sources.length === 0) return []
  const lines = sources
    .slice(0, SHOWN)
    .map(({ client, name, connectorName }) => `• ${safe(client, 40)}: ${connectorName}, ${safe(name, 60)}`)
  const more = sources.length - lines.length
  const text = [title, ...lines].join('\n')
  return [section(cut(text, 2900)), ...(more > 0 ? [context(`and ${more} more`)] : [])]
}

function buttons({ moveId, visible, toLabel, fromLabel }: MoveCard): KnownBlock {
  const n = visible.length
  const button = (action: string, label: string, question: string, confirm: string) => ({
    type: 'button' as const,
    action_id: action,
    text: plain(label),
    value: moveId,
    confirm: {
      title: plain(label, 100),
      text: plain(question, 300),
      confirm: plain(confirm, 30),
      deny: plain('Go back', 30),
    },
  })
  const to = cut(toLabel, 60)
  const old = cut(fromLabel, 60)
  const move = button(
    MOVE_MOVED,
    `Move ${n} data source${n === 1 ? '' : 's'}`,
    `From now on ${to} provides the data of ${n} data source${n === 1 ? '' : 's'}. Their history stays.`,
    'Move',
  )
  const keep = button(
    MOVE_KEPT,
    'Keep the old login',
    `The authorisation of ${to} is withdrawn. The data sources stay with ${old} and have to be reconnected as ${old}.`,
    'Keep',
  )
  const cancel = button(
    MOVE_CANCELLED,
    'Cancel',
    `The authorisation of ${to} is withdrawn and nothing else changes.`,
    'Cancel it',
  )
  return {
    type: 'actions',
    block_id: `move:${moveId}`,
    elements: n > 0 ? [move, keep, cancel] : [keep, cancel],
  }
}
