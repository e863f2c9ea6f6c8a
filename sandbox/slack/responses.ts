/** response_url: five answers to one interaction, the only way to change an ephemeral message. */
import { randomUUID } from 'node:crypto'
import { type ApiState, contentOf, type Fields, posted } from './api.ts'
import { problemsOf } from './limits.ts'
import { type Message, touched } from './shown.ts'

export type Origin = {
  user: string
  channel: string
  /** The message the interaction happened on. */
  ts: string | null
  ephemeral: boolean
  uses: number
}
export type Responses = Map<string, Origin>

const MOST_USES = 5

export function openResponse(responses: Responses, ownUrl: string, origin: Omit<Origin, 'uses'>): string {
  const id = randomUUID()
  responses.set(id, { ...origin, uses: 0 })
  return `${ownUrl}/response/${id}`
}

export function answerResponse(
  state: ApiState,
  responses: Responses,
  id: string,
  fields: Fields,
): { status: number; text: string } {
  const origin = responses.get(id)
  if (!origin) return { status: 404, text: 'no_service' }
  if (++origin.uses > MOST_USES) return { status: 404, text: 'used_url' }
  const { shown } = state
  if (fields.text !== undefined || fields.blocks !== undefined) {
    const found = problemsOf({ message: fields as unknown as Message })
    shown.problems.push(...found.map((one) => `response_url: ${one}`))
  }
  respond(state, origin, fields)
  touched(shown)
  return { status: 200, text: 'ok' }
}

/** Also what an HTTP answer with `text` or `blocks` to a command does. */
export function respond({ shown, botUserId }: ApiState, origin: Origin, fields: Fields): void {
  const list: Message[] = origin.ephemeral ? shown.ephemerals : shown.messages
  const at = list.findIndex(({ ts, channel }) => ts === origin.ts && channel === origin.channel)
  const original = list[at]
  if (fields.delete_original && original) list.splice(at, 1)
  if (fields.delete_original) return
  if (fields.replace_original && original) {
    Object.assign(original, contentOf(fields), { edited: !origin.ephemeral })
    return
  }
  const inThread = original?.threadTs ? { thread_ts: original.threadTs } : {}
  const message = posted(shown, { ...inThread, ...fields, channel: origin.channel }, botUserId)
  message.ts = `${Math.floor(Date.now() / 1000)}.${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`
  if (fields.response_type === 'in_channel') shown.messages.push(message)
  else shown.ephemerals.push({ ...message, to: origin.user })
}
