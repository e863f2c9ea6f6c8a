/** Owners who do something else than Continue: decline, ask, name a colleague, say no at Google, untick a box. */
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

/** Ben asks; the owner has the mail open in a browser of their own. */
async function asked(sources: string, client: string, address: string): Promise<Owner> {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', `${sources} for ${client} from ${address}`, '#contoso')
  expect(await ben.submit('Request access')).toMatchObject({ kind: 'closed' })
  const owner = await ownerWith(world, browser, address)
  await owner.opens(await owner.mail())
  return owner
}

it('declines with a reason, which Ben reads in person and in the thread', async () => {
  const owner = await asked('ga4', 'Declining Ltd', 'dora@declining.example')
  await owner.presses('Decline')
  await owner.page.locator('textarea').fill('We left Google Analytics.')
  await owner.presses('Decline the request')
  await expectToRead(owner, /declined/i)

  await world.slack.as('Ben').dm('We left Google Analytics.')
  const card = await world.slack.message('#contoso', 'Declining Ltd')
  await world.slack.reply(card, /declined/i)
})

it('asks a question and goes on all the same', async () => {
  const owner = await asked('ga4', 'Asking Ltd', 'sam@contoso.example')
  await owner.presses('I have a question')
  await owner.page.locator('textarea').fill('Is *this* <!channel> for the shop?')
  await owner.presses('Send the question')
  const told = await world.slack.as('Ben').dm('has a question')
  expect(told.text).not.toContain('<!channel>')

  await owner.opens(await owner.mail())
  await owner.consents('sam@contoso.example')
  await expectToRead(owner, 'Finish')
})

it('names a colleague, whom Ben then asks; the old link says that there is a newer one', async () => {
  const owner = await asked('search console', 'Passing Ltd', 'paul@passing.example')
  await owner.presses('Not me')
  await owner.page.getByLabel('Their e-mail address').fill('carla@passing.example')
  await owner.presses('Suggest this person')

  const ben = world.slack.as('Ben')
  await ben.click(await ben.dm('carla@passing.example'), 'Ask them instead')
  const carla = await ownerWith(world, browser, 'carla@passing.example')
  await carla.opens(await carla.mail())
  await expectToRead(carla, 'Passing Ltd')
  await owner.opens(await owner.mail())
  await expectToRead(owner, /newer link/i)
})

it('says no at Google, and may try again', async () => {
  const owner = await asked('ga4', 'Hesitant Ltd', 'hana@hesitant.example')
  await owner.refuses('sam@contoso.example')
  await world.settle() // four requests in one channel within seconds: Slack's pace makes their threads wait
  const card = await world.slack.message('#contoso', 'Hesitant Ltd')
  await world.slack.reply(card, /Google/)
  await owner.opens(await owner.mail())
  await owner.consents('sam@contoso.example')
  await expectToRead(owner, 'Finish')
})

it('unticks a box at Google, and reads which one is missing', async () => {
  const owner = await asked('google ads', 'Careful Ltd', 'cleo@careful.example')
  await owner.consents('sam@contoso.example', { refuse: /Google Ads accounts/ })
  await expectToRead(owner, 'One box was not ticked')
  await expectToRead(owner, 'See your Google Ads accounts')
  expect(await owner.page.getByRole('checkbox').count()).toBe(0)
})

it('signs in with a login that has no Google Ads, and is told what to do', async () => {
  const owner = await asked('google ads', 'Empty Ltd', 'erik@empty.example')
  await owner.consents('someone@nobody.example')
  await expectToRead(owner, /no Google Ads account|another|someone else/i)
})

it('leaves one of two out: the page says so before, the thread after', async () => {
  const owner = await asked('ga4, stripe', 'Halfway Ltd', 'hal@halfway.example')
  await owner.consents('sam@contoso.example')
  await expectToRead(owner, 'Not connected yet: Stripe')
  await owner.page.getByRole('checkbox').first().check()
  await owner.presses('Finish')
  await expectToRead(owner, 'Done. Thank you')
  const card = await world.slack.message('#contoso', 'Halfway Ltd')
  await world.slack.reply(card, /\(Google Analytics 4\) connected/)
  await world.slack.reply(card, /1 data source connected. Not connected: Stripe/)
})
