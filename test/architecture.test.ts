/** The house rules that a machine can check: who may import whom, sizes, cycles, lists, and a few words. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

/** Folder → sibling folders it may import. '.' is the root: config.ts and log.ts. */
const mayImport: Record<string, string[]> = {
  connectors: [],
  storage: [],
  templates: [],
  flows: ['storage', 'connectors'],
  bot: ['flows', 'templates', '.'],
  web: ['flows', 'templates', '.'],
  jobs: ['flows', 'templates', '.'],
}
const ROOT_SHARED = ['config.ts', 'log.ts']
/** The voices are declared by the jobs that use them and built in bot/: a type may cross, a value may not. */
const TYPES_MAY_CROSS = [{ from: 'bot', to: 'jobs/job.ts' }]

/** Packages that only these folders may know. */
const ownedPackages: Record<string, string[]> = {
  postgres: ['storage'],
  pg: ['storage'],
  'pg-boss': ['jobs'],
  '@slack/bolt': ['bot'],
  '@slack/web-api': ['bot'],
  '@slack/oauth': ['bot'],
  nodemailer: ['bot'],
  express: ['web', 'bot'],
  'grant/lib/grant.js': ['web'],
  helmet: ['web'],
  undici: ['connectors'],
  bottleneck: ['connectors', 'bot'],
  '@resvg/resvg-wasm': ['jobs'],
  'date-fns': ['flows'],
  'date-fns-tz/fromZonedTime': ['connectors'],
  pino: ['.'],
}
/** Never in the product: compiled ahead (mjml), or a bare import that costs 1.3 s and 335 MB (date-fns-tz). */
const forbidden = [
  'mjml',
  'date-fns-tz',
  'date-fns-tz/formatInTimeZone',
  'date-fns-tz/toZonedTime',
  'emulate',
]

const EDGES = ['sandbox', 'test', 'scripts', 'docs', 'node_modules', '.data']
const FILE_LINES = 250
const TEST_LINES = 400

const all = readdirSync('.', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !/(^|\/)(node_modules|\.data|\.git)\//.test(file))
const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : '.')
const product = all.filter((file) => !EDGES.includes(folderOf(file)) && file !== 'vitest.config.ts')
const text = new Map(all.map((file) => [file, readFileSync(file, 'utf8')]))

type Import = { from: string; to: string; typeOnly: boolean }

function importsOf(file: string): Import[] {
  const found = (text.get(file) ?? '').matchAll(
    /^(import|export)\s+(type\s+)?[^'"]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm,
  )
  return [...found].map(([, , type, named, bare, dynamic]) => ({
    from: file,
    to: named ?? bare ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }))
}

const inner = product.flatMap((file) =>
  importsOf(file)
    .filter(({ to }) => to.startsWith('.'))
    .map((edge) => ({ ...edge, to: normalize(join(dirname(file), edge.to)) })),
)

test('folders import only downwards', () => {
  const wrong = inner.filter(({ from, to, typeOnly }) => {
    const [a, b] = [folderOf(from), folderOf(to)]
    if (a === '.' || a === b) return b !== '.' && EDGES.includes(b)
    if (typeOnly && TYPES_MAY_CROSS.some((edge) => edge.from === a && edge.to === to)) return false
    return b === '.' ? !(ROOT_SHARED.includes(to) && mayImport[a]?.includes('.')) : !mayImport[a]?.includes(b)
  })
  expect(wrong).toEqual([])
})

test('each package is known to its owner only', () => {
  const wrong = product.flatMap((file) =>
    importsOf(file).filter(({ to }) => {
      const owners = ownedPackages[to]
      return forbidden.includes(to) || (owners !== undefined && !owners.includes(folderOf(file)))
    }),
  )
  expect(wrong).toEqual([])
})

test('every package of the product has an owner', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object }
  const used = new Set(product.flatMap((file) => importsOf(file).map(({ to }) => to)))
  const unowned = [...used].filter(
    (name) => !name.startsWith('.') && !name.startsWith('node:') && !(name in ownedPackages),
  )
  expect(unowned.filter((name) => !['zod', '@slack/types'].includes(name))).toEqual([])
  expect(Object.keys(dependencies)).not.toContain('mjml')
})

test('no import cycles', () => {
  const next = Map.groupBy(inner, (edge) => edge.from)
  const done = new Set<string>()
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return null
    done.add(file)
    for (const { to } of next.get(file) ?? []) {
      const cycle = visit(to, [...path, file])
      if (cycle) return cycle
    }
    return null
  }
  for (const file of product) expect(visit(file, [])).toBeNull()
})

test('no file is too long to read at a sitting', () => {
  const long = all
    .map((file) => ({ file, lines: (text.get(file) ?? '').trimEnd().split('\n').length }))
    .filter(
      ({ file, lines }) =>
        !file.includes('generated') && lines > (folderOf(file) === 'test' ? TEST_LINES : FILE_LINES),
    )
  expect(long).toEqual([])
})

test('every file of the product opens with what it is for', () => {
  const bare = product.filter((file) => !/^\/\*\*/.test(text.get(file) ?? '') && file !== 'main.ts')
  expect(bare.filter((file) => !file.includes('generated'))).toEqual([])
})

test('the environment is read in one place', () => {
  const readers = product.filter((file) => /process\.env/.test(text.get(file) ?? ''))
  expect(readers).toEqual(['main.ts'])
})

test('one file posts in Slack, and nothing is ever unfurled', () => {
  const POSTS = /chat\s*\.(postMessage|update)\(|files\s*\.(completeUploadExternal|uploadV2)\(/
  const posting = product.filter((file) => POSTS.test(text.get(file) ?? ''))
  expect(posting).toEqual(['bot/slack.ts'])
  expect(posting.filter((file) => !/unfurl_links: false/.test(text.get(file) ?? ''))).toEqual([])
})

test('no provider is named outside its own file', () => {
  const named = product.filter(
    (file) => folderOf(file) !== 'connectors' && /provider(\.id|Id)? === '/.test(text.get(file) ?? ''),
  )
  expect(named).toEqual([])
})

/** Files of a listed folder that are no entry of its list, with the reason in their name. */
const support: Record<string, string[]> = {
  connectors: [
    ...[
      'index.ts',
      'connector.ts',
      'provider.ts',
      'call.ts',
      'http.ts',
      'send.ts',
      'outward.ts',
      'origins.ts',
    ],
    ...['classify.ts', 'pace.ts', 'values.ts', 'days.ts', 'paging.ts', 'fields.ts', 'grants.ts', 'tables.ts'],
    ...['claims.ts', 'files.ts', 'orders.ts'],
  ],
  jobs: ['index.ts', 'job.ts', 'queue.ts', 'incident-view.ts'],
}

test.each(Object.keys(support))('every file in %s is listed in its index', (folder) => {
  const index = text.get(`${folder}/index.ts`) ?? ''
  const missing = readdirSync(folder).filter(
    (name) => name.endsWith('.ts') && !support[folder]?.includes(name) && !index.includes(`'./${name}'`),
  )
  expect(missing).toEqual([])
})

test('every bot file with listeners is listed in bot/index.ts', () => {
  const index = text.get('bot/index.ts') ?? ''
  const missing = product
    .filter((file) => folderOf(file) === 'bot' && /export function register\(/.test(text.get(file) ?? ''))
    .filter((file) => !index.includes(`'./${file.slice('bot/'.length)}'`))
  expect(missing).toEqual([])
})
