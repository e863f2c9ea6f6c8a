/** Tells a subscribed admin that a connection is down. Says where to act, and carries no link that could act. */
import { html } from '../markup.ts'
import { REASONS, type Reason } from '../slack/incident-words.ts'
import { exactTime } from '../time.ts'
import { dayWords } from '../words.ts'
import { type Brand, composeMail, type Mail } from './layout.ts'

export type AlertLetter = {
  brand: Brand
  recipient: { name: string; timeZone: string }
  providerName: string
  identityLabel: string
  reason: Reason
  ownerAction: string | null
  since: Date
  lastGoodDay: string | null
  clients: { name: string; sources: { name: string; connectorName: string }[] }[]
}

const CLIENTS = 20
const SOURCES = 12
const KINDS: Partial<Record<Reason, string>> = {
  account_lost: 'lost accounts',
  scope_missing: 'lacks a permission',
  outage: 'is failing',
  expiring: 'ends an authorisation soon',
  degraded: 'lacks a metric',
}

export function alertMail(letter: AlertLetter): Mail {
  const { brand, providerName, identityLabel, clients, recipient } = letter
  const sources = clients.reduce((sum, client) => sum + client.sources.length, 0)
  const what = KINDS[letter.reason] ?? 'is disconnected'
  const names = clients.slice(0, 2).map(({ name }) => name)
  const more = clients.length - names.length
  const whose = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const { says, next } = REASONS[letter.reason]
  return composeMail(brand, {
    subject: `${providerName} ${what}${whose ? ` for ${whose}` : ''}`,
    preheader: `${count(sources, 'data source')} of ${count(clients.length, 'client')} affected.`,
    heading: `${providerName} ${what}`,
    paragraphs: [
      html`Hello ${recipient.name},`,
      html`<b>${providerName}</b>${identityLabel ? html`, authorised as <b>${identityLabel}</b>` : null}: ${says}
        ${letter.ownerAction ? html`<b>${letter.ownerAction}</b>` : null}`,
      html`${next} Both buttons are on the alert in Slack and under /reconnect.`,
    ],
    facts: [
      ['Since', exactTime(letter.since, recipient.timeZone)],
      ['Last good day', letter.lastGoodDay ? dayWords(letter.lastGoodDay) : 'no data yet'],
      ...clients.slice(0, CLIENTS).map(clientFact),
      ...(clients.length > CLIENTS
        ? [['And', count(clients.length - CLIENTS, 'more client')] as [string, string]]
        : []),
    ],
    small: [
      html`You get this because you are an admin of ${brand.orgName} in Latchkey. Switch these e-mails off with
        /access settings in Slack. The source owner has not been told.`,
    ],
  })
}

function clientFact({ name, sources }: AlertLetter['clients'][number]): [string, string] {
  const shown = sources.slice(0, SOURCES).map((source) => `${source.connectorName}: ${source.name}`)
  const more = sources.length - shown.length
  return [name, `${shown.join('; ')}${more > 0 ? ` and ${more} more` : ''}`]
}

const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
