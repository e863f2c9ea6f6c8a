/** What was said in the simulated Slack survives a restart of the sandbox, as the database does. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Slack } from './slack/index.ts'
import type { Message } from './slack/shown.ts'

type Kept = { messages: Message[] }

const MOST_MESSAGES = 500

export function keepSlack({ shown }: Slack, file: string): void {
  const kept: Kept = { messages: shown.messages.slice(-MOST_MESSAGES) }
  writeFileSync(file, JSON.stringify(kept))
}

/** Ephemerals and modals are gone, as with a reload in real Slack. */
export function restoreSlack({ shown }: Slack, file: string): void {
  if (!existsSync(file)) return
  const { messages } = JSON.parse(readFileSync(file, 'utf8')) as Kept
  shown.messages.push(...messages.map((one) => ({ ...one, at: new Date(one.at) })))
}
