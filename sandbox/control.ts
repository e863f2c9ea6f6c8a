/** The strings a person or a test can pull in the running sandbox: clock, provider, worker, mail. */
import { listeners } from '../bot/index.ts'
import type { Services } from '../flows/services.ts'
import { advanceClock, readClock, tickNow, untilMidnight } from './clock.ts'
import type { SandboxGoogle } from './google/start.ts'
import type { MailCatcher } from './mail.ts'
import type { SandboxProviders } from './providers/start.ts'
import { toType } from './providers/to-type.ts'
import type { Slack } from './slack/index.ts'
import type { Worker } from './worker.ts'

export type Sandbox = {
  slack: Slack
  google: SandboxGoogle
  /** Every other provider. */
  providers: SandboxProviders
  mail: MailCatcher
  worker: Worker
  services: Services
  /** Milliseconds the clock people see is ahead of the real one; the fake provider follows it. */
  ahead: number
}

/** Where people have logins of their own, see sandbox/google. */
const BY_PERSON = 'google'
const MODES = ['ok', 'slow', 'rate-limited', 'down'] as const

/** What an order answers; null: there is no such order. `says` is for people, `trouble` when nothing was done. */
export async function obey(
  sandbox: Sandbox,
  order: string,
  body: Record<string, unknown>,
): Promise<Record<string, unknown> | null> {
  if (order === 'clock') return moveClock(sandbox, String(body.advance ?? ''))
  if (order === 'worker') {
    await sandbox.worker.restart(body.how === 'kill' ? 'SIGKILL' : 'SIGTERM')
    return { says: 'The worker was restarted.', worker: sandbox.worker.pid() }
  }
  if (order === 'provider') {
    const mode = MODES.find((one) => one === body.mode)
    if (!mode) return { trouble: `A provider can be ${MODES.join(', ')}.` }
    sandbox.google.setMode(mode)
    sandbox.providers.setMode(mode)
    return { says: `Every provider ${mode === 'ok' ? 'answers well' : `is ${mode}`} from now on.` }
  }
  if (order === 'revoke') {
    if (!body.email) return { trouble: 'Choose whose access to revoke.' }
    await sandbox.google.revoke(String(body.email))
    return {
      says: `${body.email} removed Latchkey’s access in their Google Account. The next refresh will notice.`,
    }
  }
  if (order === 'withdraw') return withdraw(sandbox, String(body.provider ?? ''))
  if (order === 'mail') {
    const what = body.next === 'greylist' ? 'greylist' : 'bounce'
    sandbox.mail.next(what)
    return {
      says: what === 'bounce' ? 'The next mail will be refused.' : 'The next mail will be put off once.',
    }
  }
  return null
}

/** For all its connections at once, as if whoever made them had thought better of it. */
function withdraw({ services, providers }: Sandbox, id: string): Record<string, unknown> {
  const provider = services.connectors.providers().find((one) => one.id === id)
  if (!provider) return { trouble: 'Choose at which provider access is revoked.' }
  if (id === BY_PERSON) return { trouble: `At ${provider.name} one person’s access is revoked at a time.` }
  providers.withdraw(id)
  const done = {
    oauth: `Latchkey’s access was removed at ${provider.name}.`,
    key: `The key was deleted at ${provider.name}; the next one is under “What to type”.`,
  }
  return { says: `${done[provider.auth]} The next refresh will notice.` }
}

/** `advance`: an ISO 8601 duration, or `midnight` for the coming one of the org's zone. Ticks before it answers. */
async function moveClock(sandbox: Sandbox, advance: string): Promise<Record<string, unknown>> {
  const { db } = sandbox.services
  try {
    const [org] = await db.sql<{ timeZone: string }[]>`select time_zone from org order by created_at limit 1`
    const by = advance === 'midnight' ? await untilMidnight(db, org?.timeZone ?? 'Etc/UTC') : advance
    const now = await advanceClock(db, by)
    sandbox.ahead = now.getTime() - Date.now()
    await tickNow(sandbox.services)
    return { time: now.toISOString(), says: `It is now ${now.toUTCString()}.` }
  } catch (error) {
    return { trouble: `The clock could not be moved by "${advance}": ${(error as Error).message}` }
  }
}

/** For the page and for tests from outside. */
export async function stateOf({
  slack,
  google,
  providers,
  mail,
  worker,
  services,
}: Sandbox): Promise<object> {
  const { shown } = slack
  return {
    time: (await readClock(services.db)).toISOString(),
    commands: commands(),
    mails: mail.mails.length,
    inbox: mail.mails.map(({ no, to, subject, links }) => ({ no, to, subject, links })),
    messages: shown.messages.map(({ channel, ts, threadTs, user, text }) => ({
      channel,
      ts,
      threadTs,
      user,
      text,
    })),
    ephemerals: shown.ephemerals.map(({ channel, ts, to, text }) => ({ channel, ts, to, text })),
    problems: shown.problems,
    provider: google.status(),
    /** What to type where a page asks, by provider and field; and in the words of the page. */
    keys: providers.keys,
    toType: toType(services.connectors, providers.keys),
    /** Where `withdraw` ends something. */
    connected: await connectedAt(services),
    worker: { pid: worker.pid() },
  }
}

async function connectedAt({ db, connectors }: Services): Promise<{ provider: string; name: string }[]> {
  const rows = await db.sql<{ provider: string }[]>`
    select distinct provider from connection where status = 'connected'`
  const live = new Set(rows.map(({ provider }) => provider))
  const ours = connectors.providers().filter(({ id }) => id !== BY_PERSON && live.has(id))
  return ours.map(({ id, name }) => ({ provider: id, name }))
}

/** What can be typed, as the app's manifest says it. */
export function commands(): { name: string; hint: string; says: string }[] {
  const all = listeners.flatMap((listener) => listener.commands ?? [])
  return all.map(({ command, usage_hint, description }) => ({
    ...{ name: command, hint: usage_hint ?? '', says: description },
  }))
}
