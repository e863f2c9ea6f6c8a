/** What owners read, and what requesters read about them: complete, within limits, unmoved by hostile names. */
import { expect, test } from 'vitest'
import { oneClickLeftMail } from '../../templates/mail/one-click-left.ts'
import { receiptMail } from '../../templates/mail/receipt.ts'
import { accountsPage } from '../../templates/page/accounts.ts'
import { donePage } from '../../templates/page/done.ts'
import type { Page } from '../../templates/page/layout.ts'
import { linkPage } from '../../templates/page/link.ts'
import { receiptPage } from '../../templates/page/receipt.ts'
import {
  delegateQueued,
  delegateSent,
  type OwnerAskCard,
  ownerAskMessage,
  sourceRevoked,
} from '../../templates/slack/owner-ask.ts'
import { checkMessage } from '../support/block-kit.ts'
import { HOSTILE } from '../support/hostile.ts'

const at = new Date('2026-11-21T13:05:00Z')
const url = 'https://access.example/r/lk_token'
const providers = [{ name: 'Google', permissionsUrl: 'https://myaccount.google.com/connections' }]
const brand = (orgName: string) => ({
  orgName,
  ...{ logoUrl: null, color: '#1f6feb', website: null, supportEmail: null },
})
const mails = (name: string) => [
  receiptMail({
    ...{
      purpose: 'connect',
      brand: brand(name),
      ownerName: name,
      requesterName: name,
      clientName: name,
      providers,
      url,
    },
    sources: Array.from({ length: 25 }, (_, n) => ({
      ...{ connectorName: 'Google Ads', accountName: `${name} ${n}`, identityLabel: name },
    })),
  }),
  oneClickLeftMail({
    ...{
      brand: brand(name),
      ownerName: name,
      clientName: name,
      expiresAt: at,
      timeZone: 'Europe/Berlin',
      url,
    },
  }),
]

test.each(HOSTILE)('mails keep a hostile name a name: %j', (name) => {
  const tags = (source: string) => source.match(/<[a-z/!][^>]*>/gi)?.map((tag) => tag.replace(/"[^"]*"/g, ''))
  const tame = mails('Acme')
  for (const [n, mail] of mails(name).entries()) {
    expect(tags(mail.html)).toEqual(tags(tame[n]?.html ?? ''))
    expect(mail.subject).not.toMatch(/[\r\n]/)
    expect(Array.from(mail.subject).length).toBeLessThanOrEqual(78)
    expect(mail.text).toContain(url)
  }
})

test('the receipt names what is connected and how to revoke it', () => {
  const [receipt] = mails('Acme')
  for (const words of [
    'Google Ads: Acme 0',
    'and 5 more',
    'Signed in as: Acme',
    'Revoke it there',
    providers[0]?.permissionsUrl ?? '',
  ])
    expect(receipt?.text).toContain(words)
})

const sender = (orgName: string) => ({ orgName, color: '#1f6feb', supportEmail: null })
const pages = (name: string): Page[] => [
  linkPage({
    ...{ sender: sender(name), path: '/l/lk_x', requester: { name, email: name, website: null } },
    ...{ clientName: name, purpose: 'connect', forSelf: false, note: name, expected: name, declined: true },
    ...{ expiresAt: at, timeZone: 'Europe/Berlin', webview: null },
    stops: [
      {
        ...{ providerId: 'google', providerName: 'Google', goesTo: 'accounts.google.com', signedInAs: name },
        permissionsUrl: 'https://x.example',
        sources: [
          {
            ...{ connectorName: 'GA4', accountHint: name, reads: ['See it'], writeWarning: null },
            ...{ signInWith: 'your login', role: 'any role', friction: null },
          },
        ],
      },
    ],
  }),
  accountsPage({
    ...{ sender: sender(name), path: '/l/lk_x', clientName: name, orgName: name, form: 'f', heldIds: ['h'] },
    ...{
      signIns: [{ providerId: 'google', providerName: 'Google', label: name, isKey: false }],
      expected: name,
    },
    ...{ several: true, waiting: ['Meta Ads', 'Stripe'], room: 3, problem: { kind: 'stale' }, late: false },
    shelves: [
      {
        ...{ connectorName: 'GA4', providerId: 'google', accountWord: 'property', accountHint: name },
        ...{ signInWith: 'your login', missing: [], unseen: [name], trouble: null },
        boxes: [{ value: name, name, detail: name, ticked: true, connected: true, unavailable: null }],
      },
    ],
  }),
  donePage({
    ...{ sender: sender(name), clientName: name, receiptUrl: url, providers },
    connected: [{ connectorName: 'GA4', accountName: name }],
  }),
  receiptPage({
    ...{ sender: sender(name), path: '/r/x', clientName: name, timeZone: 'Etc/UTC', providers },
    rows: [
      {
        ...{ id: 'i', connectorName: 'GA4', accountName: name, status: 'connected', identityLabel: name },
        ...{ connectedAt: at, readAt: null, removedAt: null },
      },
    ],
  }),
]

test.each(HOSTILE)('pages keep a hostile name a name: %j', (name) => {
  const tags = (page: Page | undefined) =>
    page?.html.match(/<[a-z/!][^>]*>/gi)?.map((tag) => tag.replace(/"[^"]*"/g, '""'))
  const tame = pages('Acme')
  for (const [n, page] of pages(name).entries()) {
    expect(tags(page)).toEqual(tags(tame[n]))
    expect(page.html.replace(/value="[^"]*"/g, '')).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  }
})

test.each(HOSTILE)('Slack messages about an owner’s answer keep a hostile name a name: %j', (name) => {
  for (const kind of ['delegate', 'fresh-link', 'question', 'decline'] as const) {
    const card: OwnerAskCard = {
      ...{ askId: '8d6f3e1e-0000-4000-8000-000000000001', requestId: '8d6f3e1e-0000-4000-8000-000000000002' },
      ...{ kind, clientName: name, connectorNames: [name], owner: name, email: name, text: name.repeat(5) },
    }
    const message = ownerAskMessage(card)
    expect(checkMessage(message)).toEqual([])
    expect(JSON.stringify(message)).not.toMatch(/<!channel>|<@U12345>|<https:\/\/evil/)
  }
  const revoked = sourceRevoked({ connectorName: name, accountName: name, clientName: name })
  expect(checkMessage(revoked)).toEqual([])
  expect(delegateSent(name, at) + delegateQueued(name, at)).not.toMatch(/<!channel>|<@U12345>/)
})
