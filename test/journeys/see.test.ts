/**
 * Ana sets Latchkey up and sees an empty Home. Ben connects a client and watches its row fill. Then the client leaves:
 * Ana removes the data source, and with it the last thing we could read with Dana's login.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ShownView } from '../../sandbox/slack/shown.ts'
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

const words = (view: ShownView) => JSON.stringify(view.blocks)
const home = async (who: string) => words(await world.slack.as(who).openHome())

it('a new workspace: Home says how many links are left and what to do first', async () => {
  const ana = await home('Ana')
  expect(ana).toContain('10 of 10 auth links left')
  expect(ana).toContain('Nothing is connected yet')
  expect(await home('Gus')).toContain('Guests cannot use Latchkey')
})

it('Ana chooses the alert channel and the time zone, in the settings', async () => {
  const ana = world.slack.as('Ana')
  await ana.click(await ana.openHome(), 'Settings')
  await ana.modal('Settings', 'Time zone')
  await ana.submit('Settings', { 'Time zone': 'Europe/Berlin', 'Alert channel': '#data-alerts' })
  const [org] = await world.db.sql`select time_zone, alert_channel_id from org`
  expect(org).toEqual({ timeZone: 'Europe/Berlin', alertChannelId: 'C0ALERTS001' })
  expect(await home('Ana')).not.toContain('No alert channel is chosen')
})

it('Ben asks from his Home; the request stands there until Dana has finished', {
  timeout: 120_000,
}, async () => {
  const ben = world.slack.as('Ben')
  await ben.click(await ben.openHome(), 'Request access')
  await ben.submit('Request access', {
    ...{ 'Data sources': ['Google Ads'], Client: 'Northwind', "Source owner's e-mail": DANA },
  })
  await world.settle()
  const waiting = await home('Ben')
  expect(waiting).toContain('9 of 10 auth links left')
  expect(waiting).toContain('Sent, not opened yet')

  const dana = await ownerWith(world, browser, DANA)
  const mail = await world.slack.wait('the mail', () => world.mail.to(DANA).at(-1))
  await dana.opens(mail)
  await dana.consents(DANA)
  await dana.ticks('Northwind Shoes - Search')
  await dana.presses('Finish')
  await expectToRead(dana, /connected|thank/i)
  await world.settle({ timeoutMs: 60_000 })

  const done = await home('Ben')
  expect(done).not.toContain('Open requests')
  expect(done).toContain('Northwind Shoes - Search')
  expect(done).toContain('Synced')
  expect(done).toContain(`Authorised as ${DANA}`)
})

it('/sources shows the same row, and Refresh now reads at once', { timeout: 120_000 }, async () => {
  const ben = world.slack.as('Ben')
  await ben.command('/sources', 'northwind')
  await ben.ephemeral('Data sources of Northwind: 1 connected')
  await world.advance('PT26H')
  await ben.command('/sources', 'northwind')
  await ben.click(await ben.ephemeral('Data sources of Northwind'), 'source-menu', 'Refresh now')
  await ben.ephemeral('Reading Northwind Shoes - Search now')
  await world.settle({ timeoutMs: 60_000 })
  const runs = await world.db.sql`select status from sync_run where kind = 'manual'`
  expect(runs).toEqual([{ status: 'done' }])
})

it('Ana removes it: nothing is read any more and the login is withdrawn', { timeout: 120_000 }, async () => {
  const ana = world.slack.as('Ana')
  await ana.click(await ana.openHome(), 'source-menu', 'Remove')
  expect(words(await ana.modal('Remove data source'))).toContain('This cannot be undone')
  await ana.submit('Remove data source')
  await world.settle({ timeoutMs: 60_000 })
  expect(await home('Ana')).not.toContain('Northwind Shoes - Search')
  const [connection] = await world.db.sql`select status, credential_sealed from connection`
  expect(connection).toEqual({ status: 'removed', credentialSealed: null })
  const [event] = await world.db.sql`select data from audit_event where kind = 'connection.removed'`
  expect(event?.data).toMatchObject({ withdrawn: 'revoked' })
})
