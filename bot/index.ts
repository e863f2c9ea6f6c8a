/** Everything people can do in Slack. Adding a command: one new file here and one line below. */
import { App, ExpressReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt'
import type { Express } from 'express'
import type { SlackConfig } from '../config.ts'
import type { Services } from '../flows/services.ts'
import type { SlackVoice } from '../jobs/job.ts'
import type { Log } from '../log.ts'

export type Bot = {
  start(): Promise<void>
  /** Waits for running listeners, at most `graceMs`. */
  stop(graceMs: number): Promise<void>
  voice(orgId: string): Promise<SlackVoice | null>
}

export const listeners: { register(app: App, services: Services): void }[] = []

/** Mounts Slack's endpoints on `web` (HTTP), or opens a socket (Socket Mode). Call before `closeWeb`. */
export async function createBot(
  slack: SlackConfig,
  services: Services,
  _log: Log,
  web: Express,
): Promise<Bot> {
  const receiver: Receiver = slack.appToken
    ? new SocketModeReceiver({ appToken: slack.appToken })
    : new ExpressReceiver({ signingSecret: slack.signingSecret, app: web, endpoints: '/slack/events' })
  const app = new App({ receiver, authorize: async () => ({}), deferInitialization: true, convoStore: false })
  for (const listener of listeners) listener.register(app, services)
  await app.init()
  return { start: async () => {}, stop: async () => {}, voice: async () => null }
}
