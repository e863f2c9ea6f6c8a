/** One data source of each kind of sign-in, connected by a person in a browser: what she reads, types and presses. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { expectToRead, type Owner, ownerWith } from '../support/person.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World
let browser: TestBrowser

beforeAll(async () => {
  world = await openWorld()
  browser = await openBrowser()
})
afterAll(() => browser.close())

/** Ben asks her; she opens the mail and presses Continue. */
async function invited(who: string, sources: string[]): Promise<Owner> {
  const address = `${who}@northwind.example`
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', '', '#northwind')
  const sent = await ben.submit('Request access', {
    'Data sources': sources,
    Client: 'Northwind',
    "Source owner's e-mail": address,
  })
  expect(sent.kind).toBe('closed')
  const owner = await ownerWith(world, browser, address)
  await owner.opens(await owner.mail())
  await owner.page.getByRole('button', { name: 'Continue', exact: true }).first().click()
  return owner
}

const allow = (owner: Owner) => owner.presses('Allow')

/** Ticks the first account of every data source that can be chosen. */
async function ticksFirsts(owner: Owner): Promise<void> {
  await expectToRead(owner, 'Choose the accounts to connect')
  for (const shelf of await owner.page.locator('fieldset').all())
    await shelf.locator('input[type=checkbox]:not([disabled])').first().check()
}

async function finishes(owner: Owner): Promise<void> {
  await ticksFirsts(owner)
  await owner.presses('Finish')
  await expectToRead(owner, 'Done. Thank you')
}

it('shared OAuth: one sign-in at Meta serves ads and Instagram', async () => {
  const owner = await invited('mara', ['Meta Ads', 'Instagram Insights'])
  await expectToRead(owner, 'this is not Meta')
  await allow(owner)
  await expectToRead(owner, 'Choose the accounts to connect')
  expect(await owner.page.locator('fieldset').count()).toBe(2)
  await finishes(owner)
})

it('single-account OAuth: HubSpot’s portal is its one account', async () => {
  const owner = await invited('hugo', ['HubSpot'])
  await allow(owner)
  await expectToRead(owner, 'Choose the accounts to connect')
  expect(await owner.page.locator('input[name=pick]').count()).toBe(1)
  await finishes(owner)
})

it('an odd exchange: TikTok, and pressing Cancel there first', async () => {
  const owner = await invited('tilda', ['TikTok Ads'])
  await owner.presses('Cancel')
  await expectToRead(owner, 'You did not agree, so nothing is connected')
  await owner.presses('Try again')
  await allow(owner)
  await finishes(owner)
})

it('a question first: which shop, where nonsense is refused on the field', async () => {
  const owner = await invited('sofia', ['Shopify'])
  const shop = owner.page.getByLabel(/shop/i)
  await shop.fill('evil.example/x?')
  await owner.presses('Continue')
  await expectToRead(owner, 'Nothing was saved')
  await shop.fill('northwind')
  await owner.presses('Continue')
  await allow(owner)
  await finishes(owner)
})

it('OAuth 1.0a: X', async () => {
  const owner = await invited('xenia', ['X Ads'])
  await allow(owner)
  await finishes(owner)
})

it('a key: typed on the page, checked, and shown as its last four characters', async () => {
  const owner = await invited('klaus', ['Stripe'])
  const { apiKey = '', ...others } = world.providers.keys.stripe ?? {}
  for (const [name, value] of Object.entries(others))
    await owner.page.locator(`[name="answer.${name}"]`).fill(value)
  const field = owner.page.locator('[name="answer.apiKey"]')
  await field.fill('rk_live_wrong0000000000')
  await owner.presses('Check and continue')
  await expectToRead(owner, 'does not accept this key')
  await field.fill(apiKey)
  await owner.presses('Check and continue')
  await expectToRead(owner, `key …${apiKey.slice(-4)}`)
  expect(await owner.page.content()).not.toContain(apiKey)
  await finishes(owner)
})

it('basic auth: a WooCommerce shop by its address and two halves of a key', async () => {
  const owner = await invited('wanda', ['WooCommerce'])
  for (const [name, value] of Object.entries(world.providers.keys.woocommerce ?? {}))
    await owner.page.locator(`[name="answer.${name}"]`).fill(value)
  await owner.presses('Check and continue')
  await finishes(owner)
})

it('then all of them deliver, and nobody’s key is anywhere it can be read', {
  timeout: 180_000,
}, async () => {
  const read = () => world.db.sql<{ connector: string; days: number }[]>`
    select s.connector_id as connector, count(distinct m.date)::int as days
    from source s left join daily_metrics m on m.source_id = s.id group by 1 order by 1`
  const poor = async () => (await read()).filter(({ days }) => days < 30)
  for (const until = Date.now() + 60_000; (await poor()).length > 0 && Date.now() < until; )
    await new Promise((again) => setTimeout(again, 500))
  const rows = await read()
  expect(rows.filter(({ days }) => days < 30)).toEqual([])
  expect(rows.map(({ connector }) => connector)).toEqual([
    ...['hubspot', 'instagram', 'meta-ads', 'shopify', 'stripe', 'tiktok-ads', 'woocommerce', 'x-ads'],
  ])
  const secrets = Object.values(world.providers.keys).flatMap((fields) => Object.values(fields))
  const hidden = secrets.filter((secret) => /^[\w-]{20,}$/.test(secret))
  const said = JSON.stringify([world.logs, world.slack.shown.messages, world.mail.mails])
  expect(hidden.filter((secret) => said.includes(secret))).toEqual([])
})
