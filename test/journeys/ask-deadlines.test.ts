/** What happens to a request when the owner is slow, the address wrong, the hour full or the requester changes her mind. */
import { afterEach, beforeAll, expect, it } from 'vitest'
import { readClock } from '../../sandbox/clock.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
  await world.advance(await untilNineTomorrow())
})
afterEach(async () => {
  await world.db.sql`update org set recent_links = '{}'`
})

/** Nine in the morning in London, where nobody sleeps. */
async function untilNineTomorrow(): Promise<string> {
  const now = await readClock(world.db)
  const nine = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1, 9)
  return `PT${Math.round((nine - now.getTime()) / 1000)}S`
}

async function ask(text: string): Promise<void> {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', text, '#northwind')
  expect(await ben.submit('Request access')).toMatchObject({ kind: 'closed' })
  await world.settle()
}

const full = () => world.db.sql`update org set recent_links = array_fill(latchkey.clock(), array[10])`

it('reminds an owner who does nothing, lets the link expire, and sends a fresh one on request', async () => {
  await ask('ga4 for Slow Client from slow@client.example')
  const card = await world.slack.message('#northwind', 'Slow Client')
  await world.advance('PT3H59M')
  expect(world.mail.to('slow@client.example')).toHaveLength(1)
  await world.advance('PT2M')
  expect(world.mail.to('slow@client.example').at(-1)?.subject).toMatch(/^Reminder/)
  await world.advance('PT19H')
  expect(world.mail.to('slow@client.example').at(-1)?.subject).toMatch(/ends soon/)
  const [first, second, third] = world.mail.to('slow@client.example')
  expect(new Set([first, second, third].map((mail) => mail?.links[0])).size).toBe(1)
  await world.advance('PT2H')
  await world.slack.reply(card, /expired without being used/)
  const told = await world.slack.as('Ben').dm('expired')
  await world.slack.as('Ben').click(told, 'Send fresh link')
  await world.slack.as('Ben').ephemeral('A fresh link is on its way')
  await world.settle()
  const fresh = world.mail.to('slow@client.example').at(-1)
  expect(world.mail.to('slow@client.example')).toHaveLength(4)
  expect(fresh?.links[0]).not.toBe(first?.links[0])
})

it('tells the requester that a mail bounced, and sends the same link to the corrected address', async () => {
  await ask('google ads for Typo Ltd from nouser@typo.example')
  const card = await world.slack.message('#northwind', 'Typo Ltd')
  await world.slack.reply(card, /refused and not delivered: 5\.1\.1 user unknown/)
  const ben = world.slack.as('Ben')
  const told = await ben.dm('could not be delivered')
  await ben.click(told, 'Edit address')
  expect(await ben.submit('Edit address', { "Source owner's e-mail": 'nouser@typo.example' })).toMatchObject({
    kind: 'errors',
  })
  expect(await ben.submit('Edit address', { "Source owner's e-mail": 'dana@typo.example' })).toMatchObject({
    kind: 'closed',
  })
  await world.settle()
  await world.slack.reply(card, /corrected the address to d…@typo\.example/)
  expect(world.mail.to('dana@typo.example')).toHaveLength(1)
  expect(await quotaUsed()).toBe(1)
})

it('waits out greylisting with the same Message-ID', async () => {
  world.expectErrors(/451/)
  await ask('google ads for Grey Ltd from grey@grey.example')
  expect(world.mail.to('grey@grey.example')).toHaveLength(0)
  await world.settle({ hurry: true })
  const [mail] = world.mail.to('grey@grey.example')
  const [row] = await world.db.sql`select id from delivery where address = 'grey@grey.example'`
  expect(mail?.messageId).toContain(String(row?.id))
})

it('queues what is over the quota and sends it by itself when a slot frees', async () => {
  await full()
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', 'ga4 for Patient Ltd from dana@patient.example', '#northwind')
  expect(await ben.submit('Request access')).toMatchObject({ kind: 'updated' })
  expect(await ben.submit('Request access')).toMatchObject({ kind: 'closed' })
  await ben.ephemeral('number 1 in the queue')
  await world.settle()
  const card = await world.slack.message('#northwind', 'Patient Ltd')
  expect(JSON.stringify(card)).toContain('Waiting for a free slot')
  await world.advance('PT59M')
  expect(world.mail.to('dana@patient.example')).toHaveLength(0)
  await world.advance('PT1M')
  expect(world.mail.to('dana@patient.example')).toHaveLength(1)
  await ben.dm('Your queued request')
  await world.slack.reply(card, /Sent by e-mail/)
})

it('cancels for good, from the list of links', async () => {
  await ask('search console for Second Thoughts from dana@second.example')
  const ben = world.slack.as('Ben')
  await ben.command('/access', 'links', '#northwind')
  const list = await ben.ephemeral('Auth links')
  await ben.click(list, 'Cancel')
  await ben.ephemeral('Cancelled. The link no longer works')
  await world.settle()
  const card = await world.slack.message('#northwind', 'Second Thoughts')
  expect(JSON.stringify(card)).toContain('🚫 Cancelled')
  expect(await quotaUsed()).toBe(1)
})

it('shows the card to the requester where the bot may not speak', async () => {
  world.slack.fail('chat.postMessage', 'not_in_channel', { times: 1 })
  await ask('ga4 for Private Matter from dana@private.example')
  await world.slack.as('Ben').dm('Private Matter')
})

it('gives a member who owns the account a link in place', async () => {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', 'google ads for My Own', '#northwind')
  await ben.submit('Request access', { 'Who owns the account?': 'I do – connect now' })
  const answer = await ben.ephemeral('with your own login')
  const { url } = await ben.click(answer, 'Connect now')
  const page = await fetch(String(url))
  expect(page.status).toBe(200)
  expect(await quotaUsed()).toBe(0)
})

async function quotaUsed(): Promise<number> {
  const [org] = await world.db.sql<{ used: number }[]>`select cardinality(recent_links) as used from org`
  return org?.used ?? -1
}
