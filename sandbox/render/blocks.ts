/** Block Kit as HTML, without React and without Slack. Unknown blocks are shown as such, never left out. */
import type { KnownBlock } from '@slack/types'
import { html, Markup } from '../../templates/markup.ts'
import { isPicture } from '../slack/files.ts'
import type { Element, Message, ShownView } from '../slack/shown.ts'
import { element, type Held, picture, words } from './elements.ts'
import { mrkdwn, plainText, type Viewer } from './mrkdwn.ts'

type Any = Record<string, unknown>

/** What a message shows: blocks where it has them, else its text; coloured bars below. */
export function renderMessage({ text, blocks, attachments, files }: Message, viewer: Viewer): Markup {
  const shown = blocks.length > 0 || attachments.some((one) => (one.blocks ?? []).length > 0)
  return html`${shown ? renderBlocks(blocks, viewer) : html`<div class="text">${mrkdwn(text, viewer)}</div>`}${attachments.map(
    (one) =>
      html`<div class="bar" style="border-color:${/^#[0-9a-f]{6}$/i.test(one.color ?? '') ? (one.color ?? '') : '#dddddd'}">${one.text ? mrkdwn(one.text, viewer) : null}${renderBlocks(one.blocks ?? [], viewer)}</div>`,
  )}${files.map(file)}`
}

/** Opens beside, as a click in Slack does, and can be kept. */
function file({ name, alt, url }: Message['files'][0]): Markup {
  const shown = isPicture(name)
    ? html`<a href="${url}" target="_blank">${picture({ image_url: url, alt_text: alt })}</a>`
    : null
  return html`<div class="file">${shown}<a href="${url}" download="${name}">${name}</a></div>`
}

export function renderBlocks(blocks: KnownBlock[], viewer: Viewer, view?: ShownView): Markup {
  return html`${blocks.map((block) => render(block as unknown as Any, viewer, view))}`
}

function render(block: Any, viewer: Viewer, view?: ShownView): Markup {
  const { type, block_id } = block as { type: string; block_id?: string }
  const id = block_id ?? ''
  const held = (given: Element): Held => view?.state.values[id]?.[given.action_id]
  const one = (given: unknown) => element(id, given as Element, held(given as Element), viewer)
  if (type === 'divider') return html`<hr>`
  if (type === 'header') return html`<h2 class="head">${words(block.text, viewer)}</h2>`
  if (type === 'section') return section(block, viewer, one)
  if (type === 'context')
    return html`<div class="context">${(block.elements as Any[]).map((each) =>
      each.type === 'image' ? picture(each) : html`<span>${words(each, viewer)}</span>`,
    )}</div>`
  if (type === 'actions') return html`<div class="actions">${(block.elements as unknown[]).map(one)}</div>`
  if (type === 'input') return input(block, viewer, one, view?.errors[id])
  if (type === 'image')
    return html`<figure>${picture(block)}${block.title ? html`<figcaption>${words(block.title, viewer)}</figcaption>` : null}</figure>`
  if (type === 'alert')
    return html`<div class="alert ${String(block.level ?? 'info')}" role="note">${words(block.text, viewer)}</div>`
  if (type === 'table') return table(block, viewer)
  if (type === 'rich_text')
    return html`<div class="text">${(block.elements as Any[]).map((each) => rich(each, viewer))}</div>`
  if (type === 'markdown') return html`<div class="text"><pre>${String(block.text)}</pre></div>`
  return html`<div class="alert error">A block of type ${type}, which the sandbox cannot show</div>`
}

function section(block: Any, viewer: Viewer, one: (given: unknown) => Markup): Markup {
  const fields = (block.fields ?? []) as unknown[]
  return html`<div class="section"><div class="text">${words(block.text, viewer)}${fields.length > 0 ? html`<div class="fields">${fields.map((field) => html`<div>${words(field, viewer)}</div>`)}</div>` : null}</div>${block.accessory ? html`<div class="accessory">${one(block.accessory)}</div>` : null}</div>`
}

function input(
  block: Any,
  viewer: Viewer,
  one: (given: unknown) => Markup,
  error: string | undefined,
): Markup {
  const id = `label-${String(block.block_id).replace(/[^\w-]/g, '')}`
  return html`<div class="input${error ? ' wrong' : ''}" data-dispatch="${block.dispatch_action ? 'yes' : ''}">
<div class="label" id="${id}">${words(block.label, viewer)}${block.optional ? html` <i>(optional)</i>` : null}</div>
${new Markup(named(one(block.element).source, id))}
${error ? html`<div class="error" role="alert">${plainText(error)}</div>` : null}
${block.hint ? html`<div class="hint">${words(block.hint, viewer)}</div>` : null}</div>`
}

/** Ties the control to the words above it: the first thing that can hold the focus, or the group of boxes. */
function named(control: string, labelId: string): string {
  return control.startsWith('<div class="boxes"')
    ? control.replace('<div class="boxes"', `<div class="boxes" role="group" aria-labelledby="${labelId}"`)
    : control.replace(/<(input|select|textarea)/, `<$1 aria-labelledby="${labelId}"`)
}

function table(block: Any, viewer: Viewer): Markup {
  const cell = (given: Any) =>
    given.type === 'rich_text'
      ? html`${(given.elements as Any[]).map((each) => rich(each, viewer))}`
      : plainText(String(given.text ?? ''))
  const [first = [], ...rest] = (block.rows ?? []) as Any[][]
  return html`<div class="table"><table><tr>${first.map((each) => html`<th>${cell(each)}</th>`)}</tr>${rest.map((row) => html`<tr>${row.map((each) => html`<td>${cell(each)}</td>`)}</tr>`)}</table></div>`
}

function rich({ type, ...given }: Any, viewer: Viewer): Markup {
  const parts = ((given.elements ?? []) as Any[]).map((each) => rich(each, viewer))
  if (type === 'rich_text_section') return html`<div>${parts}</div>`
  if (type === 'rich_text_quote') return html`<blockquote>${parts}</blockquote>`
  if (type === 'rich_text_preformatted') return html`<pre>${parts}</pre>`
  if (type === 'rich_text_list') {
    const items = html`${parts.map((part) => html`<li>${part}</li>`)}`
    return given.style === 'ordered' ? html`<ol>${items}</ol>` : html`<ul>${items}</ul>`
  }
  if (type === 'text') return styled(plainText(String(given.text)), given.style as Any | undefined)
  if (type === 'link') return mrkdwn(`<${String(given.url)}|${String(given.text ?? given.url)}>`, viewer)
  if (type === 'user') return mrkdwn(`<@${String(given.user_id)}>`, viewer)
  if (type === 'channel') return mrkdwn(`<#${String(given.channel_id)}>`, viewer)
  if (type === 'broadcast') return mrkdwn(`<!${String(given.range)}>`, viewer)
  if (type === 'emoji') return plainText(`:${String(given.name)}:`)
  if (type === 'date')
    return mrkdwn(
      `<!date^${String(given.timestamp)}^${String(given.format)}|${String(given.fallback ?? '')}>`,
      viewer,
    )
  return html`<em>${String(type)}</em>`
}

function styled(text: Markup, style: Any = {}): Markup {
  const tags = Object.entries({ bold: 'b', italic: 'i', strike: 's', code: 'code' }).filter(
    ([name]) => style[name],
  )
  return tags.reduce((out, [, tag]) => new Markup(`<${tag}>${out.source}</${tag}>`), text)
}
