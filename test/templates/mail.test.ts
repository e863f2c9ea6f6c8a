/** Mails: current, complete, readable, and unmoved by hostile names. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compileFrame } from '../../scripts/mails.ts'
import { accessRequestMail, type OwnerLetter } from '../../templates/mail/access-request.ts'
import { composeMail, fill, readableOn } from '../../templates/mail/layout.ts'
import { html } from '../../templates/markup.ts'
import { exactTime } from '../../templates/time.ts'
import { HOSTILE } from '../support/hostile.ts'

const URL = 'https://access.agency.example/l/lk_token?a=1&b=2'

const letter = (name = 'Acme'): OwnerLetter => ({
  brand: {
    orgName: name,
    logoUrl: null,
    color: '#1f6feb',
    website: 'https://agency.example',
    supportEmail: 'help@agency.example',
  },
  ...{ purpose: 'connect', clientName: name, requester: { name }, ownerName: name },
  ...{ timeZone: 'Europe/Berlin', note: name, expiresAt: new Date('2026-11-21T13:05:00Z'), url: URL },
  items: [
    {
      ...{ connectorName: 'Google Ads', accountHint: name, reads: ['See your results'] },
      writeWarning: 'This permission would also allow changes; Latchkey contains no code that makes any.',
      ...{ signInWith: 'your Google login', role: 'reading rights are enough', takesKey: false },
    },
    {
      ...{
        connectorName: 'Search Console',
        accountHint: '',
        reads: ['See your search results'],
        writeWarning: null,
      },
      ...{ signInWith: 'your Google login', role: 'reading rights are enough', takesKey: false },
    },
  ],
  providers: [{ name: 'Google', permissionsUrl: 'https://myaccount.google.com/connections' }],
})

const KINDS = ['access-request', 'nudge-unopened', 'nudge-expiry'] as const

test('the compiled frame is what frame.mjml makes', async () => {
  const compiled = await readFile(
    new globalThis.URL('../../templates/mail/frame.compiled.ts', import.meta.url),
    'utf8',
  )
  expect(compiled).toBe(await compileFrame())
})

test('what is allowed is said permission by permission, whole sentences each', () => {
  const reads = ['See your orders; nobody reads who bought', 'See older ones too']
  const [first] = letter().items
  if (!first) throw new Error('a letter has items')
  const { text } = accessRequestMail('access-request', { ...letter(), items: [{ ...first, reads }] })
  expect(text.replace(/\s+/g, ' ')).toContain(
    'What you allow: See your orders; nobody reads who bought. See older ones too.',
  )
})

test('of a key it says to have it ready, to type it on our page only, and never to sign in', () => {
  const key = {
    ...{ connectorName: 'Ledger', accountHint: '', reads: [], writeWarning: null, takesKey: true },
    ...{ signInWith: 'a Ledger API key', role: 'make it under Settings' },
  }
  const mail = accessRequestMail('access-request', { ...letter(), purpose: 'reconnect', items: [key] })
  for (const words of [
    'have ready a Ledger API key; make it under Settings',
    'Type a key only on the page',
    'Enter the key',
    'asks you to replace the key to',
  ])
    expect(mail.text.replace(/\s+/g, ' ')).toContain(words)
  expect(mail.text).not.toMatch(/sign in/i)
})

test.each(KINDS)('%s says everything an owner needs, in both parts', (kind) => {
  const mail = accessRequestMail(kind, letter())
  const plain = mail.html
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
  for (const text of [mail.text, plain].map((part) => part.replace(/\s+/g, ' ')))
    for (const words of [
      'Google Ads: Acme',
      'would also allow changes',
      'Latchkey only reads',
      'Saturday, 21 November 2026 at 14:05 (Europe/Berlin, GMT+1)',
      'no account',
      'sign out of other logins',
      'withdraw the access at any time',
      'Not expecting this?',
    ])
      expect(text).toContain(words)
  expect(mail.text).toContain(URL)
  expect(mail.html).toContain(`href="${URL.replace('&', '&#38;')}"`)
  expect(mail.html).toContain('prefers-color-scheme: dark')
  expect(mail.html.length).toBeLessThan(100_000)
})

test.each(HOSTILE)('a hostile name stays a name: %j', (name) => {
  for (const kind of KINDS) {
    const mail = accessRequestMail(kind, letter(name))
    const tame = accessRequestMail(kind, letter('Acme'))
    const tags = (source: string) =>
      source
        .match(/<[a-z/!][^>]*>/gi)
        ?.map((tag) => tag.replace(/"[^"]*"/g, ''))
        .filter((tag) => !tag.startsWith('<br'))
    expect(tags(mail.html)).toEqual(tags(tame.html))
    expect(mail.subject).not.toMatch(/[\r\n]/)
    expect(Array.from(mail.subject).length).toBeLessThanOrEqual(78)
    expect(mail.html.split(URL.replace('&', '&#38;'))).toHaveLength(4)
  }
})

test('nothing is fetched from anywhere but the org’s own logo', () => {
  const bare = accessRequestMail('access-request', letter()).html
  expect(bare).not.toMatch(/<img|<link|@import|url\(|src=/)
})

test('a value that is missing, a colour or an address that is none, is a mistake', () => {
  expect(() => fill('{{who}}', {})).toThrow('"who"')
  expect(fill('a{{#b}}b{{b}}{{/b}}c', { b: null })).toBe('ac')
  expect(fill('{{a}}', { a: '{{b}}' })).toBe('{{b}}')
  const parts = { subject: 's', preheader: 'p', heading: 'h', paragraphs: [html`x`], small: [] }
  const brand = letter().brand
  expect(() => composeMail({ ...brand, color: 'red;x:y' }, parts)).toThrow('#rrggbb')
  expect(() => composeMail({ ...brand, logoUrl: 'javascript:alert(1)' }, parts)).toThrow('http')
  expect(() => composeMail(brand, { ...parts, button: { label: 'x', url: 'javascript:alert(1)' } })).toThrow(
    'http',
  )
})

test('words on the button are readable on any brand colour', () => {
  expect(['#000000', '#1f6feb', '#d4f542', '#ffffff'].map(readableOn)).toEqual([
    '#ffffff',
    '#ffffff',
    '#000000',
    '#000000',
  ])
})

test.each([
  ['America/New_York', 'Saturday, 21 November 2026 at 08:05 (America/New York, GMT-5)'],
  ['Etc/UTC', 'Saturday, 21 November 2026 at 13:05 (UTC)'],
  ['No/Where', 'Saturday, 21 November 2026 at 13:05 (UTC)'],
])('an instant in %s', (zone, words) => {
  expect(exactTime(new Date('2026-11-21T13:05:00Z'), zone)).toBe(words)
})

test('a subject counts the data sources rather than cut the last one', () => {
  const [ads, search] = letter().items
  const many = [ads, search, { ...search, connectorName: 'Google Analytics 4' }] as OwnerLetter['items']
  expect(accessRequestMail('access-request', letter()).subject).toContain('to Google Ads and Search Console')
  const { subject, text } = accessRequestMail('access-request', { ...letter(), items: many })
  expect(subject).toBe('Acme asks for access to 3 data sources')
  expect(text).toContain('Google Ads, Search Console and Google Analytics 4')
})
