/**
 * A developer who follows docs/connectors.md to the letter, in a copy of the project: the suite names what is missing
 * until everything is there, and what stands on that page passes it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const PROJECT = new URL('..', import.meta.url).pathname
const LEFT_OUT = new Set(['.git', 'node_modules', '.sandbox'])
const page = readFileSync(join(PROJECT, 'docs/connectors.md'), 'utf8')
const id = 'parcel-post'

let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'latchkey-newcomer-'))
  cpSync(PROJECT, copy, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(relative(PROJECT, path).split('/')[0] ?? ''),
  })
  symlinkSync(join(PROJECT, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(
    join(copy, 'vitest.newcomer.ts'),
    "export default { test: { setupFiles: ['test/support/each.ts'], testTimeout: 90_000 } }",
  )
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

/** What the page's own command says; it needs no database, so none is started. */
async function suite(): Promise<{ code: number; says: string }> {
  const [, command = ''] = /npx (vitest run .* -t parcel-post --hideSkippedTests)/.exec(page) ?? []
  return run([...command.split(' '), '--config', 'vitest.newcomer.ts', '--maxWorkers', '1'])
}

async function run([tool = '', ...words]: string[]): Promise<{ code: number; says: string }> {
  const child: ChildProcess = spawn(join(PROJECT, 'node_modules/.bin', tool), words, {
    cwd: copy,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => said.push(String(bytes)))
  const [code] = (await once(child, 'close')) as [number]
  return { code, says: said.join('') }
}

/** The block of code below the first mention of `file` as a file to write. */
function write(file: string): void {
  const from = page.indexOf(`\`${file}\`:\n\n\`\`\`ts\n`)
  expect(from, `${file} stands on the page`).toBeGreaterThan(0)
  const [, code = ''] = page.slice(from).split(/```(?:ts)?\n/)
  writeFileSync(join(copy, file), code)
}

function addLines(file: string, imported: string, before: RegExp, entry: string): void {
  const given = readFileSync(join(copy, file), 'utf8')
  const added = given.replace(before, (list) => `${list}\n  ${entry},`)
  expect(added).not.toBe(given)
  writeFileSync(join(copy, file), `${imported}\n${added}`)
}

it('is told what is missing after the connector itself', async () => {
  write('connectors/parcel-post.ts')
  const line = "import { parcelPostShipping } from './parcel-post.ts'"
  addLines('connectors/index.ts', line, /allConnectors: Connector\[\] = \[/, 'parcelPostShipping')
  const { code, says } = await suite()
  expect(code).toBe(1)
  for (const missing of [
    'sandbox/fakes/parcel-post.ts, exporting fake: Fake',
    "a line for 'parcel-post' in sandbox/fakes/index.ts",
    'test/connectors/fixtures/parcel-post.ts, exporting fixture: Fixture',
    "a line for 'parcel-post' in test/connectors/fixtures/index.ts",
  ])
    expect(says).toContain(missing)
})

it('has a data source that compiles and passes, once the three files and their lines are there', async () => {
  for (const kind of ['fake', 'fixture']) {
    const folder = kind === 'fake' ? 'sandbox/fakes' : 'test/connectors/fixtures'
    write(`${folder}/${id}.ts`)
    const line = `import { ${kind} as parcelPost } from './${id}.ts'`
    addLines(`${folder}/index.ts`, line, /export const \w+: Record<string, \w+> = \{/, `'${id}': parcelPost`)
  }
  const [types, { code, says }] = await Promise.all([run(['tsc']), suite()])
  expect(types).toEqual({ code: 0, says: '' })
  expect(says).toMatch(/Tests +\d+ passed/)
  expect(code, says).toBe(0)
})
