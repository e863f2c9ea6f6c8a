import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeProvider,
  issueLink,
  openStage,
  type Stage,
} from './stage.ts'

/** Set to a folder to keep pictures of every page. */
const SHOTS = process.env.PAGE_SHOTS
const HOSTILE = '<img src=x onerror=alert(1)> \u202eevil & "Söhne"'
const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'

const { db } = await freshDatabase()
let browser: TestBrowser
let google: FakeServer
let stage: Stage

beforeAll(async () => {
  browser = await openBrowser()
  google = await fakeAuthorisationServer()
  const provider = fakeProvider('google', google)
  const accounts = Array.from({ length: 40 }, (_, n) => ({
    id: `12345678${n}`,
    name: `Shop ${n}`,
    currency: 'EUR',
  }))
  stage = await openStage(db, [
    {
      ...fakeConnector('ads', provider, [...accounts, { id: 'h', name: HOSTILE }, { id: 'l', name: LONG }]),
      writeWarning:
        'Google has no read-only permission for this, so it would also allow changes; Latchkey contains no code that makes any.',
    },
    fakeConnector('empty', provider, []),
  ])
})
afterAll(async () => {
  await browser.close()
  await Promise.all([stage.close(), google.close()])
})

const looks = {
  light: { viewport: { width: 1000, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1000, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
} as const

async function judge(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true })
  const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
  expect(wide, `${name} scrolls sideways`).toBe(false)
}

/** Our content policy lets no script in, so axe runs over the page's source in a page without one. */
async function accessible(page: Page, name: string): Promise<void> {
  const html = await page.content()
  const copy = await browser.person({
    viewport: page.viewportSize(),
    colorScheme: name.includes('dark') ? 'dark' : 'light',
  })
  await copy.setContent(html)
  await copy.addScriptTag({ content: axe.source })
  const found = await copy.evaluate(async () => {
    const run = (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
    ).axe
    const { violations } = await run.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  })
  expect(found, name).toEqual([])
  await copy.close()
}

describe.each(Object.entries(looks))('in %s', (look, options) => {
  it('an owner without scripts gets from the link to Finish by keyboard, and every page is accessible', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads', 'empty'] })
    await db.sql`update client set name = ${HOSTILE} where id = ${link.clientId}`
    await db.sql`update org set name = ${look === 'phone' ? LONG : 'Northwind & Söhne'}, brand_color = '#ffdd00' where id = ${link.orgId}`
    await db.sql`update access_request set note = ${`Bitte ${LONG}\nzweite Zeile ${HOSTILE}`} where id = ${link.requestId}`
    const page = await browser.person({ ...options, javaScriptEnabled: look !== 'light' })
    const off: string[] = []
    page.on('request', (request) => off.push(request.url()))
    await page.goto(`${stage.origin}${link.path}`)
    if (look !== 'light') {
      await judge(page, `${look}-link`)
      await accessible(page, `${look}-link`)
    }
    expect(off.filter((url) => !url.startsWith(stage.origin))).toEqual([])
    await page.getByRole('button', { name: 'Continue' }).press('Enter')
    const box = page.getByRole('checkbox', { name: 'Shop 7', exact: true })
    await box.focus()
    await page.keyboard.press('Space')
    expect(await box.isChecked()).toBe(true)
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(1)
    await page.getByRole('button', { name: 'Connect another' }).waitFor()
    if (look !== 'light') {
      await judge(page, `${look}-accounts`)
      await accessible(page, `${look}-accounts`)
    }
    await page.getByRole('button', { name: 'Finish' }).press('Enter')
    await page.getByRole('heading', { name: 'Done. Thank you' }).waitFor()
    if (look !== 'light') {
      await judge(page, `${look}-done`)
      await accessible(page, `${look}-done`)
    }
    await page.getByRole('link', { name: 'Your own page' }).click()
    await page.getByRole('button', { name: 'Revoke this data source' }).click()
    if (look !== 'light') {
      await judge(page, `${look}-revoke`)
      await accessible(page, `${look}-revoke`)
    }
    await page.goBack()
    await page.goBack()
    await page.getByRole('heading', { name: 'Done. Thank you' }).waitFor()
  })
})

describe('a robot in a real browser', () => {
  it('presses every button up to the provider, without consent, and burns nothing', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const robot = await browser.person({ userAgent: 'HeadlessChrome' })
    await robot.route(`${google.origin}/**`, (route) => route.abort()) // it never gets as far as agreeing
    const start = `${stage.origin}${link.path}`
    await robot.goto(start)
    const buttons = await robot.getByRole('button').count()
    expect(buttons).toBe(4)
    for (let n = 0; n < buttons; n++) {
      await robot.goto(start)
      await robot
        .getByRole('button')
        .nth(n)
        .click()
        .catch(() => {})
      const next = robot.getByRole('button')
      if (await next.count())
        await next
          .first()
          .click({ timeout: 2_000 })
          .catch(() => {})
    }
    const [row] = await db.sql`select status from auth_link where id = ${link.linkId}`
    expect(row?.status).toBe('issued')
    const page = await browser.person()
    await page.goto(start)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('checkbox', { name: 'Shop 7', exact: true }).check()
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.getByRole('heading', { name: 'Done. Thank you' }).waitFor()
  })
})

describe('the pages beside the way', () => {
  it('are accessible too', async () => {
    const page = await browser.person(looks.phone)
    const open = async (path: string, name: string) => {
      await page.goto(`${stage.origin}${path}`)
      await judge(page, name)
      await accessible(page, name)
    }
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    for (const way of ['decline', 'question', 'someone-else']) await open(`${link.path}/${way}`, way)
    await page.goto(`${stage.origin}${link.path}/question`)
    await page.getByRole('button', { name: 'Send the question' }).click()
    await page.getByText('Please write your question first').waitFor()
    await judge(page, 'question-empty')
    await open('/l/lk_unknown', 'unknown')
    for (const status of ['expired', 'cancelled', 'superseded', 'finished']) {
      const over = await issueLink(stage, { connectorIds: ['ads'] })
      await db.sql`update auth_link set status = ${status}, ended_at = now() where id = ${over.linkId}`
      await open(over.path, status)
    }
    await page.goto(`${stage.origin}/connect/google/callback?code=x&state=y`)
    await judge(page, 'start-again')
  })

  it('hint at the usual browser inside another app', async () => {
    const link = await issueLink(stage, { connectorIds: ['ads'] })
    const page = await browser.person({ userAgent: 'Mozilla/5.0 [FBAN/FBIOS;FBAV/400.0]' })
    await page.goto(`${stage.origin}${link.path}`)
    const address = page.getByRole('textbox', { name: 'Address of this page' })
    expect(await address.inputValue()).toBe(`${stage.origin}${link.path}`)
  })
})
