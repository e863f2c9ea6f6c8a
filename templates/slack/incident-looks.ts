/** What an alert card is told, and how it looks by kind and state: colour, sign and word always say the same. */
import { counted, dayWords } from '../words.ts'
import { REASONS, type Reason } from './incident-words.ts'

export type IncidentKind = 'connection' | 'accounts' | 'scope' | 'staff' | 'outage' | 'expiring' | 'degraded'
export type IncidentState =
  | 'open'
  | 'acked'
  | 'snoozed'
  | 'reconnecting'
  | 'verifying'
  | 'resolved'
  | 'muted'
  | 'archived'

/** `missing`: metrics it used to have, by the connector's names. */
export type IncidentSource = { name: string; connectorName: string; missing?: string[] }

/** What one channel may read: its own clients by name, the others as counts. */
export type IncidentView = {
  incidentId: string
  kind: IncidentKind
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
  /** It waits for an outage of the provider to end. */
  held: boolean
  /** Of a countdown: the day, yyyy-mm-dd, and how many days before it this is said; 0: it has come. */
  endsOn: string | null
  days: number | null
  /** Of an outage: the org's connections that fail, of how many, and what became of them. */
  outage: {
    held: number
    of: number
    answered: number
    refused: number
    reason: Reason
    /** It ended because it lasted too long to be passing. */
    lasted: boolean
  } | null
}

type Look = { color: string; emoji: string; word: string }

const AMBER = '#daa038'
const LOOKS: Record<IncidentState, Look> = {
  open: { color: '#a30200', emoji: ':red_circle:', word: 'Disconnected' },
  acked: { color: AMBER, emoji: ':large_yellow_circle:', word: 'Somebody is on it' },
  snoozed: { color: '#808080', emoji: ':zzz:', word: 'Snoozed' },
  reconnecting: { color: AMBER, emoji: ':large_yellow_circle:', word: 'Reconnect under way' },
  verifying: { color: AMBER, emoji: ':hourglass_flowing_sand:', word: 'Authorised again, checking' },
  resolved: { color: '#2eb886', emoji: ':large_green_circle:', word: 'Reconnected' },
  muted: { color: '#808080', emoji: ':no_bell:', word: 'Muted' },
  archived: { color: '#808080', emoji: ':file_folder:', word: 'Closed' },
}

/** While it is open, and once it is over, where the kind has words of its own. */
const OPEN: Partial<Record<IncidentKind, Partial<Look>>> = {
  accounts: { word: 'Access lost' },
  scope: { word: 'Permission missing' },
  staff: { color: AMBER, emoji: ':wrench:', word: 'Data delayed' },
  outage: { color: AMBER, emoji: ':wrench:', word: 'Provider failing' },
  expiring: { color: AMBER, emoji: ':hourglass:', word: 'Authorisation ends soon' },
  degraded: { color: AMBER, emoji: ':large_yellow_circle:', word: 'Metric missing' },
}
const OVER: Partial<Record<IncidentKind, string>> = {
  staff: 'Data arrive again',
  outage: 'Provider answers again',
  expiring: 'Authorisation goes on',
  degraded: 'Metrics are back',
}

export function lookOf({ kind, state, held, endsOn, days, outage }: IncidentView): Look {
  const look = LOOKS[state]
  if (state === 'resolved' && outage?.lasted) return { ...look, word: 'Alerted one by one' }
  if (state === 'resolved') return { ...look, word: OVER[kind] ?? look.word }
  if (state !== 'open') return look
  if (held) return { color: AMBER, emoji: ':wrench:', word: 'On hold, the provider is failing' }
  if (kind === 'expiring' && days === 0)
    return { ...look, ...OPEN.expiring, word: 'Authorisation at its end' }
  if (kind === 'expiring' && endsOn)
    return { ...look, ...OPEN.expiring, word: `Authorisation ends on ${dayWords(endsOn)}` }
  return { ...look, ...OPEN[kind] }
}

/** What comes of it, in a breath: the sentence people hear. */
export function outlookOf(view: IncidentView): string {
  const { kind, state, outage } = view
  if (state === 'archived')
    return kind === 'expiring' ? 'It has ended.' : 'It no longer feeds any data source.'
  if (state !== 'resolved') return kind === 'expiring' ? endWords(view) : REASONS[view.reason].next
  if (kind === 'outage' && outage)
    return `${outage.lasted ? 'The provider kept refusing for a day. ' : ''}${counted(outage.answered, 'connection')} recovered, ${outage.refused} did not.`
  if (kind === 'expiring') return 'It was renewed or authorised again.'
  if (kind === 'degraded') return 'The metrics have values again.'
  if (kind === 'staff') return 'The data are up to date again.'
  const healed = (view.outcome?.healed.length ?? 0) + (view.outcome?.hiddenHealed ?? 0)
  const notHealed = (view.outcome?.notHealed.length ?? 0) + (view.outcome?.hiddenNotHealed ?? 0)
  return `${healed} healed, ${notHealed} not healed.`
}

/** True before, on and after the day. */
function endWords({ providerName, endsOn, days }: IncidentView): string {
  const on = endsOn ? dayWords(endsOn) : 'a fixed day'
  return days === 0
    ? `${providerName} ends this authorisation by ${on}. Reconnecting takes a minute and loses nothing.`
    : `${providerName} ends this authorisation on ${on}, whatever we do; reconnecting takes a minute and loses nothing.`
}

/** What staff can do about it themselves. */
const ours = (reason: Reason) =>
  reason === 'app_config' || reason === 'version_sunset' ? `${REASONS[reason].next} ` : ''

/** Why it is so, and what to do. `ownerAction` must be safe already. */
export function whyOf(view: IncidentView, ownerAction: string): string {
  const { says, next } = REASONS[view.reason]
  if (view.kind === 'expiring') return endWords(view)
  const failing = view.outage
    ? `Each of them: ${REASONS[view.outage.reason].short}. ${ours(view.outage.reason)}`
    : ''
  return `*Why:* ${says} ${failing}${ownerAction ? `${ownerAction} ` : ''}${next}`
}
