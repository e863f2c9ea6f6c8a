/**
 * A newcomer with `npm run sandbox` and a browser, no account anywhere: asks, answers as the owner, sees the data,
 * breaks the connection and sees the alert. The sandbox runs as a process of its own, exactly as they start it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../sandbox/ports.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'

const data = mkdtempSync(join(tmpdir(), 'latchkey-sandbox-'))
let url: string
let port: number
let sandbox: { process: ChildProcess; said: string[]; exited: Promise<unknown[]> }
let browser: TestBrowser
let slack: Page

beforeAll(async () => {
  port = await freePort()
  url = `http://localhost:${port}`
  sandbox = await start(port)
  browser = await openBrowser()
  slack = await browser.person({ viewport: { width: 1440, height: 900 } })
})
afterAll(async () => {
  await browser?.close()
  sandbox?.process.kill('SIGTERM')
  await sandbox?.exited
  rmSync(data, { recursive: true, force: true })
})

it('prints where to go, and ready last', () => {
  expect(sandbox.said.at(-1)).toBe('ready')
  expect(sandbox.said.join('\n')).toContain(`${url}/`)
})

it('lets Ben type a command, fill the form and see what became of it', async () => {
  await slack.goto(`${url}/?as=ben&at=northwind`)
  const box = slack.getByLabel('Message or command')
  await box.fill('/req')
  await expect
    .poll(() => slack.locator('#commands li').allInnerTexts())
    .toEqual([expect.stringContaining('/request-access')])
  await box.fill('/request-access google ads for Northwind from dana@northwind.example')
  await box.press('Enter')
  const modal = slack.locator('#modal')
  await modal.getByText('Send link').waitFor()

  await modal.locator('[data-action=request_sources] input').fill('search')
  await modal.getByRole('option', { name: /Search Console/ }).click()
  await modal.getByRole('button', { name: 'Send link' }).click()
  await slack.getByText('Only visible to you').waitFor()
  await slack.getByText('9 of 10 auth links left').waitFor()
})

it('says what to type where an owner’s page asks for a key, by keyboard too', async () => {
  await slack.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const opener = slack.getByRole('button', { name: 'What to type' })
  await opener.press('Enter')
  const panel = slack.getByRole('dialog', { name: 'What to type' })
  await panel.getByRole('button', { name: 'Copy Klaviyo: Private API key' }).press('Enter')
  await panel.getByText('Klaviyo: Private API key is copied').waitFor()
  const { keys } = await state()
  const copied = 'navigator.clipboard.readText()'
  expect(await slack.evaluate(copied)).toBe(keys.klaviyo?.apiKey)
  await slack.keyboard.press('Escape')
  expect(await panel.isVisible()).toBe(false)
  expect(await opener.evaluate((button) => button.matches(':focus'))).toBe(true)

  const answer = await control('withdraw', { provider: 'klaviyo' })
  expect(answer.says).toContain('deleted at Klaviyo')
  expect((await state()).keys.klaviyo).not.toEqual(keys.klaviyo)
})

it('shows the mail, whose link leads the owner through consent to Finish', async () => {
  const inbox = await browser.person()
  await expect.poll(async () => (await state()).mails).toBe(1)
  await inbox.goto(`${url}/sandbox/inbox`)
  const [page] = await Promise.all([
    inbox.context().waitForEvent('page'),
    inbox.frameLocator('iframe').getByRole('link', { name: 'Connect now' }).click(),
  ])
  await page.getByRole('button', { name: 'Continue', exact: true }).first().click()
  await page.locator('[data-email="dana@northwind.example"]').click()
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await page.getByLabel('Northwind Shoes - Search').check()
  await page.getByRole('button', { name: 'Finish' }).click()

  await slack.locator('.replies').first().click()
  await slack
    .locator('#thread')
    .getByText(/Northwind Shoes - Search.*connected/)
    .waitFor()
  await expect.poll(async () => (await state()).mails).toBe(2) // the receipt
})

it('sends the rows as a file and the coverage as a picture, which Ben opens in his messages', async () => {
  await slack.goto(`${url}/?as=ben&at=northwind`)
  const menu = async (item: string) => {
    const box = slack.getByLabel('Message or command')
    await box.fill('/sources northwind')
    await box.press('Enter')
    const message = slack.locator('.message', { hasText: 'Data sources of Northwind' }).last()
    await message.getByLabel('More actions').first().click()
    await message.getByRole('button', { name: item }).first().click()
  }
  await menu('Export CSV')
  const modal = slack.locator('#modal')
  await modal.getByText('Last 30 days').click()
  await modal.getByRole('button', { name: 'Export' }).click()
  await modal.getByText('comes as a direct message').waitFor()
  await modal.locator('footer [data-close]').click()
  await menu('Coverage')
  await slack.getByText('is being drawn').waitFor()

  await slack.goto(`${url}/?as=ben&at=dm`)
  const [file] = await Promise.all([
    slack.waitForEvent('download'),
    slack.locator('.file a[download$=".csv"]').click(),
  ])
  expect(file.suggestedFilename()).toMatch(/^northwind-.*\.csv$/)
  const picture = slack.locator('.file img')
  await picture.waitFor()
  expect(await picture.getAttribute('alt')).toMatch(/of \d+ days have data/)
  await expect
    .poll(() => picture.evaluate((img) => (img as { naturalWidth?: number }).naturalWidth))
    .toBe(1_748)
  expect((await state()).problems).toEqual([])
})

it('revokes at the provider, moves the clock, and the alert appears; a restarted worker goes on', async () => {
  const before = await state()
  await control('worker', { how: 'kill' })
  const after = await state()
  expect(after.worker.pid).not.toBe(before.worker.pid)

  await control('revoke', { email: 'dana@northwind.example' })
  const moved = await control('clock', { advance: 'P1DT1H' })
  const jump = Date.parse(String(moved.time)) - Date.parse(before.time)
  expect(Math.abs(jump - 25 * 3_600_000)).toBeLessThan(60_000)
  for (let hour = 0; hour < 3 && !(await told()); hour++) await control('clock', { advance: 'PT1H' })
  await slack.goto(`${url}/?as=ana&at=northwind`)
  await slack
    .getByRole('button', { name: /Reconnect/ })
    .first()
    .waitFor()
  await slack
    .getByText(/Disconnected/)
    .first()
    .waitFor()
  expect((await state()).problems).toEqual([])
})

it('answers orders that make no sense in words', async () => {
  const answer = await fetch(`${url}/sandbox/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"advance":"soon"}',
  })
  expect(answer.status).toBe(422)
  expect(await answer.json()).toMatchObject({ trouble: expect.stringContaining('soon') })
  const form = await fetch(`${url}/sandbox/clock`, {
    method: 'POST',
    body: new URLSearchParams({ advance: 'P1D' }),
  })
  expect(form.status).toBe(415)
})

it('says when the port is taken, and never starts in production', async () => {
  expect(await failing([], {})).toContain(`Port ${port} is in use`)
  expect(await failing([], { NODE_ENV: 'production' })).toContain('never starts with NODE_ENV=production')
})

it('stops cleanly and keeps what was said', async () => {
  sandbox.process.kill('SIGTERM')
  const [code] = await sandbox.exited
  expect(code).toBe(0)
  sandbox = await start(port)
  const { messages, mails } = await state()
  expect(messages.map(({ text }) => text).join()).toContain('Northwind')
  expect(mails).toBeGreaterThan(0)
})

it('stops too when the shell between npm and it dies of the signal', async () => {
  sandbox.process.kill('SIGTERM')
  await sandbox.exited
  const line = `"${process.execPath}" sandbox/main.ts --port ${port} --data "${data}"; true`
  const shell = spawn('sh', ['-c', line], {
    env: { ...process.env, NODE_ENV: 'test', npm_lifecycle_event: 'sandbox' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  shell.stdout.on('data', (bytes) => {
    said += bytes
    if (said.endsWith('ready\n')) shell.kill('SIGTERM')
  })
  await once(shell.stdout, 'close') // the sandbox has it too
  expect(said).toMatch(/ready\nstopping\n$/)
})

type State = {
  time: string
  mails: number
  worker: { pid: number }
  problems: string[]
  keys: Record<string, Record<string, string>>
  messages: { text: string }[]
}

async function state(): Promise<State> {
  return (await (await fetch(`${url}/sandbox/state`)).json()) as State
}

const told = async () => (await state()).messages.some(({ text }) => text.startsWith('Disconnected'))

async function control(what: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/sandbox/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const said = (await answer.json()) as Record<string, unknown>
  expect(answer.status, JSON.stringify(said)).toBe(200)
  return said
}

function launch(args: string[], env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    ['sandbox/main.ts', '--port', String(port), '--data', data, ...args],
    {
      env: { ...process.env, NODE_ENV: 'test', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => void said.push(...String(bytes).trim().split('\n')))
  return { process: child, said, exited: once(child, 'exit') }
}

async function start(on: number) {
  port = on
  const started = launch([], {})
  const ready = new Promise<void>((up) => {
    started.process.stdout?.on('data', () => started.said.at(-1) === 'ready' && up())
  })
  const ended = started.exited.then(() => Promise.reject(new Error(`it ended: ${started.said.join('\n')}`)))
  await Promise.race([ready, ended])
  ended.catch(() => {}) // it ends one day, and should
  return started
}

async function failing(args: string[], env: Record<string, string>): Promise<string> {
  const { said, exited } = launch(args, env)
  const [code] = await exited
  expect(code).toBe(1)
  return said.join('\n')
}
