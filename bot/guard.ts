/**
 * Stands between the receiver and Bolt: refuses what was sent twice or too late, answers within Slack's three seconds
 * whatever happens behind it, and knows what is still running.
 */
import { type App, AuthorizationError, type ReceiverEvent } from '@slack/bolt'
import type { WebClientOptions } from '@slack/web-api'
import { admit } from '../flows/admit.ts'
import type { Services } from '../flows/services.ts'
import type { Log } from '../log.ts'
import {
  answersInPlace,
  answerWith,
  type Body,
  late,
  type Trouble,
  tellAfterwards,
  troubleOf,
} from './trouble.ts'

const ANSWER_BY_MS = 2_400
const CLOCKS_DIFFER_S = 300

export type Guard = {
  /** What the receiver calls instead of Bolt's own. Rejects only to refuse a request over HTTP. */
  process(event: ReceiverEvent): Promise<void>
  /** For Bolt's error handler: the guard tells the person once the listeners are done. */
  note(body: object, error: unknown, reference: string, botToken: string | null): void
  /** Waits for running listeners, at most `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** Headers of an HTTP request; absent in Socket Mode, where nothing is signed. */
export type Signed = { slackSignature?: string; slackTimestamp?: string }

export function createGuard(
  app: () => Pick<App, 'processEvent'>,
  services: Services,
  log: Log,
  clientOptions: () => WebClientOptions,
): Guard {
  const running = new Set<Promise<void>>()
  const troubles = new WeakMap<object, Trouble>()

  async function run(event: ReceiverEvent, answer: Answer): Promise<void> {
    const body = event.body as Body
    const admitted = await admission(services, event).catch((error: unknown) => {
      if (isEvent(event)) throw error // not acknowledged, so Slack sends it again
      log.error({ error }, 'a request from Slack could not be checked')
      return troubleOf(error, '', null)
    })
    if (admitted === 'refused') throw new AuthorizationError('sent before, or at another time', new Error())
    if (admitted === 'repeated') return answer.give(undefined)
    if (typeof admitted === 'object') return speak(body, admitted, answer)
    const { customProperties: _, ...rest } = event
    await app().processEvent({ ...rest, ack: answer.give })
    const trouble = troubles.get(event.body)
    if (trouble) return speak(body, trouble, answer)
    if (!answer.given) log.error({ ...whatIsAsked(body) }, 'no listener acknowledged')
    await answer.give(undefined)
  }

  async function speak(body: Body, trouble: Trouble, answer: Answer): Promise<void> {
    const first = !answer.given
    await answer.give(answerWith(body, trouble))
    if (!(first && answersInPlace(body)) && body.event === undefined)
      await tellAfterwards(body, trouble, clientOptions())
  }

  return {
    async process(event) {
      const answer = answerOnce(event)
      const timer = setTimeout(() => {
        if (answer.given || isEvent(event)) return // an event that is not acknowledged comes again
        log.warn({ ...whatIsAsked(event.body as Body) }, 'answered late')
        void answer.give(answerWith(event.body as Body, late()))
      }, ANSWER_BY_MS)
      const work = run(event, answer).finally(() => clearTimeout(timer))
      const settled = work.catch(() => {}).finally(() => running.delete(settled))
      running.add(settled)
      await work
    },
    note: (body, error, reference, botToken) =>
      void troubles.set(body, troubleOf(error, reference, botToken)),
    async drain(graceMs) {
      let timer: NodeJS.Timeout | undefined
      const grace = new Promise((done) => {
        timer = setTimeout(done, graceMs)
      })
      await Promise.race([Promise.all(running), grace])
      clearTimeout(timer)
    },
  }
}

type Answer = { given: boolean; give: (response?: unknown) => Promise<void> }

/** Slack takes one answer. After the late one, a listener's own goes nowhere instead of failing the listener. */
function answerOnce(event: ReceiverEvent): Answer {
  const answer: Answer = {
    given: false,
    async give(response) {
      if (answer.given) return
      answer.given = true
      await event.ack(response)
    },
  }
  return answer
}

async function admission(services: Services, event: ReceiverEvent) {
  const { slackSignature, slackTimestamp } = (event.customProperties ?? {}) as Signed
  const off = slackTimestamp === undefined ? 0 : Math.abs(Date.now() / 1000 - Number(slackTimestamp))
  if (!(off <= CLOCKS_DIFFER_S)) return 'refused' as const
  return admit(services, {
    // A typeahead asks the same twice in a second when somebody corrects a letter, and changes nothing.
    signature: event.body.type === 'block_suggestion' ? null : (slackSignature ?? null),
    eventId: isEvent(event) ? String(event.body.event_id) : null,
  })
}

const isEvent = ({ body }: ReceiverEvent) => body.event !== undefined && body.event_id !== undefined

/** Never values: they may hold names and addresses. */
function whatIsAsked(body: Body) {
  const { type, command, callback_id, view, actions, action_id } = body
  return {
    type,
    command,
    callback: callback_id ?? view?.callback_id,
    action: actions?.[0]?.action_id ?? action_id,
  }
}
