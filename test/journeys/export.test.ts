/** Ben wants the figures in a spreadsheet and to know which days are there: two presses, two files in his messages. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { expectToRead, ownerWith } from '../support/person.ts'
import { openWorld, type World } from '../support/world.ts'

const DANA = 'dana@northwind.example'
let world: World
let browser: TestBrowser

beforeAll(async () => {
  world = await openWorld()
  browser = await openBrowser()
})
afterAll(() => browser.close())

const rowsOf = async () => {
  await world.slack.as('Ben').command('/sources', 'northwind')
  return world.slack.as('Ben').ephemeral('Data sources of Northwind: 1 connected')
}
const fileOf = (message: { files: { id: string; name: string; alt: string }[] }) => {
  const [file] = message.files
  return { ...file, bytes: world.slack.file(file?.id ?? '') }
}

it('connects Northwind, so that there are data', { timeout: 120_000 }, async () => {
  const ben = world.slack.as('Ben')
  const dana = await ownerWith(world, browser, DANA)
  await ben.command('/request-access', 'google ads for Northwind', '#northwind')
  await ben.submit('Request access', { 'Who owns the account?': 'I do – connect now' })
  const { url } = await ben.click(await ben.ephemeral('with your own login'), 'Connect now')
  await dana.page.goto(String(url))
  await dana.consents(DANA)
  await dana.ticks('Northwind Shoes - Search')
  await dana.presses('Finish')
  await expectToRead(dana, /thank|connected/i)
  await world.settle({ timeoutMs: 60_000 })
})

it('Export CSV: the file that comes has the rows of the reporting view', async () => {
  const ben = world.slack.as('Ben')
  await ben.click(await rowsOf(), 'source-menu', 'Export CSV')
  await ben.modal('Export CSV', 'Which days?')
  const sent = await ben.submit('Export CSV', { 'Which days?': 'Last 30 days' })
  expect(sent.kind).toBe('updated')
  await world.settle()
  const file = fileOf(await ben.dm('Here is the export of'))
  expect(file.name).toMatch(/^northwind-google-ads-northwind-shoes-search-[\d-]+-to-[\d-]+\.csv$/)

  const lines = file.bytes.toString().split('\r\n')
  const [head, ...rows] = lines.slice(0, -1)
  expect(head).toMatch(/^\ufeffclient,data_source,account,date,campaign_id,.*impressions.*,currency$/)
  const view = await world.db.sql<{ date: string; campaignId: string; clicks: number }[]>`
    select date, campaign_id, clicks from reporting.google_ads where date >= ${rows[0]?.split(',')[3] ?? ''}`
  expect(new Set(view.map(({ date }) => date)).size).toBe(30)
  expect(rows).toHaveLength(view.length)
  const at = head?.split(',').indexOf('clicks') ?? 0
  const read = rows.map((line) => line.split(',')).map((cells) => `${cells[3]} ${cells[4]} ${cells[at]}`)
  expect(read.sort()).toEqual(
    view.map(({ date, campaignId, clicks }) => `${date} ${campaignId} ${clicks}`).sort(),
  )
})

it('Coverage: a picture comes, with the same in words', async () => {
  const ben = world.slack.as('Ben')
  await ben.click(await rowsOf(), 'source-menu', 'Coverage')
  await ben.ephemeral('coverage calendar of Northwind Shoes - Search is being drawn')
  await world.settle()
  const message = await ben.dm('Coverage of')
  const file = fileOf(message)
  expect(file.bytes.subarray(1, 4).toString()).toBe('PNG')
  expect(file.alt).toMatch(/^\d+ of \d+ days have data\..*The last 30 days may still change\.$/)
  expect(JSON.stringify(message.blocks)).toContain(file.alt ?? 'no words')
})

it('both are in the audit or harmless: the export is, by whom and for which days', async () => {
  const [event] = await world.db.sql`select actor, data from audit_event where kind = 'source.exported'`
  expect(event).toMatchObject({ actor: 'slack:U0BEN000001', data: { as: 'csv', period: 'last-30-days' } })
})
