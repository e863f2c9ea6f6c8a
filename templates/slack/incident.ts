/** The alert card of one incident: one pure function of its state, so that every edit shows the whole truth. */
import type { KnownBlock } from '@slack/types'
import { dayWords } from '../words.ts'
import { context, cut, header, mrkdwn, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { incidentButtons } from './incident-buttons.ts'
import { REASONS, type Reason } from './incident-words.ts'

export type IncidentState =
  | 'open'
  | 'acked'
  | 'snoozed'
  | 'reconnecting'
  | 'verifying'
  | 'resolved'
  | 'muted'
  | 'archived'

export type IncidentSource = { name: string; connectorName: string }

/** What one channel may read: its own clients by name, the others as counts. */
export type IncidentView = {
  incidentId: string
  kind: 'connection' | 'accounts' | 'scope' | 'staff'
  state: IncidentState
  reason: Reason
  /** What the provider asks of the owner, where it names something. */
  ownerAction: string | null
  providerName: string
  identityLabel: string
  since: Date
  /** yyyy-mm-dd; null: nothing was ever read. */
  lastGoodDay: string | null
  clients: { name: string; sources: IncidentSource[] }[]
  hidden: { clients: number; sources: number }
  ackedBy: string | null
  snoozedUntil: Date | null
  mutedBy: string | null
  muteReason: string | null
  resolvedAt: Date | null
  /** After a look: what this channel may read of it, and counts of the rest. */
  outcome: {
    healed: IncidentSource[]
    notHealed: (IncidentSource & { why: Reason })[]
    hiddenHealed: number
    hiddenNotHealed: number
  } | null
  /** Slack user or user-group id. */
  onCall: string | null
}

const SECTION_MAX = 2900
const NAMES_SHOWN = 60
const CLIENTS_SHOWN = 12

const LOOKS: Record<IncidentState, { color: string; emoji: string; word: string }> = {
  open: { color: '#a30200', emoji: ':red_circle:', word: 'Disconnected' },
  acked: { color: '#daa038', emoji: ':large_yellow_circle:', word: 'Somebody is on it' },
  snoozed: { color: '#808080', emoji: ':zzz:', word: 'Snoozed' },
  reconnecting: { color: '#daa038', emoji: ':large_yellow_circle:', word: 'Reconnect under way' },
  verifying: { color: '#daa038', emoji: ':hourglass_flowing_sand:', word: 'Authorised again, checking' },
  resolved: { color: '#2eb886', emoji: ':large_green_circle:', word: 'Reconnected' },
  muted: { color: '#808080', emoji: ':no_bell:', word: 'Muted' },
  archived: { color: '#808080', emoji: ':file_folder:', word: 'Closed' },
}

/** The card in whatever state the incident is now. At most 50 blocks, no section above 3000 characters. */
export function incidentCard(view: IncidentView): SlackMessage {
  const look = lookOf(view)
  return {
    text: cut(`${look.word}: ${headline(view)}. ${outlook(view)}`, 600),
    color: look.color,
    blocks: [
      header(`${look.emoji} ${look.word}: ${titleOf(view)}`),
      ...facts(view),
      ...(view.outcome ? outcomeBlocks(view.outcome) : clientBlocks(view)),
      ...stateLine(view),
      ...(isOver(view.state) ? [] : [incidentButtons(view)]),
    ],
  }
}

const isOver = (state: IncidentState) => state === 'resolved' || state === 'archived'

function lookOf(view: IncidentView) {
  const look = LOOKS[view.state]
  if (view.kind !== 'staff') {
    if (view.state === 'open' && view.kind === 'accounts') return { ...look, word: 'Access lost' }
    if (view.state === 'open' && view.kind === 'scope') return { ...look, word: 'Permission missing' }
    return look
  }
  if (view.state === 'open') return { ...look, color: '#daa038', emoji: ':wrench:', word: 'Data delayed' }
  return view.state === 'resolved' ? { ...look, word: 'Data arrive again' } : look
}

/** Plain text; the header takes no markup, so the name needs no escaping. */
function titleOf({ providerName, clients, hidden }: IncidentView): string {
  const [first] = clients
  const more = clients.length + hidden.clients - 1
  return first
    ? `${providerName} for ${cut(first.name, 60)}${more > 0 ? ` and ${count(more, 'more client')}` : ''}`
    : providerName
}

function headline(view: IncidentView): string {
  const names = view.clients.slice(0, 3).map(({ name }) => safe(name, 40))
  const more = view.clients.length - names.length + view.hidden.clients
  const whose =
    names.length > 0 ? ` for ${names.join(', ')}${more > 0 ? ` and ${count(more, 'more client')}` : ''}` : ''
  return `${view.providerName}, authorised as ${safe(view.identityLabel, 60)},${whose}`.replace(/,$/, '')
}

/** What comes of it, in a breath: the sentence people hear. */
function outlook(view: IncidentView): string {
  const { healed, notHealed } = totals(view)
  if (view.state === 'archived') return 'It no longer feeds any data source.'
  if (view.state !== 'resolved') return REASONS[view.reason].next
  return view.kind === 'staff'
    ? 'The data are up to date again.'
    : `${healed} healed, ${notHealed} not healed.`
}

function why({ reason, ownerAction }: IncidentView): string {
  const { says, next } = REASONS[reason]
  return `*Why:* ${says} ${ownerAction ? `${safe(ownerAction, 300)} ` : ''}${next}`
}

const totals = ({ outcome }: IncidentView) => ({
  healed: (outcome?.healed.length ?? 0) + (outcome?.hiddenHealed ?? 0),
  notHealed: (outcome?.notHealed.length ?? 0) + (outcome?.hiddenNotHealed ?? 0),
})

function facts(view: IncidentView): KnownBlock[] {
  const sources = view.clients.reduce((sum, { sources }) => sum + sources.length, view.hidden.sources)
  const clients = view.clients.length + view.hidden.clients
  const fields = [
    `*Affected*\n${count(sources, 'data source')} of ${count(clients, 'client')}`,
    `*Authorised as*\n${safe(view.identityLabel, 80)}`,
    `*${view.resolvedAt ? 'Down from' : 'Since'}*\n${slackDate(view.since)}`,
    view.resolvedAt
      ? `*Until*\n${slackDate(view.resolvedAt)}`
      : `*Last good day*\n${view.lastGoodDay ? dayWords(view.lastGoodDay) : 'no data yet'}`,
  ]
  const block: KnownBlock = { type: 'section', fields: fields.map(mrkdwn) }
  return isOver(view.state) ? [block] : [block, section(why(view))]
}

function clientBlocks({ clients, hidden }: IncidentView): KnownBlock[] {
  const shown = clients.slice(0, CLIENTS_SHOWN)
  const each = Math.floor(NAMES_SHOWN / Math.max(1, shown.length))
  const lines = shown.map(({ name, sources }) => {
    const names = sources.slice(0, each).map(sourceLine)
    const more = sources.length - names.length
    return `*${safe(name, 80)}*\n${names.join('\n')}${more > 0 ? `\n• and ${more} more` : ''}`
  })
  const unseen = clients.slice(CLIENTS_SHOWN)
  const others = hidden.clients + unseen.length
  const otherSources = unseen.reduce((sum, { sources }) => sum + sources.length, hidden.sources)
  return [
    ...paragraphs(lines),
    ...(others > 0
      ? [context(`Also ${count(otherSources, 'data source')} of ${count(others, 'other client')}.`)]
      : []),
  ]
}

function outcomeBlocks(outcome: NonNullable<IncidentView['outcome']>): KnownBlock[] {
  const { healed, notHealed, hiddenHealed, hiddenNotHealed } = outcome
  const ok = healed.slice(0, 40).map((source) => `:white_check_mark: ${nameOf(source)}`)
  const not = notHealed.slice(0, 40).map((source) => `:x: ${nameOf(source)}: ${REASONS[source.why].short}`)
  return [
    ...list(`*Healed: ${healed.length + hiddenHealed}*`, ok, healed.length + hiddenHealed - ok.length),
    ...list(
      `*Not healed: ${notHealed.length + hiddenNotHealed}*`,
      not,
      notHealed.length + hiddenNotHealed - not.length,
    ),
  ]
}

function list(title: string, lines: string[], more: number): KnownBlock[] {
  if (lines.length + more === 0) return []
  const rest = more > 0 ? [lines.length > 0 ? `and ${more} more` : `${more}, of other clients`] : []
  return paragraphs([[title, ...lines, ...rest].join('\n')])
}

const sourceLine = (source: IncidentSource) => `• ${nameOf(source)}`
const nameOf = ({ connectorName, name }: IncidentSource) => `${connectorName}: ${safe(name, 80)}`

/** Sections of whole lines, none too long, at most eight: what does not fit is counted by the caller's own lines. */
function paragraphs(texts: string[]): KnownBlock[] {
  const out: string[] = ['']
  for (const line of texts.flatMap((text) => [...text.split('\n'), ''])) {
    const last = out.at(-1) ?? ''
    if (last.length + line.length + 1 > SECTION_MAX) out.push(line)
    else out[out.length - 1] = last ? `${last}\n${line}` : line
  }
  return out
    .map((text) => text.trim())
    .filter(Boolean)
    .map(section)
}

function stateLine(view: IncidentView): KnownBlock[] {
  const says = [
    view.onCall && view.state === 'open' ? `On call: ${mention(view.onCall)}` : null,
    view.ackedBy && !isOver(view.state) ? `<@${view.ackedBy}> is on it` : null,
    view.snoozedUntil ? `Snoozed until ${slackDate(view.snoozedUntil)}` : null,
    view.state === 'muted' && view.mutedBy
      ? `Muted by <@${view.mutedBy}>: ${safe(view.muteReason ?? '', 300)}`
      : null,
    view.state === 'reconnecting'
      ? 'A reconnect link is out. This card turns green when the data flow.'
      : null,
    view.state === 'verifying'
      ? 'Each data source is being asked for data before it counts as healed.'
      : null,
  ].filter((line): line is string => line !== null)
  return says.length > 0 ? [context(says.join('  ·  '))] : []
}

const mention = (id: string) => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`)

const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
