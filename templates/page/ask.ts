/** Questions before a sign-in, e.g. which shop, or the key itself, which is typed here and nowhere else. */
import { html, type Markup } from '../markup.ts'
import { listed } from '../words.ts'
import { button, named, type Page, page, type Sender } from './layout.ts'
import type { AskedStop } from './link.ts'

type AskedField = {
  name: string
  label: string
  hint: string
  secret: boolean
  choices: { value: string; label: string }[]
  /** As typed before; '' for secrets, which are never sent back. */
  value: string
  /** What is wrong with it; null: nothing, or not asked yet. */
  wrong: string | null
}

export type AskPage = {
  sender: Sender & object
  path: string
  clientName: string
  stop: AskedStop
  /** Of the data sources it is about. */
  names: string[]
  fields: AskedField[]
  isKey: boolean
  problem:
    | { kind: 'wrong' }
    | { kind: 'refused'; lacks: boolean; ownerAction: string | null }
    | { kind: 'unreachable' }
    | null
}

export function askPage(p: AskPage): Page {
  const title = p.isKey ? `Connect ${listed(p.names)}` : `Before you sign in to ${p.stop.providerName}`
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1>
${p.problem ? problemWords(p) : null}
<p>For client ${named(p.clientName)}.</p>
${p.isKey ? keyWords(p) : null}
<form method="post" action="${p.path}/continue" autocomplete="off">
<input type="hidden" name="provider" value="${p.stop.providerId}">
${p.fields.map(fieldWords)}
<div class="row"><button class="primary">${p.isKey ? 'Check and continue' : 'Continue'}</button></div>
</form>
${p.isKey ? null : html`<p class="soft">Next you will go to <strong>${p.stop.goesTo ?? p.stop.providerName}</strong> and sign in there.</p>`}
<div class="row">${button({ label: 'Back to the request', action: p.path, method: 'get' })}</div>`,
    { signsIn: !p.isKey },
  )
}

function keyWords({ stop, sender }: AskPage): Markup {
  const [source] = stop.sources
  return html`${stop.sources.map(
    ({ signInWith, role, friction }) =>
      html`<p>Use ${signInWith}; ${role}.${friction ? html` ${friction}` : null}</p>`,
  )}
<p>${source?.writeWarning ?? 'Latchkey only reads. It never edits, creates or deletes anything.'}</p>
<p class="soft">Type it here only, never into Slack or a mail. It is checked at ${stop.providerName}, stored encrypted, and nobody at ${named(sender.orgName)} sees more than its last four characters. To withdraw it, delete it at <a href="${stop.permissionsUrl}" rel="noreferrer">${stop.providerName}</a>.</p>`
}

function fieldWords({ name, label, hint, secret, choices, value, wrong }: AskedField): Markup {
  const id = `answer-${name}`
  const described = html` aria-describedby="${id}-hint${wrong ? ` ${id}-wrong` : ''}"${wrong ? html` aria-invalid="true"` : null}`
  const input =
    choices.length > 0
      ? html`<select id="${id}" name="answer.${name}"${described}>${choices.map(
          (choice) =>
            html`<option value="${choice.value}"${choice.value === value ? html` selected` : null}>${choice.label}</option>`,
        )}</select>`
      : html`<input type="${secret ? 'password' : 'text'}" id="${id}" name="answer.${name}" value="${value}" required maxlength="2000" autocomplete="off" autocapitalize="none" spellcheck="false"${described}>`
  return html`<label class="field" for="${id}">${label}</label>
${wrong ? html`<p class="warn" id="${id}-wrong" role="alert">${wrong}</p>` : null}
${input}
<p class="soft" id="${id}-hint">${hint}</p>`
}

function problemWords({ problem, stop, isKey }: AskPage): Markup | null {
  const { providerName } = stop
  if (problem?.kind === 'unreachable')
    return html`<p class="warn" role="alert">${providerName} did not answer just now, so nothing was saved. Please try again in a minute.</p>`
  if (problem?.kind === 'refused' && problem.ownerAction)
    return html`<p class="warn" role="alert">This cannot be connected yet, and nothing was saved. ${problem.ownerAction}</p>`
  if (problem?.kind === 'refused' && problem.lacks)
    return html`<p class="warn" role="alert">${providerName} knows this key, but it lacks a permission that is needed. Nothing was saved. Give it the permission described below, or make a new key.</p>`
  if (problem?.kind === 'refused')
    return html`<p class="warn" role="alert">${providerName} does not accept ${isKey ? 'this key' : 'that'}. Nothing was saved. Please copy it again, whole, and check that it has not been deleted.</p>`
  return html`<p class="warn" role="alert">Please look at what is marked below. Nothing was saved.</p>`
}
