/** What the simulated Slack showed, the inbox holds and the fake Google granted survives a restart, as the database does. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kept, SandboxGoogle } from './google/start.ts'
import type { CaughtMail, MailCatcher } from './mail.ts'
import type { Slack } from './slack/index.ts'
import type { Message } from './slack/shown.ts'

type Memory = { messages: Message[]; mails: CaughtMail[]; google: Kept }

const MOST_MESSAGES = 500
const MOST_MAILS = 200

export function keep(
  data: string,
  { slack, mail, google }: { slack: Slack; mail: MailCatcher; google: SandboxGoogle },
): void {
  const memory: Memory = {
    messages: slack.shown.messages.slice(-MOST_MESSAGES),
    mails: mail.mails.slice(-MOST_MAILS),
    google: google.keep(),
  }
  writeFileSync(join(data, 'memory.json'), JSON.stringify(memory), { mode: 0o600 })
}

/** Null on the first start. */
export function recall(data: string): Memory | null {
  const file = join(data, 'memory.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Memory) : null
}

/** Ephemerals and modals are gone, as with a reload in real Slack. */
export function showAgain(slack: Slack, mail: MailCatcher, { messages, mails = [] }: Memory): void {
  const dated = <T extends { at: Date }>(one: T): T => ({ ...one, at: new Date(one.at) })
  slack.shown.messages.push(...messages.map(dated))
  mail.mails.push(...mails.map(dated))
}
