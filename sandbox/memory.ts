/** What the simulated Slack showed, the inbox holds and the fake Google granted survives a restart, as the database does. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kept, SandboxGoogle } from './google/start.ts'
import type { CaughtMail, MailCatcher } from './mail.ts'
import type { KeptTokens, SandboxProviders } from './providers/start.ts'
import type { Upload } from './slack/files.ts'
import type { Slack } from './slack/index.ts'
import type { Message } from './slack/shown.ts'

type KeptUpload = Omit<Upload, 'bytes'> & { bytes: string }
type Memory = {
  messages: Message[]
  mails: CaughtMail[]
  google: Kept
  providers?: KeptTokens
  uploads?: KeptUpload[]
}

const MOST_MESSAGES = 500
const MOST_MAILS = 200
/** Larger files are gone with a restart: this is written every few seconds. */
const MOST_FILE_BYTES = 500_000
const MOST_FILES = 20

type Parts = { slack: Slack; mail: MailCatcher; google: SandboxGoogle; providers: SandboxProviders }

export function keep(data: string, { slack, mail, google, providers }: Parts): void {
  const memory: Memory = {
    messages: slack.shown.messages.slice(-MOST_MESSAGES),
    mails: mail.mails.slice(-MOST_MAILS),
    google: google.keep(),
    providers: providers.keep(),
    uploads: [...slack.world.state.uploads.values()].flatMap(keepable).slice(-MOST_FILES),
  }
  writeFileSync(join(data, 'memory.json'), JSON.stringify(memory), { mode: 0o600 })
}

function keepable(upload: Upload): KeptUpload[] {
  const { bytes } = upload
  return bytes && bytes.length <= MOST_FILE_BYTES ? [{ ...upload, bytes: bytes.toString('base64') }] : []
}

/** Null on the first start. */
export function recall(data: string): Memory | null {
  const file = join(data, 'memory.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Memory) : null
}

/** Ephemerals and modals are gone, as with a reload in real Slack. */
export function showAgain(
  slack: Slack,
  mail: MailCatcher,
  { messages, mails = [], uploads = [] }: Memory,
): void {
  const dated = <T extends { at: Date }>(one: T): T => ({ ...one, at: new Date(one.at) })
  slack.shown.messages.push(...messages.map(dated))
  mail.mails.push(...mails.map(dated))
  for (const upload of uploads)
    slack.world.state.uploads.set(upload.id, { ...upload, bytes: Buffer.from(upload.bytes, 'base64') })
}
