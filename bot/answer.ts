/** Answering a person where they asked: below the command, in the modal, or in a new one. */
import type { Context, RespondFn } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import { type SlackMessage, section } from '../templates/slack/blocks.ts'
import { loadingView, notLoaded, problemView } from '../templates/slack/trouble.ts'
import type { Body } from './trouble.ts'

/** What every listener is given, whatever it listens to. */
export type Args = {
  body: unknown
  context: Context
  client: WebClient
  ack?: (response?: never) => Promise<void>
  respond?: RespondFn
}

/** What a person typed after a command: Slack escapes three characters on the way. */
export const typed = (text: string): string =>
  text.trim().replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')

/**
 * Only the person who acted sees it. A submitted modal and a typeahead must be unacknowledged still: this is their
 * acknowledgement. Everything else must be acknowledged already. `title` is for where the answer is a modal.
 */
export async function answer(args: Args, message: SlackMessage | string, title = 'Latchkey'): Promise<void> {
  const { text, blocks } =
    typeof message === 'string' ? { text: message, blocks: [section(message)] } : message
  const body = args.body as Body
  const view = { ...problemView(text, title), blocks }
  if (body.type === 'block_suggestion') return args.ack?.({ options: [] } as never)
  if (body.type === 'view_submission') return args.ack?.({ response_action: 'update', view } as never)
  if (args.respond && body.response_url) {
    await args.respond({
      response_type: 'ephemeral',
      replace_original: false,
      text,
      blocks,
      unfurl_links: false,
      unfurl_media: false,
    })
    return
  }
  if (body.view?.type === 'modal' && body.view.id)
    await args.client.views.update({ view_id: body.view.id, view })
  else if (body.trigger_id) await args.client.views.open({ trigger_id: body.trigger_id, view })
}

/**
 * Opens a modal at once and fills it when `build` is done: the trigger lives three seconds from the press, and `build`
 * may ask the database. Null from `build`: it has filled the modal itself. Returns the view's id. When `build` throws,
 * the modal says so before the error goes on.
 */
export async function openModal(
  { client, body }: Pick<Args, 'client' | 'body'>,
  title: string,
  build: (viewId: string) => Promise<ModalView | null>,
): Promise<string> {
  const { trigger_id = '' } = body as Body
  const opened = await client.views.open({ trigger_id, view: loadingView(title) })
  const { id: view_id = '', hash } = opened.view ?? {}
  try {
    const view = await build(view_id)
    if (view) await client.views.update({ view_id, view, ...(hash && { hash }) })
  } catch (error) {
    await client.views.update({ view_id, view: problemView(notLoaded(), title) }).catch(() => {})
    throw error
  }
  return view_id
}
