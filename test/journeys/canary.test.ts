/**
 * A whole life of a connection with every secret known: asked for, delivered, bounced, authorised, finished, read,
 * renewed, withdrawn, reconnected, revoked. Afterwards no secret stands anywhere but where it is meant to be.
 */
import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { linkToken, receiptToken } from '../../flows/link-token.ts'
import { blocksOf, type Message } from '../../sandbox/slack/shown.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { dumpAll, leaked, leaksIn, type Secrets } from '../support/canary.ts'
import { expectToRead, type Owner, ownerWith } from '../support/person.ts'
import { openWorld, type World } from '../support/world.ts'

const DANA = 'dana@northwind.example'
const WAIT = { timeoutMs: 60_000 }
const KEYS = ['k2', 'k1'].map((id) => ({ id, secret: randomBytes(32).toString('base64') }))
const METRICS_TOKEN = 'canary-metrics-token'

let world: World
let browser: TestBrowser
let dana: Owner
/** Of providers: seen on their way to us. */
const tokens: Secrets = {}
/** Where browsers went, what they sent to other sites, and what our pages said. */
const seenUrls: string[] = []
const sentElsewhere: string[] = []
const ourPages: string[] = []
const calledUrls: string[] = []
const cookies: Secrets = {}
const pending: Promise<unknown>[] = []

beforeAll(async () => {
  world = await openWorld({
    SECRET_KEYS: KEYS.map(({ id, secret }) => `${id}:${secret}`).join(','),
    METRICS_TOKEN,
  })
  listenToProvider()
  browser = await openBrowser()
  dana = await ownerWith(world, browser, DANA)
  follow(dana.page)
})
afterAll(() => browser.close())

/** The sandbox's Google asks its emulator by fetch, so tokens, codes and PKCE proofs pass here. */
function listenToProvider(): void {
  const real = globalThis.fetch
  afterAll(() => {
    globalThis.fetch = real
  })
  globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (url.startsWith(world.google.url)) calledUrls.push(url)
    const response = await real(input, init)
    if (!url.endsWith('/token')) return response
    const form = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams()
    for (const name of ['code', 'code_verifier']) keepToken(name, form.get(name))
    const body = (await response.clone().json()) as Record<string, unknown>
    for (const name of ['access_token', 'refresh_token', 'id_token']) keepToken(name, body[name])
    return response
  }
}

function keepToken(name: string, value: unknown): void {
  if (typeof value === 'string' && value && !Object.values(tokens).includes(value))
    tokens[`${name} ${Object.keys(tokens).length}`] = value
}

function follow(page: Page): void {
  page.on('request', (request) => {
    seenUrls.push(request.url())
    if (!request.url().startsWith(world.url))
      sentElsewhere.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
  })
  page.on('response', (response) => {
    if (!response.url().startsWith(world.url)) return
    pending.push(
      response.text().then(
        (text) => ourPages.push(text),
        () => {},
      ),
    ) // redirects have no body
  })
}

async function keepCookies(page: Page): Promise<void> {
  for (const { name, value } of await page.context().cookies(world.url)) cookies[name] = value
}

/** Of every link there is: derived, because they are stored nowhere. */
async function linkSecrets(): Promise<Secrets> {
  const links = await world.db.sql<{ id: string; keyId: string }[]>`select id, key_id from auth_link`
  const { tokens: deriver } = world.app.services
  return Object.fromEntries(
    links.flatMap((link, at) => [
      [`link token ${at}`, linkToken(deriver, link)],
      [`receipt token ${at}`, receiptToken(deriver, link)],
    ]),
  )
}

function fixed(): Secrets {
  const { env } = world
  const keys = KEYS.flatMap(({ id, secret }) => [
    [`SECRET_KEYS ${id}`, secret],
    [`SECRET_KEYS ${id} as bytes`, Buffer.from(secret, 'base64').toString('hex')],
  ])
  return {
    ...Object.fromEntries(keys),
    'OAuth app secret': env.GOOGLE_CLIENT_SECRET ?? '',
    'bot token': env.SLACK_BOT_TOKEN ?? '',
    'signing secret': env.SLACK_SIGNING_SECRET ?? '',
    'metrics token': METRICS_TOKEN,
  }
}

const everything = async () => ({ ...fixed(), ...tokens, ...cookies, ...(await linkSecrets()) })

/** After each act: rows of a moment, like held credentials and trips, are gone at the end. */
async function expectCleanDatabase(): Promise<void> {
  await keepCookies(dana.page)
  expect(leaksIn(await dumpAll(world.db), await everything())).toEqual([])
}

const openLinkOf = async () => {
  const [link] = await world.db.sql<{ id: string; keyId: string }[]>`
    select id, key_id from auth_link where status = 'issued' order by issued_at desc limit 1`
  return linkToken(world.app.services.tokens, link as { id: string; keyId: string })
}

it('knows a secret in every form it could be written down in', () => {
  const secrets = { one: '1//canary+token/with?odd&signs' }
  const inJson = JSON.stringify({ text: JSON.stringify(secrets) })
  const inside = (before: string) => Buffer.from(`${before}${secrets.one} and more`)
  for (const text of [
    ...[secrets.one, inJson, encodeURIComponent(secrets.one), `\\x${inside('a').toString('hex')}`],
    ...['', 'a', 'ab'].flatMap((before) => [
      inside(before).toString('base64'),
      inside(before).toString('base64url'),
    ]),
  ])
    expect(leaked(text, secrets), text).toEqual(['one'])
  expect(leaked('1//canary', secrets)).toEqual([])
})

it('asks, is refused by a mail server, and delivers', { timeout: 120_000 }, async () => {
  await world.slack.as('Ana').openHome()
  const ben = world.slack.as('Ben')
  world.mail.next('bounce')
  await ben.command('/request-access', '', '#northwind')
  await ben.submit('Request access', {
    ...{ 'Data sources': ['Google Ads', 'Google Analytics 4'], Client: 'Northwind' },
    "Source owner's e-mail": 'dana@nowhere.example',
  })
  await ben.click(await ben.ephemeral('9 of 10 auth links left'), 'Copy link')
  await ben.ephemeral(/\/l\/lk_/)
  await world.settle()
  await ben.click(await ben.dm('could not be delivered'), 'Edit address')
  await ben.submit('Edit address', { "Source owner's e-mail": DANA })
  await world.settle()
  await dana.mail(/asks for access/)
  await expectCleanDatabase()
})

it('sends a link to an owner in Slack as a direct message only', async () => {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', '', '#contoso')
  await ben.submit('Request access', {
    ...{ 'Data sources': ['Search Console'], Client: 'Contoso', 'Source owner in Slack': 'Chloe' },
  })
  await world.settle()
  await world.slack.as('Chloe').dm('asks you to connect')
  await expectCleanDatabase()
  const chloes = { link: await openLinkOf() }
  const holding = world.slack.shown.messages.filter((message) => leaked(wordsOf(message), chloes).length > 0)
  expect(holding.map(({ channel }) => channel)).toEqual([world.slack.dms('Chloe')[0]?.channel])
})

it('signs in, comes back twice, and finishes', { timeout: 120_000 }, async () => {
  await dana.opens(await dana.mail(/asks for access/))
  await dana.consents(DANA)
  await expectCleanDatabase()
  const back = seenUrls.findLast((url) => url.includes('/connect/google/callback')) ?? ''
  const replay = await dana.page.context().newPage()
  follow(replay)
  expect((await replay.goto(back))?.status()).toBe(400)
  await dana.ticks('Northwind Shoes - Search')
  await dana.presses('Finish')
  await expectToRead(dana, /connected|thank/i)
  await world.settle(WAIT)
  await expectCleanDatabase()
  await expectSealed()
})

/** The one place where a provider's tokens are: sealed, each for its own row. */
async function expectSealed(): Promise<void> {
  const { vault } = world.app.services
  const rows = await world.db.sql<{ id: string; orgId: string; credentialSealed: string }[]>`
    select id, org_id, credential_sealed from connection where credential_sealed is not null`
  expect(rows).toHaveLength(1)
  for (const { id, orgId, credentialSealed } of rows) {
    expect(credentialSealed).toMatch(/^v1\.k2\.[\w-]+$/)
    const opened = vault.open(credentialSealed, `connection:${id}:${orgId}:credential`)
    const kinds = leaked(opened, tokens).map((name) => name.split(' ')[0])
    expect(kinds.sort()).toEqual(['access_token', 'refresh_token'])
    expect(() => vault.open(credentialSealed, `connection:${orgId}:${id}:credential`)).toThrow()
  }
}

it('fails, is renewed, is withdrawn at the provider', { timeout: 120_000 }, async () => {
  world.expectErrors(/job failed|will run again|for good/)
  const before = Object.keys(tokens).length
  world.google.setMode('down')
  await world.advance('PT24H')
  await expectCleanDatabase()
  world.google.setMode('ok')
  await world.settle({ hurry: true, ...WAIT })
  expect(Object.keys(tokens).length, 'a renewal').toBeGreaterThan(before)
  await expectSealed()
  await world.google.revoke(DANA)
  await world.advance('PT24H')
  await world.settle({ hurry: true, ...WAIT })
  await world.advance('PT2M')
  await world.settle(WAIT)
  await card('Disconnected')
  await expectCleanDatabase()
})

const wordsOf = (message: Pick<Message, 'text' | 'blocks' | 'attachments'>) =>
  `${message.text} ${JSON.stringify(blocksOf(message))}`
const card = (says: string) =>
  world.slack.wait(`"${says}" on the alert card`, () =>
    world.slack.messages('#northwind').findLast((one) => {
      const words = wordsOf(one)
      return words.includes('*Affected*') && words.includes(says)
    }),
  )

it('is reconnected by a member in person, then revoked by the owner', { timeout: 120_000 }, async () => {
  const ben = world.slack.as('Ben')
  await ben.click(await card('Disconnected'), 'Reconnect')
  const { url } = await ben.click(await ben.ephemeral('Reconnect now'), 'Reconnect now')
  await dana.page.goto(url ?? '')
  await dana.consents(DANA)
  await expectCleanDatabase()
  await dana.presses('Finish')
  await expectToRead(dana, /connected|thank/i)
  await world.settle(WAIT)
  await card('Reconnected')
  await dana.opens(await dana.mail(/You connected/))
  await dana.page
    .getByRole('button', { name: /Revoke/ })
    .first()
    .click()
  await dana.page.getByRole('checkbox').check()
  await dana.presses('Revoke')
  await expectToRead(dana, /revoked|removed/i)
  await world.settle(WAIT)
  await expectCleanDatabase()
  const rows = await world.db.sql`select status, credential_sealed from connection`
  expect(rows).toEqual([{ status: 'removed', credentialSealed: null }])
})

it('left nothing in logs, in Slack, in other people’s mail, or at other sites', async () => {
  await Promise.all(pending)
  const links = await linkSecrets()
  const others = { ...fixed(), ...tokens, ...cookies }
  const all = { ...others, ...links }
  expect(leaked(JSON.stringify(world.logs), all)).toEqual([])
  expect(leaked(calledUrls.join('\n'), all)).toEqual([])

  // Slack: a link only in what its presser alone sees, and in the direct message to its owner.
  expect(leaked(JSON.stringify([...world.slack.shown.homes, ...world.slack.calls]), others)).toEqual([])
  const dm = world.slack.dms('Chloe')[0]?.channel
  const elsewhere = world.slack.calls.filter(({ fields }) => fields.channel !== dm)
  expect(leaked(JSON.stringify(elsewhere), links)).toEqual([])
  const shown = world.slack.shown.ephemerals
  expect(leaked(shown.map(wordsOf).join('\n'), others)).toEqual([])
  const linked = shown.filter((one) => leaked(wordsOf(one), links).length > 0)
  expect(new Set(linked.map(({ to }) => to))).toEqual(new Set([world.slack.as('Ben').id]))

  // Mail: only in the body, only to the owner.
  for (const { to, text, html, links: _links, ...rest } of world.mail.mails) {
    expect(leaked(text + html, others)).toEqual([])
    expect(leaked(JSON.stringify(rest), all)).toEqual([])
    if (!to.includes(DANA)) expect(leaked(text + html, links)).toEqual([])
  }
  expect(
    leaked(
      world.mail
        .to(DANA)
        .map(({ text }) => text)
        .join('\n'),
      links,
    ).length,
  ).toBeGreaterThan(1)
})

it('left nothing in addresses, pages and requests of browsers', async () => {
  const links = await linkSecrets()
  const inBrowser = {
    ...fixed(),
    ...cookies,
    ...ofKind('access_token', 'refresh_token', 'id_token', 'code_verifier'),
  }
  expect(ourPages.length).toBeGreaterThan(5)
  expect(leaked(ourPages.join('\n'), { ...inBrowser, ...ofKind('code') })).toEqual([])
  expect(leaked(seenUrls.join('\n'), inBrowser)).toEqual([])
  expect(sentElsewhere.length).toBeGreaterThan(2)
  expect(leaked(sentElsewhere.join('\n'), { ...inBrowser, ...links })).toEqual([])
  expect(Object.keys(cookies)).toHaveLength(2)
})

const ofKind = (...kinds: string[]) =>
  Object.fromEntries(Object.entries(tokens).filter(([name]) => kinds.includes(name.split(' ')[0] ?? '')))
