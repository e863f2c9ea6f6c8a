/**
 * Dana's login feeds two clients. She withdraws it at Google: one card in each client's channel. Somebody signs in again
 * with the wrong login and nothing moves; then with hers, and both cards turn green, once the data really flow.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, type Message } from '../../sandbox/slack/shown.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { expectToRead, type Owner, ownerWith } from '../support/person.ts'
import { openWorld, type World } from '../support/world.ts'

const DANA = 'dana@northwind.example'
let world: World
let browser: TestBrowser

beforeAll(async () => {
  world = await openWorld()
  browser = await openBrowser()
})
afterAll(() => browser.close())

async function connect(client: string, channel: string, account: string): Promise<void> {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', '', channel)
  await ben.submit('Request access', {
    ...{ 'Data sources': ['Google Ads'], Client: client, "Source owner's e-mail": DANA },
  })
  const dana = await ownerWith(world, browser, DANA)
  const mail = await world.slack.wait(`the mail for ${client}`, () =>
    world.mail
      .to(DANA)
      .findLast(({ text, subject }) => /asks for access/.test(subject) && text.includes(client)),
  )
  await dana.opens(mail)
  await dana.consents(DANA)
  await dana.ticks(account)
  await dana.presses('Finish')
  await expectToRead(dana, /connected|thank/i)
  await world.settle({ timeoutMs: 60_000 })
}

const words = (message: Message) => JSON.stringify(blocksOf(message))
const card = (channel: string, says: string) =>
  world.slack.wait(`"${says}" on the card in ${channel}`, () => {
    const found = world.slack
      .messages(channel)
      .findLast((one) => words(one).includes('Last good day') || words(one).includes('Affected'))
    return found && words(found).includes(says) ? found : undefined
  })
const alertsIn = (channel: string) =>
  world.slack.messages(channel).filter((one) => words(one).includes('*Affected*'))
const sources = () =>
  world.db.sql<{ name: string; status: string; lastGoodDay: string }[]>`
    select account_name as name, status, last_good_day from source order by account_name`

it('one login feeds two clients', { timeout: 120_000 }, async () => {
  await world.slack.as('Ana').openHome() // from here on Latchkey knows its admin
  await connect('Northwind', '#northwind', 'Northwind Shoes - Search')
  await connect('Contoso', '#contoso', 'Contoso Bikes')
  const rows = await world.db.sql`select distinct connection_id from source`
  expect(rows).toHaveLength(1)
})

it('trouble that passes makes no card', { timeout: 120_000 }, async () => {
  world.expectErrors(/job failed|will run again|for good/)
  world.google.setMode('down')
  await world.advance('PT24H')
  expect(alertsIn('#northwind')).toEqual([])
  world.google.setMode('ok')
  await world.settle({ hurry: true, timeoutMs: 60_000 })
})

it('withdrawn at Google: one card per client, each with its own names, and a mail to the admins', {
  timeout: 120_000,
}, async () => {
  await world.google.revoke(DANA)
  await world.advance('PT24H')
  await world.settle({ hurry: true, timeoutMs: 60_000 })
  await world.advance('PT2M')
  await world.settle({ timeoutMs: 60_000 })
  const north = await card('#northwind', 'Disconnected')
  expect(words(north)).toContain('Northwind Shoes - Search')
  expect(words(north)).not.toContain('Contoso')
  expect(words(north)).toContain('2 data sources of 2 clients')
  expect(words(await card('#contoso', 'Disconnected'))).not.toContain('Northwind')
  expect((await sources()).map(({ status }) => status)).toEqual(['disconnected', 'disconnected'])
  await world.advance('PT24H')
  expect(alertsIn('#northwind')).toHaveLength(1)
  expect(alertsIn('#contoso')).toHaveLength(1)
  expect(world.mail.to('ana@brightside.example').map(({ subject }) => subject)).toEqual([
    expect.stringContaining('Google is disconnected'),
  ])
})

it('says who is on it, and tells the second person so', async () => {
  const [ben, ana] = [world.slack.as('Ben'), world.slack.as('Ana')]
  await ben.click(await card('#northwind', 'Disconnected'), "I'm on it")
  const taken = await card('#northwind', 'is on it')
  await ana.click(taken, "I'm on it")
  await ana.ephemeral(/has been on it since/)
})

it('sleeps when told to, wakes in the thread, and is muted only with a reason', {
  timeout: 120_000,
}, async () => {
  const chloe = world.slack.as('Chloe')
  const first = await card('#contoso', 'is on it') // Ben has it, so it says so instead of "Disconnected"
  await chloe.click(first, 'incident_more', 'Snooze for 1 hour')
  await chloe.ephemeral('Snoozed until')
  await card('#contoso', 'Snoozed until')
  await world.advance('PT61M')
  await world.slack.wait('the thread says it is over', () =>
    world.slack.thread('#contoso', first.ts).find(({ text }) => text.includes('snooze is over')),
  )
  await chloe.click(await card('#contoso', 'is on it'), 'incident_more', 'Mute')
  await chloe.submit('Mute this alert', { 'Why?': 'Contract under review' })
  await chloe.ephemeral('Muted')
  await card('#northwind', 'Contract under review')
})

it('asks the owner with a counted link, once, whoever presses', { timeout: 120_000 }, async () => {
  const [ben, chloe] = [world.slack.as('Ben'), world.slack.as('Chloe')]
  await ben.click(await card('#northwind', 'Ask the owner'), 'Ask the owner')
  await ben.ephemeral(/has been asked to reconnect/)
  await chloe.click(await card('#contoso', 'Ask the owner'), 'Ask the owner')
  await chloe.ephemeral(/asked the owner .* still open/)
  await world.settle()
  expect(world.mail.to(DANA).at(-1)?.subject).toMatch(/again/)
})

async function reconnectAs(login: string): Promise<Owner> {
  const ben = world.slack.as('Ben')
  const shown = () =>
    world.slack.shown.ephemerals.filter((one) => words(one as never).includes('Reconnect now'))
  const before = shown().length
  await ben.click(await card('#northwind', 'Reconnect'), 'Reconnect')
  const mine = await world.slack.wait('a new personal link', () => shown()[before])
  const { url } = await ben.click(mine, 'Reconnect now')
  const person = await ownerWith(world, browser, login)
  await person.page.goto(url ?? '')
  await person.consents(login)
  await person.presses('Finish')
  return person
}

it('another login changes nothing until an admin has decided', { timeout: 120_000 }, async () => {
  await reconnectAs('sam@contoso.example')
  await world.settle({ timeoutMs: 60_000 })
  const before = await sources()
  expect(before.map(({ status }) => status)).toEqual(['disconnected', 'disconnected'])
  const ana = world.slack.as('Ana')
  const question = await ana.dm('another login came back')
  await ana.click(question, 'Keep the old login')
  await world.settle({ timeoutMs: 60_000 })
  await ana.dm(/kept the old login/)
  expect(await sources()).toEqual(before)
  const [other] = await world.db.sql`
    select status, credential_sealed from connection where identity_label like 'sam%'`
  expect(other).toMatchObject({ status: 'removed', credentialSealed: null })
})

it('the right login heals both clients after a look, and the days in between are read', {
  timeout: 120_000,
}, async () => {
  await reconnectAs(DANA)
  await world.settle({ timeoutMs: 60_000 })
  for (const channel of ['#northwind', '#contoso']) {
    const green = await card(channel, 'Reconnected')
    expect(green.attachments?.[0]?.color?.replace('#', '')).toBe('2eb886')
    expect(words(green)).toContain('Healed: 2')
    expect(alertsIn(channel)).toHaveLength(1)
  }
  const healed = await sources()
  expect(healed.map(({ status }) => status)).toEqual(['connected', 'connected'])
  const [gaps] = await world.db.sql<{ days: number; span: number }[]>`
    select count(distinct date)::int as days, (max(date) - min(date) + 1)::int as span from daily_metrics
    where source_id = (select id from source where account_name like 'Contoso%')`
  expect(gaps?.days).toBe(gaps?.span)
  await world.slack.wait('the open question to the owner ends', () =>
    world.slack.shown.messages.find(({ text }) => text.includes('No longer needed')),
  )
  const ben = world.slack.as('Ben')
  await ben.command('/reconnect')
  await ben.ephemeral('Nothing is disconnected')
})
