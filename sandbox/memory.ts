/** What the simulated Slack showed and the fake Google granted survives a restart, as the database does. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kept, SandboxGoogle } from './google/start.ts'
import type { Slack } from './slack/index.ts'
import type { Message } from './slack/shown.ts'

type Memory = { messages: Message[]; google: Kept }

const MOST_MESSAGES = 500

export function keep(data: string, { shown }: Slack, google: SandboxGoogle): void {
  const memory: Memory = { messages: shown.messages.slice(-MOST_MESSAGES), google: google.keep() }
  writeFileSync(join(data, 'memory.json'), JSON.stringify(memory), { mode: 0o600 })
}

/** Null on the first start. */
export function recall(data: string): Memory | null {
  const file = join(data, 'memory.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Memory) : null
}

/** Ephemerals and modals are gone, as with a reload in real Slack. */
export function showAgain({ shown }: Slack, { messages }: Memory): void {
  shown.messages.push(...messages.map((one) => ({ ...one, at: new Date(one.at) })))
}
