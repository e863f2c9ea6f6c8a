/**
 * Days after connecting: what Home, `/sources` and the other commands show and do, for whom, and that every local
 * midnight brings the new day.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Message, ShownView } from '../../sandbox/slack/shown.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { expectToRead, type Owner, ownerWith } from '../support/person.ts'
import { openWorld, type World } from '../support/world.ts'

const DANA = 'dana@northwind.example'
let world: World
let browser: TestBrowser
let dana: Owner

beforeAll(async () => {
  world = await openWorld()
  browser = await openBrowser()
  dana = await ownerWith(world, browser, DANA)
})
afterAll(() => browser.close())

const shows = (view: ShownView | Message) => JSON.stringify(view.blocks)
const days = async () => {
  const [row] = await world.db.sql<{ day: string; sources: number }[]>`
    select max(date) as day, count(distinct source_id)::int as sources from daily_metrics`
  return row
}

it('gives the member who owns the accounts a link in place, outside the quota', async () => {
  const ben = world.slack.as('Ben')
  const before = shows(await ben.openHome())
  expect(before).toContain('10 of 10 auth links left')

  await ben.command('/request-access', 'google ads, ga4 for Northwind', '#northwind')
  const sent = await ben.submit('Request access', { 'Who owns the account?': 'I do – connect now' })
  expect(sent.kind).toBe('closed')
  const { url } = await ben.click(await ben.ephemeral('with your own login'), 'Connect now')
  await dana.page.goto(String(url))
  await dana.consents(DANA)
  await dana.ticks('Northwind Shoes - Search', 'Northwind Shoes - UK')
  await dana.presses('Finish')
  await expectToRead(dana, /thank|connected/i)
  await world.settle({ timeoutMs: 60_000 })
  expect(shows(await ben.openHome())).toContain('10 of 10 auth links left')
})

it('shows the data sources at home and in a message, and reads one now', async () => {
  const ben = world.slack.as('Ben')
  const home = await ben.openHome()
  expect(shows(home)).toContain('Northwind Shoes - UK')
  expect(shows(home)).toContain('Synced')

  await ben.command('/sources', 'northwind')
  const list = await ben.ephemeral('Data sources of Northwind')
  await ben.click(list, 'Refresh now', 'Refresh now')
  await ben.ephemeral(/Northwind Shoes - (UK|Search)/)
  await ben.command('/sources', 'disconnected')
  await ben.ephemeral('Nothing is disconnected.')
  await ben.command('/sources', 'northwynd')
  await ben.ephemeral('There is no client called northwynd')
})

it('reads the day that ended at every local midnight, once', { timeout: 120_000 }, async () => {
  await world.settle()
  const before = await days()
  for (let day = 0; day < 3; day++) await world.advance('P1D')
  await world.settle({ timeoutMs: 60_000 })
  const after = await days()
  const passed = (Date.parse(String(after?.day)) - Date.parse(String(before?.day))) / 86_400_000
  expect(passed).toBe(3)
  const runs = await world.db.sql`
    select source_id, key from sync_run where kind = 'daily' group by source_id, key having count(*) > 1`
  expect(runs).toEqual([])
})

it('answers who has access, which links there are, and what can be typed', async () => {
  const vic = world.slack.as('Vic')
  await vic.command('/who-has-access', 'northwind')
  await vic.ephemeral(DANA)
  await vic.command('/access', 'links')
  await vic.ephemeral(/10 of 10/)
  await vic.command('/access', 'help')
  await vic.ephemeral('/request-access')
  await vic.command('/access', 'frobnicate')
  await vic.ephemeral(/frobnicate/)
})

it('refuses guests and strangers in words', async () => {
  await world.slack.as('Gus').command('/request-access', '', '#northwind')
  await world.slack.wait('a refusal in the modal', () =>
    String(JSON.stringify(world.slack.view('Gus'))).includes('Guests cannot use Latchkey') ? true : undefined,
  )
  await world.slack.as('Sam').command('/sources', '', '#northwind')
  await world.slack.as('Sam').ephemeral('Only members of the workspace')
})

it('lets an admin remove a data source for good, after saying what that means', async () => {
  const ana = world.slack.as('Ana')
  const home = await ana.openHome()
  await ana.click(home, 'Remove', 'Remove')
  const asked = await ana.modal('Remove data source')
  expect(shows(asked)).toContain('cannot be undone')
  expect((await ana.submit('Remove data source')).kind).toBe('updated')
  await world.settle()
  await ana.command('/sources', '')
  expect(shows(await ana.ephemeral(/^Data sources: 1 connected/))).toMatch(/Northwind Shoes/)
})
