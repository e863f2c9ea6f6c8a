/** Every mail that was delivered, as its reader sees it; the text part below. Links open the real pages. */
import { html, type Markup } from '../../templates/markup.ts'
import type { CaughtMail } from '../mail.ts'
import { icon } from './icons.ts'
import { document, toTypeButton, toTypePanel } from './shell.ts'

export function inboxPage(mails: CaughtMail[], chosen: number): string {
  const mail = mails.find(({ no }) => no === chosen) ?? mails.at(-1)
  const list = mails
    .toReversed()
    .map(
      (one) =>
        html`<a href="/sandbox/inbox?mail=${one.no}" class="${one.no === mail?.no ? 'on' : ''}"><b>${one.subject}</b><span>to ${one.to.join(', ')}</span></a>`,
    )
  const empty = html`<p class="empty">No mail yet. Mails to source owners appear here; <code>nouser@…</code> bounces, <code>grey@…</code> is greylisted once.</p>`
  return document(
    'Inbox – Latchkey sandbox',
    html`<header class="strip"><b>${icon('mail')} Inbox</b><span class="ways">${toTypeButton()}<a class="inbox" href="/">Back to Slack</a></span></header>
${toTypePanel()}
<div class="mailbox"><nav class="mails" aria-label="Mails">${list.length > 0 ? list : empty}</nav><main>${mail ? reading(mail) : null}</main></div>
<script>function listen(again) {
  const changes = new EventSource('/sandbox/changes')
  changes.addEventListener('mail', () => location.reload())
  changes.onopen = () => again && location.reload()
  changes.onerror = () => { again = true; if (changes.readyState === EventSource.CLOSED) setTimeout(listen, 1000, true) }
}
listen(false)</script>`,
  )
}

function reading({ no, from, replyTo, to, subject, text, at, messageId }: CaughtMail): Markup {
  return html`<header class="mailhead"><h1>${subject}</h1><p><b>${from.name}</b> &lt;${from.address}&gt; to ${to.join(', ')}${replyTo ? html`, replies to ${replyTo}` : null}</p><p><small>${at.toUTCString()} · ${messageId}</small></p></header>
<iframe title="The mail" src="/sandbox/inbox/${no}" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<details><summary>Text part</summary><pre class="textpart">${linked(text)}</pre></details>`
}

function linked(text: string): Markup[] {
  return text
    .split(/(https?:\/\/[^\s)>\]]+)/)
    .map((part, i) =>
      i % 2 === 1 ? html`<a href="${part}" target="_blank" rel="noreferrer">${part}</a>` : html`${part}`,
    )
}

/** The HTML part alone, for the frame: every link opens in a new tab, as mail programs do. */
export function mailBody({ html: body, text }: CaughtMail): string {
  if (!body) return document('Mail', html`<pre>${text}</pre>`)
  return body.replace(/<head>/i, '<head><base target="_blank">')
}
