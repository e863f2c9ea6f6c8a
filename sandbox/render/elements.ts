/** Buttons, menus and inputs as HTML. The page's script finds them by data attributes and sends what they hold. */
import { html, Markup } from '../../templates/markup.ts'
import { icon } from '../page/icons.ts'
import { CHANNELS, PEOPLE } from '../slack/people.ts'
import type { Element } from '../slack/shown.ts'
import { mrkdwn, plainText, type Viewer } from './mrkdwn.ts'

type Words = { type: string; text: string }
type Option = { text: Words; value: string; description?: Words; url?: string }
/** What an input holds now: one entry of a view's state. */
export type Held = Record<string, unknown> | undefined

export function words(object: unknown, viewer: Viewer): Markup {
  const given = object as Words | undefined
  if (!given) return new Markup('')
  return given.type === 'mrkdwn' ? mrkdwn(given.text, viewer) : plainText(given.text)
}

export function element(block: string, given: Element, held: Held, viewer: Viewer): Markup {
  const { type } = given
  if (type === 'button') return button(block, given, viewer)
  if (type === 'overflow') return overflow(block, given, viewer)
  if (type === 'image') return picture(given)
  if (type.endsWith('_input')) return textInput(block, given, held)
  if (type === 'radio_buttons' || type === 'checkboxes') return boxes(block, given, held, viewer)
  if (type.endsWith('external_select')) return typeahead(block, given, held)
  if (type.endsWith('_select')) return select(block, given, held)
  if (type.endsWith('picker')) return picker(block, given, held)
  return html`<em>${type}</em>`
}

const confirmOf = ({ confirm }: Element) => (confirm ? JSON.stringify(confirm) : '')

function marks(block: string, { type, action_id, ...rest }: Element): Markup {
  const confirm = confirmOf({ type, action_id, ...rest })
  return html`data-block="${block}" data-action="${action_id}" data-type="${type}" data-confirm="${confirm}"`
}

function button(block: string, given: Element, viewer: Viewer): Markup {
  const {
    style = 'plain',
    url = '',
    accessibility_label: label = '',
  } = given as unknown as Record<string, string>
  const spoken = label ? html` aria-label="${label}"` : html``
  return html`<button type="button" class="button ${style}" data-press data-url="${url}" ${marks(block, given)}${spoken}>${words(given.text, viewer)}</button>`
}

function overflow(block: string, given: Element, viewer: Viewer): Markup {
  const options = (given.options ?? []) as Option[]
  const label = (given.accessibility_label as string | undefined) ?? 'More actions'
  return html`<details class="overflow"><summary aria-label="${label}">${icon('more')}</summary><div class="menu">${options.map(
    (option) =>
      html`<button type="button" data-press data-url="${option.url ?? ''}" data-option="${JSON.stringify(option)}" ${marks(block, given)}>${words(option.text, viewer)}${option.description ? html`<small>${words(option.description, viewer)}</small>` : null}</button>`,
  )}</div></details>`
}

export function picture({ image_url, alt_text }: Record<string, unknown>): Markup {
  return html`<img src="${String(image_url)}" alt="${String(alt_text ?? '')}" loading="lazy">`
}

const KINDS: Record<string, string> = {
  email_text_input: 'email',
  url_text_input: 'url',
  number_input: 'number',
}

function textInput(block: string, given: Element, held: Held): Markup {
  const { multiline, max_length, action_id } = given
  const hint = (given.placeholder as Words | undefined)?.text ?? ''
  const value = String(held?.value ?? '')
  const longest = max_length ? html` maxlength="${String(max_length)}"` : html``
  const name = html`name="${action_id}" placeholder="${hint}" data-holds="value" ${marks(block, given)}${longest}`
  return multiline
    ? html`<textarea rows="3" ${name}>${value}</textarea>`
    : html`<input type="text" inputmode="${KINDS[given.type] ?? 'text'}" autocomplete="off" value="${value}" ${name}>`
}

function boxes(block: string, given: Element, held: Held, viewer: Viewer): Markup {
  const one = given.type === 'radio_buttons'
  const chosen = [held?.selected_option, ...((held?.selected_options as Option[]) ?? [])].flatMap(
    (option) => (option as Option | null)?.value ?? [],
  )
  return html`<div class="boxes" data-holds="boxes" ${marks(block, given)}>${(
    (given.options ?? []) as Option[]
  ).map(
    (option) =>
      html`<label><input type="${one ? 'radio' : 'checkbox'}" name="${block}-${given.action_id}" data-option="${JSON.stringify(option)}"${chosen.includes(option.value) ? new Markup(' checked') : null}><span>${words(option.text, viewer)}${option.description ? html`<small>${words(option.description, viewer)}</small>` : null}</span></label>`,
  )}</div>`
}

/** Chips and a box to type in; the script asks the app what fits. Options of users and channels are known here. */
function typeahead(block: string, given: Element, held: Held): Markup {
  const many = given.type.startsWith('multi_')
  const chosen = many ? (held?.selected_options ?? []) : held?.selected_option ? [held.selected_option] : []
  const hint = (given.placeholder as Words | undefined)?.text ?? 'Type to search'
  const least = String(given.min_query_length ?? 3)
  return html`<div class="typeahead" data-holds="typeahead" data-many="${many ? 'yes' : ''}" data-least="${least}" data-chosen="${JSON.stringify(chosen)}" ${marks(block, given)}><div class="chips"></div><input type="text" role="combobox" aria-expanded="false" autocomplete="off" placeholder="${hint}"><ul role="listbox" hidden></ul></div>`
}

function select(block: string, given: Element, held: Held): Markup {
  const { type } = given
  const [key, options] = optionsOf(given)
  const current = held?.[key] as string | { value: string } | null | undefined
  const value = typeof current === 'object' ? current?.value : current
  const hint = (given.placeholder as Words | undefined)?.text ?? 'Choose'
  const many = type.startsWith('multi_') ? new Markup(' multiple') : null
  return html`<select data-holds="${key}" ${marks(block, given)}${many}><option value="">${hint}</option>${options.map(
    (option) =>
      html`<option value="${option.value}" data-option="${JSON.stringify(option)}"${option.value === value ? new Markup(' selected') : null}>${option.text.text}</option>`,
  )}</select>`
}

function optionsOf({ type, options, option_groups }: Element): [string, Option[]] {
  const named = (value: string, text: string): Option => ({ text: { type: 'plain_text', text }, value })
  const s = type.startsWith('multi_') ? 's' : ''
  if (type.endsWith('users_select'))
    return [`selected_user${s}`, PEOPLE.map(({ id, realName }) => named(id, realName))]
  const channels = CHANNELS.map(({ id, name }) => named(id, `#${name}`))
  if (type.endsWith('conversations_select')) return [`selected_conversation${s}`, channels]
  if (type.endsWith('channels_select')) return [`selected_channel${s}`, channels]
  const groups = (option_groups ?? []) as { options: Option[] }[]
  return [
    `selected_option${s}`,
    (options as Option[] | undefined) ?? groups.flatMap((group) => group.options),
  ]
}

function picker(block: string, given: Element, held: Held): Markup {
  const kind = given.type.replace('picker', '')
  const key = kind === 'datetime' ? 'selected_date_time' : `selected_${kind}`
  const type = kind === 'datetime' ? 'datetime-local' : kind
  return html`<input type="${type}" data-holds="${key}" value="${String(held?.[key] ?? '')}" ${marks(block, given)}>`
}
