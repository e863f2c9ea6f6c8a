/** The process itself, as a supervisor sees it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { freshDatabase } from './support/database.ts'
import { startFakeSlack } from './support/fake-slack.ts'

test('signals that come twice, as npm and its group both send one, stop it in order all the same', async () => {
  const [{ url }, slack] = await Promise.all([freshDatabase(), startFakeSlack()])
  const child = spawn(process.execPath, ['main.ts'], {
    env: {
      ...{ PATH: process.env.PATH, DATABASE_URL: url, PORT: '0', PUBLIC_URL: 'http://localhost:1' },
      ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's' },
      ...{ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'access@agency.example' },
      SECRET_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: string[] = []
  await new Promise<void>((ready) => {
    child.stdout.on('data', (bytes) => {
      said.push(String(bytes))
      if (said.join('').includes('"msg":"ready"')) ready()
    })
  })
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  child.kill('SIGTERM')
  child.kill('SIGINT')
  expect(await exited).toEqual([0, null])
  expect(said.join('')).toContain('"msg":"stopped"')
  await slack.close()
})
