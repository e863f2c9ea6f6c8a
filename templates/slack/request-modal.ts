/** The form of /request-access. Labels are promised to those who test from outside: change none of them lightly. */
import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types'
import { context, cut, plain, section, slackDate } from './blocks.ts'

export const REQUEST_VIEW = 'request_access'
export const QUEUE_VIEW = 'request_queue'
export const TITLE = 'Request access'

export type RequestPrefill = {
  sources: { id: string; name: string }[]
  client: { id: string | null; name: string } | null
  email: string | null
  slackUserId: string | null
}

export type FormField = 'sources' | 'client' | 'who' | 'owner_email' | 'owner_slack' | 'hint' | 'note'

const NEW_CLIENT = 'new:'
const OPTION_MAX = 75

export const sourceOption = ({ id, name }: { id: string; name: string }): PlainTextOption => ({
  text: plain(name, OPTION_MAX),
  value: id,
})

/** A client without an id is one to be created. */
export const clientOption = ({ id, name }: { id: string | null; name: string }): PlainTextOption => ({
  text: plain(id ? name : `Create "${name}"`, OPTION_MAX),
  value: id ?? `${NEW_CLIENT}${cut(name, OPTION_MAX - NEW_CLIENT.length)}`,
})

export const clientOf = (value: string): { id: string } | { name: string } =>
  value.startsWith(NEW_CLIENT) ? { name: value.slice(NEW_CLIENT.length) } : { id: value }

/** `metadata` comes back with the submission. */
export function requestModal(prefill: RequestPrefill, quotaLeft: number, metadata: string): ModalView {
  return {
    type: 'modal',
    callback_id: REQUEST_VIEW,
    private_metadata: metadata,
    title: plain(TITLE, 24),
    submit: plain('Send link', 24),
    close: plain('Close', 24),
    blocks: [
      ...whatBlocks(prefill),
      ...ownerBlocks(prefill),
      text('hint', 'Which accounts?', 300, 'For example: account 123-456-7890, or everything of Acme Europe'),
      text('note', 'Note to the source owner', 500, 'The owner reads this beside your name', true),
      context(quotaLine(quotaLeft)),
    ],
  }
}

function whatBlocks({ sources, client }: RequestPrefill): KnownBlock[] {
  return [
    input('sources', 'Data sources', {
      type: 'multi_external_select',
      action_id: 'request_sources',
      min_query_length: 0,
      max_selected_items: 10,
      placeholder: plain('Type a name, for example Google Ads', 150),
      ...(sources.length > 0 && { initial_options: sources.map(sourceOption) }),
    }),
    input('client', 'Client', {
      type: 'external_select',
      action_id: 'request_client',
      min_query_length: 0,
      placeholder: plain('Choose a client, or type a new name', 150),
      ...(client && { initial_option: clientOption(client) }),
    }),
  ]
}

const OTHER: PlainTextOption = { text: plain('Someone else – ask them'), value: 'other' }
const SELF: PlainTextOption = { text: plain('I do – connect now'), value: 'self' }

function ownerBlocks({ email, slackUserId }: RequestPrefill): KnownBlock[] {
  return [
    input('who', 'Who owns the account?', {
      type: 'radio_buttons',
      action_id: 'value',
      options: [OTHER, SELF],
      initial_option: OTHER,
    }),
    optional(
      input('owner_email', "Source owner's e-mail", {
        type: 'email_text_input',
        action_id: 'value',
        placeholder: plain('dana@client.com', 150),
        ...(email && { initial_value: email }),
      }),
    ),
    optional(
      input('owner_slack', 'Source owner in Slack', {
        type: 'users_select',
        action_id: 'value',
        placeholder: plain('Gets the link as a direct message', 150),
        ...(slackUserId && { initial_user: slackUserId }),
      }),
    ),
  ]
}

function input(blockId: FormField, label: string, element: InputBlock['element']): InputBlock {
  return { type: 'input', block_id: blockId, label: plain(label, 2000), element }
}

const optional = (block: InputBlock): InputBlock => ({ ...block, optional: true })

function text(blockId: FormField, label: string, max: number, hint: string, multiline = false): InputBlock {
  return optional(
    input(blockId, label, {
      type: 'plain_text_input',
      action_id: 'value',
      max_length: max,
      multiline,
      placeholder: plain(hint, 150),
    }),
  )
}

const quotaLine = (left: number) =>
  left > 0
    ? `${left} of 10 auth links left this hour. Connecting your own account needs none.`
    : 'All 10 auth links of this hour are used: you can queue the request. Connecting your own account needs none.'

/** In place of the form when the hour's links are used up. `metadata` holds the wish. */
export function queueModal(nextSlot: Date, metadata: string): ModalView {
  return {
    type: 'modal',
    callback_id: QUEUE_VIEW,
    private_metadata: metadata,
    title: plain(TITLE, 24),
    submit: plain('Queue it', 24),
    close: plain('Discard', 24),
    blocks: [
      section(
        `*All 10 auth links of the last 60 minutes are used.*\nThe next one is free ${slackDate(nextSlot)}.`,
      ),
      section('Press *Queue it* and Latchkey sends your request by itself then, in order, and tells you.'),
    ],
  }
}
