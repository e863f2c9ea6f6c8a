/**
 * The spine: Ben asks Dana for Google Ads and Analytics of Northwind; Dana signs in at Google and chooses accounts; the
 * data of thirteen months arrive, and everybody sees in Slack how it goes.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf } from '../../sandbox/slack/shown.ts'
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

it('asks for access in the form, and tells the requester what happened', async () => {
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', '', '#northwind')

  // What cannot work is said on the field, and nothing is lost.
  const refused = await ben.submit('Request access', {
    'Data sources': ['Google Ads', 'Google Analytics 4'],
    Client: 'Northwind',
  })
  expect(refused).toMatchObject({
    kind: 'errors',
    errors: { owner_email: expect.stringContaining('e-mail') },
  })

  const sent = await ben.submit('Request access', {
    "Source owner's e-mail": DANA,
    'Which accounts?': 'Northwind Shoes - UK',
    'Note to the source owner': 'For the monthly report.',
  })
  expect(sent.kind).toBe('closed')
  const confirmation = await ben.ephemeral('9 of 10 auth links left')

  // "Copy link" shows the link once.
  await ben.click(confirmation, 'Copy link')
  await ben.ephemeral(/\/l\/lk_/)

  const card = await world.slack.message('#northwind', 'Northwind')
  await world.settle()
  expect(card.text).toContain('Google Ads')
  await world.slack.reply(card, 'e-mail')
})

it('mails the owner who asks, for what, until when, and how to take it back', async () => {
  const mail = await dana.mail(/Northwind|Google/)
  expect(mail.from.name).toContain('Brightside Agency')
  expect(mail.replyTo).toBe('ben@brightside.example')
  for (const words of ['Ben Bauer', 'Northwind', 'Google Ads', 'Google Analytics', 'For the monthly report.'])
    expect(mail.text, words).toContain(words)
  expect(mail.text).toMatch(/read/i)
  expect(mail.text).toMatch(/no account|need no/i)
  await dana.opens(mail)
  await expectToRead(dana, 'Brightside Agency')
})

it('leads the owner through Google to her accounts, and connects what she ticks', async () => {
  await dana.consents(DANA)
  await expectToRead(dana, 'Northwind Shoes - Search')
  await dana.ticks('Northwind Shoes - Search')
  expect(await dana.page.getByLabel('Northwind Shoes - UK').first().isChecked()).toBe(true) // the hint names it
  await dana.page
    .getByLabel(/northwind\.com|Northwind.*Web|Northwind/)
    .last()
    .check()
  await dana.presses('Finish')
  await expectToRead(dana, /connected|thank/i)

  const { count } = await one<{ count: number }>('select count(*)::int as count from source')
  expect(count).toBe(3)
  await dana.mail(/receipt|connected/i)
})

it('reads thirteen months in the thread of the request, then shows them at home and to BI tools', async () => {
  await world.settle({ timeoutMs: 60_000 })
  await world.settle({ hurry: true }) // progress is shown at most every 30 s
  const card = await world.slack.message('#northwind', 'Northwind')
  await world.slack.reply(card, /100 ?%/)
  const { months, rows } = await one<{ months: number; rows: number }>(
    `select count(distinct date_trunc('month', date))::int as months, count(*)::int as rows from reporting.daily_metrics`,
  )
  expect(months).toBeGreaterThanOrEqual(13)
  expect(rows).toBeGreaterThan(2_000)

  const home = await world.slack.as('Ben').openHome()
  const words = JSON.stringify(home.blocks)
  expect(words).toContain('9 of 10 auth links left')
  expect(words).toContain('Northwind Shoes - Search')
  expect(blocksOf(card).length).toBeGreaterThan(0)
})

it('says calmly that a used link is used', async () => {
  const other = await ownerWith(world, browser, DANA)
  await other.opens(await dana.mail(/Northwind|Google/))
  await expectToRead(other, /already|used/i)
})

async function one<T>(sql: string): Promise<T> {
  const [row] = await world.db.sql.unsafe(sql)
  return row as T
}
