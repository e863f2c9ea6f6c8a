/** Data sources as rows, the same in App Home and in a message. A word always says what the colour says. */
import type { KnownBlock, ModalView, Overflow, PlainTextOption } from '@slack/types'
import { dayWords, listed, metricWords } from '../words.ts'
import { context, cut, mrkdwn, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export type SourceState =
  | 'connecting'
  | 'backfilling'
  | 'synced'
  | 'resolving'
  | 'reconnect'
  | 'lost-access'
  | 'missing-permissions'
  | 'discontinued'
  | 'degraded'
  | 'paused'

export type SourceView = {
  id: string
  connectionId: string
  connectorName: string
  accountName: string
  clientName: string
  identityLabel: string
  authorisedBy: string
  authorisedAt: Date
  grantExpiresAt: Date | null
  lastGoodDay: string | null
  /** Metrics it used to have, and what the provider says is wrong with its figures, in machine words. */
  missingMetrics: string[]
  flags: string[]
  state: SourceState
  since: Date | null
  progress: { done: number; total: number }
}

export type Counts = { connected: number; disconnected: number; delayed: number; paused: number }

/** What the reader may do. Judged again at the press. */
export type Rights = { reconnect: boolean; refresh: boolean; remove: boolean }

const STATES: Record<SourceState, { emoji: string; word: string; down: boolean }> = {
  connecting: { emoji: ':hourglass_flowing_sand:', word: 'Connecting', down: false },
  backfilling: { emoji: ':arrows_counterclockwise:', word: 'Backfilling', down: false },
  synced: { emoji: ':large_green_circle:', word: 'Synced', down: false },
  resolving: { emoji: ':large_yellow_circle:', word: 'Delayed, we keep trying', down: false },
  reconnect: { emoji: ':red_circle:', word: 'Disconnected: reconnect', down: true },
  'lost-access': {
    emoji: ':red_circle:',
    word: 'Disconnected: this login can no longer see the account',
    down: true,
  },
  'missing-permissions': {
    emoji: ':red_circle:',
    word: 'Disconnected: a permission box was left unticked',
    down: true,
  },
  discontinued: {
    emoji: ':red_circle:',
    word: 'Disconnected: the provider switched off the version we use',
    down: true,
  },
  degraded: { emoji: ':large_yellow_circle:', word: 'Degraded', down: false },
  paused: { emoji: ':double_vertical_bar:', word: 'Paused', down: false },
}

/** Action id of every row's menu; the values say what and of which: `remove:<source id>`. */
export const SOURCE_MENU = 'source-menu'

export function sourceRow(source: SourceView, rights: Rights): KnownBlock {
  const { emoji } = STATES[source.state]
  const title = `${emoji} *${safe(source.connectorName, 40)} – ${safe(source.accountName, 80)}* for ${safe(source.clientName, 80)}`
  return {
    type: 'section',
    block_id: `source:${source.id}`,
    text: mrkdwn(
      `${title}\n${[stateWords(source), dataTo(source), flagged(source)].filter(Boolean).join(' · ')}\n${authorised(source)}`,
    ),
    accessory: menuOf(source, rights),
  }
}

/** "Degraded: no longer says reach"; said also beside something worse, since no reconnect brings it back. */
function stateWords(source: SourceView): string {
  const { state, missingMetrics: missing } = source
  const { word } = STATES[state]
  if (missing.length === 0) return word + sinceOf(source)
  const names = missing.slice(0, 3).map(metricWords)
  const lacks = `no longer says ${listed(missing.length > 3 ? [...names, `${missing.length - 3} more`] : names)}`
  return state === 'degraded' ? `${word}: ${lacks}${sinceOf(source)}` : `${word}${sinceOf(source)} · ${lacks}`
}

/** What a connector may say of a page; another word is shown as it is. */
export const FLAGS: Record<string, string> = {
  sampled: 'figures estimated from a sample',
  thresholded: 'small numbers withheld by the provider',
  other_row: 'small rows lumped together by the provider',
  partial: 'only part of it given by the provider',
}
const flagged = ({ flags }: SourceView) =>
  listed(flags.slice(0, 3).map((flag) => FLAGS[flag] ?? metricWords(flag)))

const sinceOf = ({ since, state, progress }: SourceView) =>
  state === 'backfilling'
    ? ` (${progress.done} of ${progress.total} months)`
    : since
      ? ` · since ${slackDate(since)}`
      : ''

const dataTo = ({ lastGoodDay }: SourceView) =>
  lastGoodDay ? `data complete to ${dayWords(lastGoodDay)}` : 'no data yet'

function authorised({ identityLabel, authorisedBy, authorisedAt, grantExpiresAt }: SourceView): string {
  const by = authorisedBy === identityLabel ? '' : ` by ${who(authorisedBy)}`
  const ends = grantExpiresAt ? `, ends ${slackDate(grantExpiresAt, '{date_short_pretty}')}` : ''
  return `Authorised as ${safe(identityLabel, 80)}${by}, ${slackDate(authorisedAt, '{date_short_pretty}')}${ends}`
}

/** A member is shown as Slack shows members, anybody else by address. */
const who = (id: string) => (/^[UW][A-Z0-9]+$/.test(id) ? `<@${id}>` : safe(id, 80))

/** Slack takes five options. Who sees the row may take its data along. */
function menuOf({ id, connectionId, state }: SourceView, rights: Rights): Overflow {
  const option = (text: string, value: string): PlainTextOption => ({ text: plain(text), value })
  const down = STATES[state].down
  const options = [
    ...(rights.reconnect ? [option('Reconnect', `reconnect:${connectionId}`)] : []),
    ...(rights.refresh && !down && state !== 'paused' ? [option('Refresh now', `refresh:${id}`)] : []),
    option('Export CSV', `export:${id}`),
    option('Coverage', `coverage:${id}`),
    ...(rights.remove ? [option('Remove', `remove:${id}`)] : []),
  ]
  return { type: 'overflow', action_id: SOURCE_MENU, options }
}

export function countLine({ connected, disconnected, delayed, paused }: Counts): string {
  const parts = [
    [disconnected, 'disconnected'],
    [delayed, 'delayed'],
    [connected, 'connected'],
    [paused, 'paused'],
  ] as const
  const said = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`)
  return said.length > 0 ? said.join(' · ') : 'none'
}

const ROWS_IN_MESSAGE = 40

export { ROWS_IN_MESSAGE }

export function sourceList(
  {
    client,
    counts,
    sources,
    onlyDisconnected,
  }: { client: string | null; counts: Counts; sources: SourceView[]; onlyDisconnected: boolean },
  rights: Rights,
): SlackMessage {
  const whose = client ? ` of ${safe(client)}` : ''
  if (sources.length === 0) {
    const text = onlyDisconnected
      ? 'Nothing is disconnected.'
      : `No data sources${whose} yet. Ask for access with \`/request-access\`.`
    return { text, blocks: [section(text)] }
  }
  const total = onlyDisconnected
    ? counts.disconnected
    : counts.connected + counts.disconnected + counts.delayed + counts.paused
  const text = `Data sources${whose}: ${countLine(counts)}`
  const hidden = total - Math.min(sources.length, ROWS_IN_MESSAGE)
  return {
    text,
    blocks: [
      section(`*${text}*`),
      ...sources.slice(0, ROWS_IN_MESSAGE).map((source) => sourceRow(source, rights)),
      ...(hidden > 0 ? [context(`And ${hidden} more. Add a client’s name: \`/sources Acme\`.`)] : []),
    ],
  }
}

export function noSuchClient(words: string, similar: string[]): string {
  const hint = similar.length > 0 ? ` Did you mean ${similar.map((name) => safe(name, 60)).join(', ')}?` : ''
  return `There is no client called ${safe(words, 60)}.${hint} The list without a name shows all.`
}

export const refreshStarted = (accountName: string) =>
  `Reading ${safe(accountName)} now. The row shows it once the newest days are in.`

export const refreshNotNow = (accountName: string, disconnected: boolean) =>
  disconnected
    ? `${safe(accountName)} is disconnected, so nothing can be read. Reconnect it first.`
    : `${safe(accountName)} has nothing new to read yet. Try again tomorrow.`

export const sourceGone = () => 'This data source has been removed already.'

export const notAllowed = (what: string, whoMay: string) =>
  `You may not ${what}. Ask ${whoMay} of Latchkey in this workspace.`

export const REMOVE_SOURCE = 'remove-source'

/** Nothing brings it back, so it says so before. */
export function removeSourceModal(
  source: {
    connectorName: string
    accountName: string
    clientName: string
    last: boolean
    identityLabel: string
  },
  metadata: string,
): ModalView {
  const { connectorName, accountName, clientName, last, identityLabel } = source
  const credential = last
    ? `It is the last one under the authorisation of ${safe(identityLabel)}, which is destroyed with it and withdrawn at the provider if nothing else uses it.`
    : `The authorisation of ${safe(identityLabel)} stays, because other data sources use it.`
  return {
    type: 'modal',
    callback_id: REMOVE_SOURCE,
    private_metadata: metadata,
    title: plain('Remove data source', 24),
    submit: plain('Remove', 24),
    close: plain('Keep it', 24),
    blocks: [
      section(`Remove *${safe(connectorName)} – ${safe(accountName)}* for ${safe(clientName)}?`),
      section(
        `Nothing is read any more; data that were read stay. ${credential}\n\n*This cannot be undone.* To read it again you ask for access again.`,
      ),
    ],
  }
}

export function sourceRemoved(accountName: string, last: boolean): ModalView {
  const text = `${safe(accountName)} is removed.${last ? ' Its authorisation is being destroyed.' : ''}`
  return {
    type: 'modal',
    title: plain('Removed', 24),
    close: plain('Done', 24),
    blocks: [section(cut(text, 2_900))],
  }
}
