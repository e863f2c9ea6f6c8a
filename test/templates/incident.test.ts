/** The alert card and what surrounds it: within Slack's limits, safe against hostile names, complete in words. */
import { expect, test } from 'vitest'
import { alertMail } from '../../templates/mail/alert.ts'
import { type IncidentState, type IncidentView, incidentCard } from '../../templates/slack/incident.ts'
import { muteModal } from '../../templates/slack/incident-answers.ts'
import { incidentEvent } from '../../templates/slack/incident-events.ts'
import { incidentReason, REASONS, type Reason } from '../../templates/slack/incident-words.ts'
import { moveCard } from '../../templates/slack/move.ts'
import { downList, ownerModal, reconnectLink } from '../../templates/slack/reconnect.ts'
import { checkMessage, checkView } from '../support/block-kit.ts'

const HOSTILE = '<!channel> & "Söhne" *bold* <https://evil.example|Slack>\u202e'
const STATES: IncidentState[] = [
  ...(['open', 'acked', 'snoozed', 'reconnecting', 'verifying', 'resolved', 'muted', 'archived'] as const),
]
const at = new Date('2026-11-20T00:04:00Z')

const view = (other: Partial<IncidentView> = {}): IncidentView => ({
  ...{
    incidentId: '00000000-0000-4000-8000-000000000001',
    kind: 'connection',
    state: 'open',
    reason: 'revoked',
  },
  ...{ ownerAction: null, providerName: 'Google', identityLabel: 'dana@acme.example', since: at },
  ...{ lastGoodDay: '2026-11-18', hidden: { clients: 2, sources: 5 }, ackedBy: null, snoozedUntil: null },
  ...{ mutedBy: null, muteReason: null, resolvedAt: null, outcome: null, onCall: 'S123' },
  ...{ held: false, endsOn: null, days: null, outage: null },
  clients: [{ name: 'Acme', sources: [{ name: 'Acme EU', connectorName: 'Google Ads' }] }],
  ...other,
})
const many = (n: number, name = HOSTILE) =>
  Array.from({ length: n }, (_, i) => ({ name: `${name} ${i}`, connectorName: 'Google Analytics 4' }))
const said = (message: object) => JSON.stringify(message)

test('sixty sources with hostile names, in every state and for every reason, stay within the limits', () => {
  for (const state of STATES)
    for (const reason of Object.keys(REASONS) as Reason[]) {
      const outcome = {
        healed: many(40),
        notHealed: many(20).map((s) => ({ ...s, why: reason })),
        hiddenHealed: 9,
        hiddenNotHealed: 1,
      }
      for (const shown of [null, outcome]) {
        const card = incidentCard(
          view({
            ...{ state, reason, outcome: shown, identityLabel: HOSTILE, ownerAction: HOSTILE, ackedBy: 'U1' },
            ...{ mutedBy: 'U1', muteReason: HOSTILE.repeat(9), snoozedUntil: at, resolvedAt: at },
            clients: Array.from({ length: 30 }, (_, i) => ({ name: `${HOSTILE} ${i}`, sources: many(60) })),
          }),
        )
        expect(checkMessage(card)).toEqual([])
        expect(said(card.blocks).length, 'Slack refuses what is very long').toBeLessThan(20_000)
        expect(
          said({
            ...card,
            blocks: card.blocks.filter(({ type }) => type !== 'header' && type !== 'actions'),
          }),
        ).not.toMatch(/<!channel>|<https/)
      }
    }
})

test('the card names date, sources, client, reason, since when, and how many sources of how many clients', () => {
  const words = said(incidentCard(view()))
  for (const part of [
    'Acme',
    'Google Ads: Acme EU',
    '6 data sources of 3 clients',
    '18 November 2026',
    'dana@acme.example',
  ])
    expect(words).toContain(part)
  expect(words).toContain('no longer accepts this authorisation')
  expect(words).toContain('Also 5 data sources of 2 other clients')
})

test('the buttons are called what is promised, and nothing can be pressed once it is over', () => {
  const labels = (state: IncidentState, kind: IncidentView['kind'] = 'connection') =>
    [
      ...said(incidentCard(view({ state, kind })).blocks).matchAll(
        /"text":\{"type":"plain_text","text":"([^"]+)"/g,
      ),
    ]
      .map(([, label]) => label)
      .filter((label) => !label?.startsWith(':'))
  expect(labels('open')).toEqual([
    ...['Reconnect', 'Ask the owner', "I'm on it"],
    ...['Snooze for 1 hour', 'Snooze until tomorrow, 08:30', 'Snooze until next week', 'Mute'],
  ])
  expect(labels('open', 'staff')).not.toContain('Reconnect')
  expect(labels('verifying')).not.toContain('Reconnect')
  expect(labels('resolved')).toEqual([])
})

test('resolved is green and says what healed, what did not, and why', () => {
  const card = incidentCard(
    view({
      ...{ state: 'resolved', resolvedAt: at },
      outcome: {
        healed: [{ name: 'EU', connectorName: 'Google Ads' }],
        notHealed: [{ name: 'US', connectorName: 'Google Ads', why: 'account_lost' }],
        ...{ hiddenHealed: 2, hiddenNotHealed: 0 },
      },
    }),
  )
  expect(card.color).toBe('#2eb886')
  expect(card.text).toContain('3 healed, 1 not healed')
  expect(said(card)).toContain('Google Ads: US: this login can no longer see the account')
})

test('every thread line and every form is one Slack would take', () => {
  const kinds = [
    'acked',
    'unacked',
    'snoozed',
    'woke',
    'muted',
    'reconnecting',
    'asked',
    'verifying',
    'resolved',
  ]
  for (const kind of [...kinds, 'unproven', 'lapsed', 'other-login', 'move-declined', 'moved']) {
    const data = { until: at.toISOString(), reason: HOSTILE, healed: 2, notHealed: 1, queued: true }
    const line = incidentEvent({ kind: `incident.${kind}`, actor: 'slack:U1', data })
    expect(line && checkMessage(line), kind).toEqual([])
    expect(said(line ?? {})).not.toContain('<!channel>')
  }
  expect(incidentEvent({ kind: 'incident.opened', actor: 'system', data: {} })).toBeNull()
  const impact = {
    ...{ connectionId: 'c', providerName: 'Google', identityLabel: HOSTILE, sources: 14, clients: 12 },
    ...{ clientNames: Array.from({ length: 12 }, () => HOSTILE), lastGoodDay: '2026-11-18' },
  }
  expect(checkMessage(reconnectLink(impact, 'https://access.example/l/x', at))).toEqual([])
  expect(checkView(ownerModal(impact, '{}'))).toEqual([])
  expect(checkView(muteModal('{}', 300))).toEqual([])
  const row = {
    providerName: 'Google',
    identityLabel: HOSTILE,
    failureClass: 'revoked',
    since: at,
    sources: 1,
    clients: 1,
  }
  const rows = Array.from({ length: 60 }, (_, i) => ({
    ...row,
    connectionId: `c${i}`,
    identityLabel: `owner ${i}`,
  }))
  expect(checkMessage(downList(rows))).toEqual([])
  expect(checkMessage(downList([]))).toEqual([])
  const sources = Array.from({ length: 60 }, () => ({
    client: HOSTILE,
    name: HOSTILE,
    connectorName: 'Google Ads',
  }))
  for (const status of ['open', 'moved', 'kept', 'cancelled'] as const) {
    const labels = { fromLabel: HOSTILE, toLabel: HOSTILE, visible: sources, unseen: sources }
    const decided = { moveId: 'm', status, decidedBy: 'U1', decidedAt: at, providerName: 'Google' }
    expect(checkMessage(moveCard({ ...decided, ...labels }))).toEqual([])
  }
})

test('other clients are counts for those who may not see their names', () => {
  const impact = { connectionId: 'c', providerName: 'Google', identityLabel: 'x', sources: 14, clients: 5 }
  const message = reconnectLink(
    { ...impact, clientNames: null, lastGoodDay: null },
    'https://access.example/l/x',
    at,
  )
  expect(message.text).toContain('14 data sources of 5 clients.')
})

test('the alert mail says what is down and why, escapes names, and carries no link that acts', () => {
  const mail = alertMail({
    brand: { orgName: 'Agency', logoUrl: null, color: '#1f6feb', website: null, supportEmail: null },
    recipient: { name: 'Ada', timeZone: 'Europe/Berlin' },
    ...{ providerName: 'Google', identityLabel: 'dana@acme.example', reason: 'revoked', ownerAction: null },
    ...{ since: at, lastGoodDay: '2026-11-18' },
    clients: [{ name: '<b>Söhne</b>', sources: [{ name: 'EU', connectorName: 'Google Ads' }] }],
  })
  expect(mail.subject).toBe('Google is disconnected for <b>Söhne</b>')
  expect(mail.html).not.toContain('<b>Söhne')
  expect(mail.text).toContain('Google Ads: EU')
  expect(mail.text).toContain('Friday, 20 November 2026 at 01:04')
  expect(mail.html).not.toContain('/l/')
})

test('a refused key is spoken of as a key, not as a login', () => {
  const dead = { kind: 'connection', failureClass: 'revoked', held: false }
  expect(incidentReason({ ...dead, takesKey: true })).toBe('key_invalid')
  expect(incidentReason({ ...dead, takesKey: false })).toBe('revoked')
  expect(REASONS.key_invalid.next).toContain('enter a working one')
})
