/**
 * Every text people read, with every hostile name in every place a name can stand: read by the parsers that will read
 * it (a real browser, Slack's markup, a mail program) it has the same structure as with the name "Acme".
 */
import { readdirSync } from 'node:fs'
import type { Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMailer } from '../../bot/mailer.ts'
import { type MailCatcher, startMailCatcher } from '../../sandbox/mail.ts'
import { mrkdwn as asSlackShows } from '../../sandbox/render/mrkdwn.ts'
import type { Mail } from '../../templates/mail/layout.ts'
import type { Page } from '../../templates/page/layout.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { everyText } from '../support/every-text.ts'
import { HOSTILE } from '../support/hostile.ts'

const TAME = 'Acme'
let browser: TestBrowser
let tab: Tab
let catcher: MailCatcher

beforeAll(async () => {
  browser = await openBrowser()
  tab = await browser.person()
  catcher = await startMailCatcher()
})
afterAll(async () => {
  await Promise.all([browser.close(), catcher.close()])
})

/** Needs no table entry: takes no text from outside, or is a piece of what is in the table. */
const PIECES = [
  ...[
    'blocks',
    'incident-buttons',
    'incident-looks',
    'incident-words',
    'request-card button',
    'request-card cancelButton',
  ],
  ...['request-card stateWords', 'request-card sourcesOf', 'request-modal clientOf', 'home chosenClient'],
  ...[
    'page/layout',
    'mail/layout',
    'edit-address',
    'sources countLine',
    'sources sourceRow',
    'trouble refused',
  ],
  ...['trouble loadingView', 'trouble ourMistake', 'settings settingsProblem', 'settings settingsSaved'],
  ...[
    'roles rolesModal',
    'request-answers fieldWords',
    'request-answers addressRefused',
    'request-answers resent',
  ],
  ...['request-answers freshSent', 'request-answers freshQueued', 'request-answers quotaReached'],
  ...['export-csv titleOf', 'export-csv chosenPeriod', 'coverage coverageWords', 'coverage spanWords'],
  ...['request-modal queueModal', 'incident-answers snoozedUntil', 'move decided'],
]

test('the table has every text there is', async () => {
  const named = new Set(Object.keys(everyText(TAME)).map((key) => key.split(' ').slice(0, 2).join(' ')))
  const missing: string[] = []
  for (const folder of ['slack', 'page', 'mail'])
    for (const file of readdirSync(`templates/${folder}`).filter((one) => /^[\w-]+\.ts$/.test(one))) {
      const stem = `${folder === 'slack' ? '' : `${folder}/`}${file.replace('.ts', '')}`
      const module = (await import(`../../templates/${folder}/${file.replace('.ts', '')}.ts`)) as object
      for (const [name, value] of Object.entries(module)) {
        const known =
          named.has(`${stem} ${name}`) || PIECES.includes(stem) || PIECES.includes(`${stem} ${name}`)
        if (typeof value === 'function' && value.length > 0 && !known) missing.push(`${stem} ${name}`)
      }
    }
  expect(HOSTILE.length).toBeGreaterThanOrEqual(40)
  expect(missing).toEqual([])
})

type Texts = Record<string, unknown>
const isMail = (value: unknown): value is Mail => typeof (value as Mail | null)?.subject === 'string'
const isPage = (value: unknown): value is Page => typeof (value as Page | null)?.style === 'string'
const ofSlack = (texts: Texts) =>
  Object.fromEntries(Object.entries(texts).filter(([, value]) => !isMail(value) && !isPage(value)))

type Found = {
  tagName: string
  textContent: string | null
  parentElement: { tagName: string } | null
  attributes: Iterable<{ name: string; value: string }>
}
/** What is used of the browser's own, which this project's types do not know. */
type Parsing = {
  parseFromString(html: string, type: string): { querySelectorAll(all: '*'): Iterable<Found> }
}

/** Tags and attributes as a browser finds them, with every address that leads somewhere. */
async function structureOf(documents: string[]): Promise<string[]> {
  return tab.evaluate((sources) => {
    const LEADS = ['href', 'src', 'action', 'method', 'style', 'class', 'type', 'id', 'http-equiv']
    return sources.map((source) => {
      const found: string[] = []
      const { DOMParser: Parser } = globalThis as unknown as { DOMParser: new () => Parsing }
      for (const element of new Parser().parseFromString(source, 'text/html').querySelectorAll('*')) {
        const attributes = [...element.attributes].map(({ name, value }) =>
          LEADS.includes(name) ? `${name}=${value}` : name,
        )
        found.push(`${element.parentElement?.tagName}>${element.tagName} ${attributes.join(' ')}`)
        if (element.tagName === 'STYLE') found.push(element.textContent ?? '')
      }
      return found.join('\n')
    })
  }, documents)
}

test.each(HOSTILE)('pages and mails stay the documents they are: %j', async (name) => {
  const html = (texts: Texts) =>
    Object.values(texts).flatMap((value) => (isMail(value) || isPage(value) ? [value.html] : []))
  const [tame, hostile] = [html(everyText(TAME)), html(everyText(name))]
  expect(await structureOf(hostile)).toEqual(await structureOf(tame))
})

const VIEWER = { id: 'U0', timeZone: 'Etc/UTC', locale: 'en-GB', now: new Date('2026-11-20T12:00:00Z') }
type Parsed = { references: string[]; html: string[] }

/** What Slack parses: mrkdwn objects, and the text of a message. Everything else must be plain_text or an id. */
function parsed(value: unknown, into: Parsed = { references: [], html: [] }): Parsed {
  if (typeof value === 'string') readAsSlack(value, into)
  else if (Array.isArray(value)) for (const one of value) parsed(one, into)
  else if (value && typeof value === 'object') {
    const { type, text, verbatim } = value as { type?: string; text?: unknown; verbatim?: boolean }
    if (type === 'mrkdwn') {
      readAsSlack(String(text), into)
      expect(verbatim, 'Slack would make links of words').toBe(true)
    } else if (type !== 'plain_text')
      for (const [key, inner] of Object.entries(value))
        if (typeof inner === 'object' || (key === 'text' && type === undefined)) parsed(inner, into)
  }
  return into
}

function readAsSlack(text: string, { references, html }: Parsed): void {
  references.push(...[...text.matchAll(/<([^<>]*)>/g)].map(([, reference]) => reference ?? ''))
  html.push(asSlackShows(text, VIEWER).source)
  expect(text.replace(/<[^<>]*>|^>/gm, ''), 'a bracket Slack might read').not.toMatch(/[<>]/)
}

test.each(HOSTILE)('nobody is mentioned, linked to or formatted by a name: %j', async (name) => {
  const [tame, hostile] = [ofSlack(everyText(TAME)), ofSlack(everyText(name))]
  for (const [where, value] of Object.entries(hostile)) {
    const [ours, theirs] = [parsed(tame[where]), parsed(value)]
    expect(theirs.references, where).toEqual(ours.references)
    expect(await structureOf(theirs.html), where).toEqual(await structureOf(ours.html))
    expect(
      JSON.stringify(value, (key, one) => (/^(initial_)?value$/.test(key) ? '' : one)),
      where,
    ).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]|\\u0000/)
  }
})

test.each(HOSTILE)('a mail has the headers, the sender and the one recipient it should: %j', async (name) => {
  const mailer = openMailer(
    { url: catcher.url, from: { name: '', address: 'access@agency.example' } },
    'agency.example',
  )
  const sent = async (as: string) => {
    catcher.mails.length = 0
    for (const mail of Object.values(everyText(as)).filter(isMail))
      await mailer.send({ name: as, address: 'dana@acme.com' }, mail, {
        ...{ id: 'one', fromName: as, replyTo: 'ben@agency.example' },
      })
    return catcher.mails.map(({ to, from, replyTo, returnPath, messageId, headers }) => ({
      ...{ to, address: from.address, replyTo, returnPath, messageId },
      headers: headers.map(({ key }) => key).sort(),
    }))
  }
  const [tame, hostile] = [await sent(TAME), await sent(name)]
  expect(hostile).toEqual(tame)
  for (const { subject, from } of catcher.mails) {
    expect(subject).not.toMatch(/[\r\n\0]/)
    expect(from.name).not.toMatch(/[\r\n\0@<>]/)
  }
  mailer.close()
})
