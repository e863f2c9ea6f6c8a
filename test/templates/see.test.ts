/** App Home, source rows, settings and answers: within Slack's limits, and harmless whatever names contain. */
import { describe, expect, test } from 'vitest'
import { mrkdwn } from '../../templates/slack/blocks.ts'
import { help, notHere, unknownWord } from '../../templates/slack/help.ts'
import { type HomeData, homeRefusal, homeView } from '../../templates/slack/home.ts'
import { channelClosed, settingsModal, settingsSaved } from '../../templates/slack/settings.ts'
import {
  noSuchClient,
  removeSourceModal,
  type SourceState,
  type SourceView,
  sourceList,
  sourceRemoved,
} from '../../templates/slack/sources.ts'
import {
  loadingView,
  ourMistake,
  problemView,
  refused,
  unknownCommand,
} from '../../templates/slack/trouble.ts'
import { whoHasAccessList } from '../../templates/slack/who-has-access.ts'
import { checkMessage, checkView } from '../support/block-kit.ts'

const AT = new Date('2026-11-20T12:00:00Z')
const HOSTILE = [
  '<!channel> <@U1> <https://evil.example|Slack>',
  '*bold* _it_ ~no~ `code`',
  'a\nb\u202Eevil\u200B',
  '👩‍👩‍👧 x'.repeat(60),
  '&amp; &lt;!here&gt;',
]
const STATES: SourceState[] = [
  ...(['connecting', 'backfilling', 'synced', 'resolving', 'reconnect', 'lost-access'] as const),
  ...(['missing-permissions', 'discontinued', 'degraded', 'paused'] as const),
]
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

const source = (n: number, name: string, state: SourceState = 'synced'): SourceView => ({
  ...{ id: uuid(n), connectionId: uuid(n), connectorName: name, accountName: name, clientName: name, state },
  ...{ identityLabel: name, authorisedBy: name, authorisedAt: AT, grantExpiresAt: AT, since: AT },
  ...{
    lastGoodDay: '2026-11-19',
    progress: { done: 3, total: 13 },
    missingMetrics: Array(9).fill(name),
    flags: [name],
  },
})
const rights = { request: true, settings: true, reconnect: true, refresh: true, remove: true }
const counts = { connected: 500, disconnected: 2, delayed: 1, paused: 0 }

function home(name: string, sources: SourceView[]): HomeData {
  const request = {
    ...{
      clientName: name,
      connectorNames: Array(24).fill(name),
      purpose: 'reconnect' as const,
      ownerEmail: name,
    },
    ...{ status: 'sent' as const, requestedBy: 'U1', ownerSlackUserId: null, expiresAt: AT },
  }
  return {
    ...{ quota: { left: 0, nextSlot: AT }, counts, sources, openRequests: 12, offersAnything: true },
    requests: Array.from({ length: 8 }, (_, n) => ({ ...request, id: uuid(n) })),
    clients: Array.from({ length: 99 }, (_, n) => ({ id: uuid(n), name: `${name} ${n}` })),
    alertChannelMissing: true,
  }
}

/** What Slack would take as a mention or a link that nobody here wrote. */
const INJECTED = /<!channel>|<@U1>|<https:\/\/evil|<!here>|\u202E|\u200B/

describe.each(HOSTILE)('a name like %j', (name) => {
  const safeIn = (shown: object) => {
    const texts = JSON.stringify(shown, (key, value) =>
      key === 'plain_text' || (value as { type?: string } | null)?.type === 'plain_text' ? undefined : value,
    )
    expect(texts.replaceAll('<@U1>', '')).not.toMatch(INJECTED)
  }

  test('leaves App Home whole', () => {
    const view = homeView(
      home(
        name,
        Array.from({ length: 70 }, (_, n) => source(n, name, STATES[n % STATES.length])),
      ),
      { clientId: null, limit: 70 },
      rights,
    )
    expect(checkView(view)).toEqual([])
    safeIn(view)
  })

  test('leaves lists and modals whole', () => {
    const list = sourceList(
      {
        client: name,
        counts,
        sources: Array.from({ length: 40 }, (_, n) => source(n, name)),
        onlyDisconnected: false,
      },
      rights,
    )
    const who = whoHasAccessList(
      Array.from({ length: 40 }, () => ({
        ...{
          clientName: name,
          providerName: name,
          identityLabel: name,
          authorisedBy: name,
          authorisedAt: AT,
        },
        ...{ status: 'connected' as const, connectorNames: [name, name], accounts: 2 },
      })),
      true,
    )
    for (const message of [list, who, unknownWord(name), notHere(name)]) {
      expect(checkMessage(message)).toEqual([])
      safeIn(message)
    }
    const parts = { connectorName: name, accountName: name, clientName: name, identityLabel: name }
    for (const view of [
      removeSourceModal({ ...parts, last: true }, '{}'),
      removeSourceModal({ ...parts, last: false }, '{}'),
      sourceRemoved(name, true),
      problemView(noSuchClient(name, [name, name])),
      problemView(unknownCommand(name)),
    ]) {
      expect(checkView(view)).toEqual([])
      safeIn(view)
    }
  })
})

test.each([
  ['new, nothing offered', { offersAnything: false }, rights],
  [
    'new, for a viewer',
    {},
    { request: false, settings: false, reconnect: false, refresh: false, remove: false },
  ],
  ['new, for an admin', {}, rights],
])('an empty Home is whole: %s', (_what, more, who) => {
  const empty = {
    ...home('x', []),
    ...{ counts: { connected: 0, disconnected: 0, delayed: 0, paused: 0 }, requests: [], openRequests: 0 },
    ...{ clients: [], ...more },
  }
  expect(checkView(homeView(empty, { clientId: null, limit: 20 }, who))).toEqual([])
})

test('the quota line reads exactly so', () => {
  const [first] = homeView(home('x', []), { clientId: null, limit: 20 }, rights).blocks
  expect(first).toEqual({ type: 'section', text: mrkdwn('0 of 10 auth links left') })
})

test('settings, help and refusals are whole', () => {
  const org = {
    ...{ name: 'Agency', plan: 'custom', accountLimit: null, timeZone: 'Africa/Cairo', alertChannelId: null },
    ...{ linkLifetimeHours: 24, brandColor: '#1f6feb', website: null, supportEmail: null },
  }
  const full = {
    ...{ ...org, accountLimit: 20, alertChannelId: 'C1', website: 'https://agency.example' },
    supportEmail: 'help@agency.example',
  }
  for (const view of [
    ...[
      settingsModal(org, ['free', 'custom'], true),
      settingsModal(full, ['custom'], false),
      settingsSaved([]),
    ],
    ...[homeRefusal(refused('guest')), loadingView('Settings'), problemView(ourMistake('abcd1234'))],
    problemView(channelClosed()),
  ])
    expect(checkView(view)).toEqual([])
  expect(checkMessage(help())).toEqual([])
})
