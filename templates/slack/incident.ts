/** The alert card of one incident: one pure function of its state, so that every edit shows the whole truth. */
import type { KnownBlock } from '@slack/types'
import { counted, dayWords, listed, metricWords } from '../words.ts'
import { context, cut, header, mrkdwn, type SlackMessage, safe, section, slackDate } from './blocks.ts'
import { incidentButtons } from './incident-buttons.ts'
import {
  type IncidentSource,
  type IncidentState,
  type IncidentView,
  lookOf,
  outlookOf,
  whyOf,
} from './incident-looks.ts'
import { REASONS } from './incident-words.ts'

export type { IncidentSource, IncidentState, IncidentView } from './incident-looks.ts'

const SECTION_MAX = 2900
const NAMES_SHOWN = 60
const CLIENTS_SHOWN = 12

/** The card in whatever state the incident is now. At most 50 blocks, no section above 3000 characters. */
export function incidentCard(view: IncidentView): SlackMessage {
  const look = lookOf(view)
  return {
    text: cut(`${look.word}: ${headline(view)}. ${outlookOf(view)}`, 600),
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

const DOWN: ReadonlySet<IncidentView['kind']> = new Set(['connection', 'accounts', 'scope', 'staff'])

const isOver = (state: IncidentState) => state === 'resolved' || state === 'archived'

/** Plain text; the header takes no markup, so the name needs no escaping. */
function titleOf({ providerName, clients, hidden }: IncidentView): string {
  const [first] = clients
  const more = clients.length + hidden.clients - 1
  return first
    ? `${providerName} for ${cut(first.name, 60)}${more > 0 ? ` and ${counted(more, 'more client')}` : ''}`
    : providerName
}

function headline(view: IncidentView): string {
  const names = view.clients.slice(0, 3).map(({ name }) => safe(name, 40))
  const more = view.clients.length - names.length + view.hidden.clients
  const whose =
    names.length > 0
      ? ` for ${names.join(', ')}${more > 0 ? ` and ${counted(more, 'more client')}` : ''}`
      : ''
  if (view.outage) return `${view.providerName}${whose}`
  return `${view.providerName}, authorised as ${safe(view.identityLabel, 60)},${whose}`.replace(/,$/, '')
}

function facts(view: IncidentView): KnownBlock[] {
  const sources = view.clients.reduce((sum, { sources }) => sum + sources.length, view.hidden.sources)
  const clients = view.clients.length + view.hidden.clients
  const fields = [
    `*Affected*\n${counted(sources, 'data source')} of ${counted(clients, 'client')}`,
    view.outage ? connectionsField(view.outage) : `*Authorised as*\n${safe(view.identityLabel, 80)}`,
    `*${view.resolvedAt ? (DOWN.has(view.kind) ? 'Down from' : 'From') : 'Since'}*\n${slackDate(view.since)}`,
    view.resolvedAt
      ? `*Until*\n${slackDate(view.resolvedAt)}`
      : `*Last good day*\n${view.lastGoodDay ? dayWords(view.lastGoodDay) : 'no data yet'}`,
  ]
  const block: KnownBlock = { type: 'section', fields: fields.map(mrkdwn) }
  return isOver(view.state) ? [block] : [block, section(whyOf(view, safe(view.ownerAction ?? '', 300)))]
}

function connectionsField({ held, of, answered, refused }: NonNullable<IncidentView['outage']>): string {
  const became = answered + refused > 0 ? `, ${answered} recovered, ${refused} did not` : ''
  return `*Connections*\n${held} of ${of} failing alike${became}`
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
      ? [context(`Also ${counted(otherSources, 'data source')} of ${counted(others, 'other client')}.`)]
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
const nameOf = ({ connectorName, name, missing = [] }: IncidentSource) => {
  const lacks = missing.length > 0 ? `, no longer says ${listed(missing.slice(0, 5).map(metricWords))}` : ''
  return `${connectorName}: ${safe(name, 80)}${lacks}`
}

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

/** Worth knowing, not worth waking anybody. */
const PATIENT: ReadonlySet<IncidentView['kind']> = new Set(['expiring', 'degraded'])

function stateLine(view: IncidentView): KnownBlock[] {
  const says = [
    view.onCall && view.state === 'open' && !PATIENT.has(view.kind)
      ? `On call: ${mention(view.onCall)}`
      : null,
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
