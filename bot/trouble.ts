/** Telling a person that something failed, wherever they asked from, even when the usual way is gone. */
import { WebClient, type WebClientOptions } from '@slack/web-api'
import { section } from '../templates/slack/blocks.ts'
import { ourMistake, problemView, tookTooLong, tryAgain } from '../templates/slack/trouble.ts'
import type { Incoming } from './listener.ts'
import { say } from './slack.ts'

export type Trouble = {
  /** Given to the person and written to the log; null when the words say all there is. */
  reference: string | null
  says: string
  botToken: string | null
}

export type Body = Incoming & {
  response_url?: string
  trigger_id?: string
  user?: { id?: string }
  channel?: { id?: string }
}

const DATABASE_GONE =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|CONNECT_TIMEOUT|CONNECTION_|08|57P0|53300|55P03|57014)/

/** True for anything that means "the database does not answer now", whatever part said so. */
function isDatabaseGone(error: unknown): boolean {
  const { code, original } = (error ?? {}) as { code?: unknown; original?: unknown }
  if (typeof code === 'string' && DATABASE_GONE.test(code)) return true
  return original !== undefined && isDatabaseGone(original)
}

export function troubleOf(error: unknown, reference: string, botToken: string | null): Trouble {
  return isDatabaseGone(error)
    ? { reference, says: tryAgain(), botToken }
    : { reference, says: ourMistake(reference), botToken }
}

export const late = (): Trouble => ({ reference: null, says: tookTooLong(), botToken: null })

/** What to acknowledge with: Slack shows it in place. A modal keeps what was typed in it. */
export function answerWith(body: Body, { says }: Trouble): unknown {
  if (body.command !== undefined) return { response_type: 'ephemeral', text: says }
  if (body.type === 'block_suggestion') return { options: [] }
  if (body.type !== 'view_submission') return undefined
  const input = body.view?.blocks?.find(({ type, block_id }) => type === 'input' && block_id)
  if (input?.block_id) return { response_action: 'errors', errors: { [input.block_id]: says } }
  return { response_action: 'update', view: problemView(says) }
}

/** True when acknowledging says it all; buttons can only be answered afterwards. */
export const answersInPlace = (body: Body) =>
  body.command !== undefined || body.type === 'view_submission' || body.type === 'block_suggestion'

/** After the acknowledgement: by the response URL, else in the modal or a new one, else in a DM. */
export async function tellAfterwards(body: Body, trouble: Trouble, options: WebClientOptions): Promise<void> {
  if (body.response_url) {
    await fetch(body.response_url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: trouble.says }),
      signal: AbortSignal.timeout(2_500),
    })
    return
  }
  if (!trouble.botToken || !body.user?.id) return
  const slack = new WebClient(trouble.botToken, options)
  const view = problemView(trouble.says)
  if (body.type === 'block_actions' && body.view?.type === 'modal' && body.view.id)
    await slack.views.update({ view_id: body.view.id, view })
  else if (body.type === 'block_actions' && body.trigger_id)
    await slack.views.open({ trigger_id: body.trigger_id, view })
  else await say(slack, body.user.id, { text: trouble.says, blocks: [section(trouble.says)] })
}
