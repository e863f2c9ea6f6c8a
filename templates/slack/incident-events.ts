/** One line in the thread of an alert card for each thing that happened to the incident. */
import { counted, dayWords, listed, metricWords } from '../words.ts'
import { cut, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export type IncidentEvent = { kind: string; actor: string; data: Record<string, unknown> }

/** Null for what the card alone shows. */
export function incidentEvent(event: IncidentEvent): SlackMessage | null {
  const says = words(event)
  return says === null ? null : { text: cut(says, 3000), blocks: [section(cut(says, 2900))] }
}

function words({ kind, actor, data }: IncidentEvent): string | null {
  const who = member(actor)
  switch (kind) {
    case 'incident.acked':
      return `:raised_hand: ${who} is on it.`
    case 'incident.unacked':
      return `${who} has given it back. Nobody is on it now.`
    case 'incident.snoozed':
      return `:zzz: ${who} snoozed this until ${slackDate(new Date(String(data.until)))}.`
    case 'incident.woke':
      return ':alarm_clock: The snooze is over and this is still not mended. Reconnect, or ask the owner.'
    case 'incident.lapsed':
      return 'The reconnect came to nothing: its link ended unused. Reconnect, or ask the owner.'
    case 'incident.other-login':
      return ':twisted_rightwards_arrows: Somebody signed in with another login. Nothing was changed; an admin decides.'
    case 'incident.move-declined':
      return `${who} kept things as they are. Still not mended: reconnect with the same login, or ask the owner.`
    case 'incident.moved':
      return `:twisted_rightwards_arrows: ${who} moved the data sources to the new login. Each is checked now.`
    case 'incident.muted':
      return `:no_bell: ${who} muted this: ${safe(String(data.reason ?? ''), 300)}`
    case 'incident.reconnecting':
      return `:link: ${who} has a personal link to reconnect.`
    case 'incident.asked':
      return `:envelope: ${who} asked the owner to reconnect${data.queued ? '. The link is queued and sends by itself' : ''}.`
    case 'incident.verifying':
      return ':hourglass_flowing_sand: Authorised again. Each data source is checked now.'
    case 'incident.resolved':
      return `:large_green_circle: Mended: ${healed(data)}.`
    case 'incident.unproven':
      return `:warning: Authorised again, but not mended: ${healed(data)}. The card says why.`
    case 'incident.countdown':
      return countdown(data)
    case 'incident.extended':
      return ':large_green_circle: It was renewed or authorised again. The countdown is over.'
    case 'incident.held':
      return ':wrench: The provider is failing for many connections alike, so this alert is on hold. Nobody needs to reconnect: each one is asked again when the provider answers.'
    case 'incident.answered':
      return ':large_green_circle: The provider answers again and takes this authorisation. The days that are missing are being read.'
    case 'incident.recovered':
      return `${data.lasted ? 'The provider kept refusing for a day, so each is judged by itself' : ':large_green_circle: The provider answers again'}: ${counted(number(data.answered), 'connection')} recovered, ${number(data.refused)} did not and ${number(data.refused) === 1 ? 'has an alert of its own' : 'have alerts of their own'}.`
    case 'incident.degraded':
      return `:large_yellow_circle: ${safe(String(data.source ?? ''), 80)} no longer says ${listed(metrics(data.metrics))}.`
    case 'incident.restored':
      return ':large_green_circle: The metrics are back.'
    default:
      return null
  }
}

function countdown(data: Record<string, unknown>): string {
  const days = number(data.days)
  const left = days === 0 ? 'Today' : `${counted(days, 'day')} left`
  const on = /^\d{4}-\d\d-\d\d$/.test(String(data.endsOn)) ? dayWords(String(data.endsOn)) : 'a fixed day'
  return `:hourglass: ${left}: ${safe(String(data.provider ?? ''), 60)} ends this authorisation on ${on}. Reconnecting takes a minute.`
}

const metrics = (names: unknown) =>
  Array.isArray(names) ? names.slice(0, 5).map(String).map(metricWords) : []

const healed = (data: Record<string, unknown>) =>
  `${number(data.healed)} healed, ${number(data.notHealed)} not healed`
const number = (value: unknown) => (typeof value === 'number' ? value : 0)

const member = (actor: string) =>
  actor.startsWith('slack:') ? `<@${actor.slice('slack:'.length)}>` : 'Latchkey'
