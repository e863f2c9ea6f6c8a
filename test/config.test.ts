/** What an operator sees when the environment is not right. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { appVariables, readConfig } from '../config.ts'

const KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const good = {
  DATABASE_URL: 'postgres://a:b@db1,db2:5433/latchkey?target_session_attrs=read-write',
  PUBLIC_URL: 'https://access.agency.com',
  SLACK_SIGNING_SECRET: 's',
  SLACK_BOT_TOKEN: 'xoxb-1',
  SMTP_URL: 'smtp://u:p@host:587',
  MAIL_FROM: 'Agency <access@agency.com>',
  SECRET_KEYS: KEY,
}

function problemsOf(env: Record<string, string | undefined>): string[] {
  try {
    readConfig({ ...good, ...env })
    return []
  } catch (error) {
    return (error as Error).message
      .split('\n- ')
      .slice(1)
      .map((line) => line.split(/[\s:]/)[0] ?? '')
  }
}

test('the smallest environment is enough', () => {
  const config = readConfig(good)
  expect(config).toMatchObject({
    port: 3000,
    role: 'all',
    logLevel: 'info',
    oauthApps: {},
    notOffered: [],
    providerOrigins: {},
  })
  expect(config.slack).toMatchObject({
    apiUrl: 'https://slack.com/api/',
    install: { kind: 'token', botToken: 'xoxb-1' },
  })
  expect(config.smtp.from).toEqual({ name: 'Agency', address: 'access@agency.com' })
})

test('everything missing is listed in one message', () => {
  const none = Object.fromEntries(Object.keys(good).map((name) => [name, undefined]))
  expect(problemsOf(none).sort()).toEqual(
    [
      ...['DATABASE_URL', 'PUBLIC_URL', 'SLACK_SIGNING_SECRET', 'SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET'],
      ...['SMTP_URL', 'MAIL_FROM', 'SECRET_KEYS'],
    ].sort(),
  )
})

test.each([
  ['PORT', '70000'],
  ['ROLE', 'boss'],
  ['LOG_LEVEL', 'loud'],
  ['PUBLIC_URL', 'http://access.agency.com'],
  ['PUBLIC_URL', 'https://access.agency.com/latchkey'],
  ['DATABASE_URL', 'mysql://x/y'],
  ['SMTP_URL', 'mail.agency.com'],
  ['MAIL_FROM', 'a@b.c, d@e.f'],
  ['SECRET_KEYS', 'k1:tooshort'],
  ['PROVIDER_ORIGINS', '{nonsense'],
  ['SLACK_API_URL', 'slack'],
])('a wrong %s is named', (name, value) => {
  expect(problemsOf({ [name]: value })).toEqual([name])
})

test('half a pair of a provider is named by its missing half', () => {
  expect(problemsOf({ GOOGLE_CLIENT_ID: 'x' })).toEqual(['GOOGLE_CLIENT_SECRET'])
  expect(problemsOf({ META_CLIENT_SECRET: 'x' })).toEqual(['META_CLIENT_ID'])
})

test('no value is ever printed', () => {
  const secret = 'hunter2hunter2hunter2'
  try {
    readConfig({ ...good, SECRET_KEYS: `k1:${secret}`, DATABASE_URL: secret, SMTP_URL: secret, PORT: secret })
  } catch (error) {
    expect((error as Error).message).not.toContain(secret)
  }
  expect.assertions(1)
})

test('libraries must not print what they send in production', () => {
  expect(problemsOf({ NODE_ENV: 'production', DEBUG: '*' })).toEqual(['DEBUG'])
})

test('npm start without an environment says what is missing and exits 1', async () => {
  const started = promisify(execFile)(process.execPath, ['main.ts'], { env: { PATH: process.env.PATH } })
  const { code, stderr } = (await started.catch((error: unknown) => error)) as {
    code: number
    stderr: string
  }
  expect(code).toBe(1)
  expect(stderr).toContain('Latchkey cannot start. Please correct:')
  expect(stderr).toContain('DATABASE_URL is missing')
  expect(stderr).not.toContain('    at ')
})

test('npm start leaves no shell between npm and the product: the signal that stops npm would end there', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } }
  const asked = scripts.start.replaceAll('main.ts', '-p process.ppid')
  const child = execFile('sh', ['-c', asked])
  const [parent] = await Promise.all([text(child.stdout ?? Readable.from([])), once(child, 'exit')])
  expect(Number(parent)).toBe(process.pid)
})

test('.env.example names every variable of the contract, each with a comment', () => {
  const lines = readFileSync('.env.example', 'utf8').trim().split('\n')
  const names = lines
    .filter((line) => /^#?[A-Z_]+=/.test(line))
    .map((line) => line.replace(/^#?([A-Z_]+)=.*/, '$1'))
  for (const name of [
    ...Object.keys(good),
    'PORT',
    'ROLE',
    'LOG_LEVEL',
    'SLACK_APP_TOKEN',
    'PROVIDER_ORIGINS',
    ...appVariables().flatMap(({ id, secret, developerToken }) => [id, secret, developerToken ?? id]),
  ])
    expect(names).toContain(name)
})
