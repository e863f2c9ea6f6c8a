/** What a job is, and the two voices it may use. Jobs are shallow: they re-read, ask a flow, and speak. */
import type { SlackProfile } from '../flows/member.ts'
import type { JobName, Jobs, Services } from '../flows/services.ts'
import type { Mail } from '../templates/mail/layout.ts'
import type { SlackMessage } from '../templates/slack/blocks.ts'

export type Posted = { kind: 'posted'; channel: string; ts: string } | { kind: 'unreachable'; why: string }

/** A file for people. Slack shows `title`; `altText` says in words what a picture shows. */
export type FileToPost = { name: string; title: string; altText?: string; data: Blob }

/** Speaks in one org's workspace. Passing trouble throws `RetryLater` or an error; the queue tries again. */
export type SlackVoice = {
  /** `channel` may be a user id: Slack opens the DM. `threadTs` replies in a thread. */
  post(channel: string, message: SlackMessage, options?: { threadTs?: string }): Promise<Posted>
  /** Likewise, with a file above the message. 'refused': Slack or the workspace takes no such file. */
  file(
    channel: string,
    file: FileToPost,
    message: SlackMessage,
  ): Promise<Posted | { kind: 'refused'; why: string }>
  /** 'gone' when the message can no longer be edited. */
  update(channel: string, ts: string, message: SlackMessage): Promise<'updated' | 'gone'>
  /** One page of everybody in the workspace; `next` is the cursor of the page after it. Nobody where it is closed to us. */
  people(cursor: string | null): Promise<{ profiles: SlackProfile[]; next: string | null }>
}

export type MailOutcome =
  | { kind: 'sent' }
  /** The receiving server refused for good (5xx): trying again is pointless. */
  | { kind: 'refused'; code: number; why: string }

export type MailVoice = {
  /** One address, never a list. Greylisting (4xx) and network trouble throw. */
  send(
    to: { name: string | null; address: string },
    mail: Mail,
    options: { id: string; fromName: string; replyTo: string | null },
  ): Promise<MailOutcome>
}

export type Voices = {
  /** Null when the org's workspace is uninstalled or unknown. */
  slack(orgId: string): Promise<SlackVoice | null>
  mail: MailVoice
}

export type JobContext = {
  id: string
  /** 0 on the first run. */
  attempt: number
  /** True when the queue will not try again after a throw. */
  last: boolean
  /** Aborted when the process must stop or the job's claim ran out. */
  signal: AbortSignal
}

export type Job<Name extends JobName> = {
  name: Name
  /** 'exclusive': one waiting or running per key. 'short': one waiting per key. Default: any number. */
  policy?: 'standard' | 'short' | 'exclusive'
  retry: { limit: number; delaySeconds: number; delayMaxSeconds?: number }
  /** How long one run may take before another worker takes over. */
  expireSeconds: number
  /** Loops that fetch, per process. */
  concurrency: number
  /** Jobs one loop takes at once and runs side by side; it takes the next when all are done. Default 1. */
  batch?: number
  /** What people wait for: looked for every second even if its NOTIFY got lost; else every five. */
  prompt?: boolean
  /** Resumes where it was, so it need not be waited for when the worker stops: it is put off at once. */
  resumes?: true
  /** Runs at least once, so it must be safe to run again. */
  run(services: Services & Voices, payload: Jobs[Name], context: JobContext): Promise<void>
}

/** Hands a long wait back to the queue: the job is put off, not failed, and holds no worker meanwhile. */
export class RetryLater extends Error {
  override name = 'RetryLater'
  readonly seconds: number
  constructor(seconds: number, why: string) {
    super(why)
    this.seconds = Math.max(1, Math.ceil(seconds))
  }
}

const [LEAST_S, MOST_S] = [60, 3600]

/**
 * A failure to be tried again: after the wait its provider names, else by the queue's own backoff, which a wait of
 * seconds would undo.
 */
export function retryOf(error: Error & { retryAfterSeconds: number | null }): Error {
  const { retryAfterSeconds: asked, message } = error
  return asked === null ? error : new RetryLater(Math.min(Math.max(asked, LEAST_S), MOST_S), message)
}
