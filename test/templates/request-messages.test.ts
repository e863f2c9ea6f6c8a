/** Slack messages about requests: within Slack's limits, and no name can mention, link or format anything. */
import { expect, test } from 'vitest'
import { accessRequestDm } from '../../templates/slack/access-request.ts'
import { safe } from '../../templates/slack/blocks.ts'
import { editAddressModal } from '../../templates/slack/edit-address.ts'
import { linksMessage } from '../../templates/slack/links.ts'
import { copiedLink, linkOnItsWay, ownLink, putInQueue } from '../../templates/slack/request-answers.ts'
import {
  type RequestCard,
  type RequestState,
  requestCardMessage,
  sourcesOf,
} from '../../templates/slack/request-card.ts'
import { eventMessage, linkExpired, mailRefused, queueSent } from '../../templates/slack/request-events.ts'
import { queueModal, requestModal } from '../../templates/slack/request-modal.ts'
import { checkMessage, checkView } from '../support/block-kit.ts'
import { HOSTILE } from '../support/hostile.ts'

const at = new Date('2026-11-21T13:05:00Z')
const ID = '8d6f3e1e-0000-4000-8000-000000000001'
const STATES: RequestState[] = [
  'queued',
  'sent',
  'started',
  'partial',
  'finished',
  'expired',
  'cancelled',
  'declined',
  'superseded',
]

const card = (name: string, status: RequestState = 'sent'): RequestCard => ({
  ...{ requestId: ID, status, unfinished: status === 'expired', purpose: 'connect', forSelf: false },
  ...{ clientName: name, requestedBy: 'U1', note: name, mailRefused: status === 'sent' },
  items: Array.from({ length: 10 }, () => ({ connectorName: 'Google Ads', accountHint: name })),
  owner: { email: 'dana@acme.com', slackUserId: 'U9', name },
  link: status === 'queued' ? null : { id: ID, expiresAt: at, resendsLeft: 2, live: status === 'sent' },
  queue: status === 'queued' ? { position: 3, expectedAt: at } : null,
})

function messages(name: string) {
  const about = { sources: sourcesOf(card(name)), clientName: safe(name) }
  const row = {
    requestId: ID,
    clientName: name,
    connectorNames: ['Google Ads'],
    status: 'sent',
    forSelf: false,
    purpose: 'connect' as const,
  }
  const dm = {
    ...{
      brand: { orgName: name },
      purpose: 'connect' as const,
      clientName: name,
      requester: { slackUserId: 'U1' },
    },
    ...{ note: name, timeZone: 'Europe/Berlin', expiresAt: at, url: 'https://access.agency.example/l/lk_x' },
    items: [
      {
        ...{ connectorName: 'Google Ads', accountHint: name, writeWarning: null },
        ...{ signInWith: 'your login', takesKey: false },
      },
    ],
    providers: [{ name: 'Google', permissionsUrl: 'https://myaccount.google.com/connections' }],
  }
  const events = [
    ['request.declined', { reason: name }],
    ['request.question', { text: name }],
    ['consent.granted', { provider: 'Google', label: name, missing: [name] }],
    ['connection.healed', { healed: [name], notHealed: [{ source: name, why: name }] }],
    ['request.delegated', { to: name }],
  ] as const
  return [
    ...STATES.map((status) => requestCardMessage(card(name, status))),
    ...events.flatMap(([kind, data]) => eventMessage({ kind, actor: 'owner:d…@acme.com', data }) ?? []),
    ...[mailRefused(card(name)), linkExpired(card(name, 'expired')), queueSent(card(name))],
    linkOnItsWay({ ...about, linkId: ID, expiresAt: at, quotaLeft: 9 }),
    ownLink({ ...about, url: 'https://access.agency.example/l/lk_x', expiresAt: at }),
    ...[
      copiedLink('https://access.agency.example/l/lk_x', at),
      putInQueue({ ...about, position: 1, expectedAt: at }),
    ],
    ...(['access-request', 'nudge-unopened', 'nudge-expiry'] as const).map((kind) =>
      accessRequestDm(kind, dm),
    ),
    linksMessage(
      Array.from({ length: 15 }, () => ({
        ...row,
        requestedBy: 'U1',
        expiresAt: at,
        live: true,
        resends: 1,
      })),
      { left: 0, nextSlot: at },
    ),
    linksMessage([], { left: 10, nextSlot: null }),
  ]
}

test.each(HOSTILE)('every message fits Slack and stays tame for %j', (name) => {
  for (const message of messages(name)) {
    expect(checkMessage(message)).toEqual([])
    expect(
      mrkdwnOf(message).filter((text) => /<!(?!date)|<@(?!U1>|U9>)|<https?:\/\/evil/.test(text)),
    ).toEqual([])
  }
})

/** What Slack would parse: mrkdwn texts and the message's own text. */
function mrkdwnOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnOf)
  if (!value || typeof value !== 'object') return []
  const { type, text } = value as { type?: string; text?: unknown }
  if (type === 'mrkdwn') return [String(text)]
  const own = type === undefined && typeof text === 'string' ? [text] : []
  return [...own, ...Object.values(value).flatMap(mrkdwnOf)]
}

test.each(HOSTILE)('the modals take %j', (name) => {
  const prefill = {
    sources: [{ id: 'ga4', name }],
    client: { id: null, name },
    email: null,
    slackUserId: null,
  }
  for (const view of [
    requestModal(prefill, 3, '{}'),
    queueModal(at, '{}'),
    editAddressModal('a@b.example', '{}'),
  ])
    expect(checkView(view)).toEqual([])
})

test('an event without words stays out of the thread', () => {
  expect(eventMessage({ kind: 'request.created', actor: 'slack:U1', data: {} })).toBeNull()
  expect(eventMessage({ kind: 'link.issued', actor: 'slack:U1', data: {} })).toBeNull()
})

test('a finished card offers nothing to press', () => {
  const finished = JSON.stringify(requestCardMessage(card('Acme', 'finished')))
  expect(finished).not.toContain('action_id')
})

test('nobody is told that something was sent or connected when it was not', () => {
  expect(requestCardMessage({ ...card('Acme'), forSelf: true, mailRefused: false }).text).toContain(
    ': link ready.',
  )
  const again = requestCardMessage({ ...card('Acme', 'finished'), purpose: 'reconnect' })
  expect(again.text).toBe('Reconnect Google Ads for Acme: signed in again.')
})
