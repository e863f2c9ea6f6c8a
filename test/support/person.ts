/** A source owner: somebody with a mailbox and a browser, and no account with us. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { CaughtMail } from '../../sandbox/mail.ts'
import type { TestBrowser } from './browser.ts'
import type { World } from './world.ts'

export type Owner = {
  page: Page
  /** Waits for a mail to this address whose subject fits, the newest one. */
  mail(subject?: string | RegExp): Promise<CaughtMail>
  /** Opens the first link of the mail that leads to the product. */
  opens(mail: CaughtMail): Promise<void>
  /** Presses Continue and consents at Google as `email`; `refuse` names boxes to untick by a piece of their words. */
  consents(email: string, options?: { refuse?: RegExp }): Promise<void>
  /** Presses Continue and Cancel at Google. */
  refuses(email: string): Promise<void>
  /** Ticks accounts by name (exactly as labelled, or a piece of it). */
  ticks(...names: string[]): Promise<void>
  presses(button: string): Promise<void>
  /** The words of the page. */
  reads(): Promise<string>
}

const WAIT_MS = 20_000

export async function ownerWith(world: World, browser: TestBrowser, address: string): Promise<Owner> {
  const page = await browser.person()
  const atGoogle = async (email: string) => {
    await page.getByRole('button', { name: 'Continue', exact: true }).first().click()
    await page.waitForURL(`${world.google.url}/**`)
    const choice = page.locator(`[data-email="${email}"]`)
    if (await choice.count()) await choice.click()
  }
  const owner: Owner = {
    page,
    mail: (subject = /./) =>
      world.slack.wait(`a mail "${subject}" to ${address}`, () =>
        world.mail.to(address).findLast((mail) => mail.subject.search(subject) >= 0),
      ),
    async opens({ links }) {
      const link = links.find((one) => one.startsWith(world.url))
      if (!link) throw new Error(`No link to ${world.url} among ${links.join(' ')}`)
      await page.goto(link)
    },
    async consents(email, { refuse } = {}) {
      await atGoogle(email)
      if (refuse) await page.getByLabel(refuse).uncheck()
      await page.getByRole('button', { name: 'Continue', exact: true }).click()
      await page.waitForURL(`${world.url}/**`)
    },
    async refuses(email) {
      await atGoogle(email)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.waitForURL(`${world.url}/**`)
    },
    async ticks(...names) {
      for (const name of names) await page.getByLabel(name).first().check()
    },
    async presses(button) {
      await page.getByRole('button', { name: button }).first().click()
      await page.waitForLoadState()
    },
    // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not read
    reads: async () => (await page.locator('body').innerText()).replace(/\s+/g, ' '),
  }
  return owner
}

/** Fails with the words of the page, so that a journey says where it went wrong. */
export async function expectToRead(owner: Owner, words: string | RegExp): Promise<void> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const read = await owner.reads()
    if (typeof words === 'string' ? read.includes(words) : words.test(read)) return
    if (Date.now() > until) return expect(read).toMatch(words)
    await owner.page.waitForTimeout(100)
  }
}
