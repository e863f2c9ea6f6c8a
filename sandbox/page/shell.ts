/** The page around the pieces of screen.ts and the control strip. */
import { html, type Markup } from '../../templates/markup.ts'
import { PEOPLE, TEAM } from '../slack/people.ts'
import { icon } from './icons.ts'

export function shell(): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TEAM.name} – Latchkey sandbox</title>
<link rel="icon" href="data:,">
${styles()}
</head>
<body>
${strip()}
<div class="slack">
<nav class="rail" aria-label="Workspace">
<div class="team"><b>${TEAM.name}</b>
<label>Acting as <select id="as">${PEOPLE.map(({ name, realName, title }) => html`<option value="${name}">${realName} · ${title}</option>`)}</select></label></div>
<div id="rail"></div>
</nav>
<main><header><button type="button" id="menu" aria-label="Channels">${icon('menu')}</button><div id="head"></div></header>
<div id="main" class="scroll" aria-live="polite"></div>
<form id="composer" autocomplete="off"><ul id="commands" role="listbox" hidden></ul>
<input id="say" aria-label="Message or command" placeholder="Message"><button type="submit" class="button primary" aria-label="Send">${icon('send')}</button></form>
<p id="readonly" hidden>Sending messages to this app has been turned off. Type commands in a channel.</p>
</main>
<aside id="thread" hidden aria-label="Thread"></aside>
</div>
<dialog id="modal"></dialog>
<dialog id="confirm"></dialog>
<div id="toasts" role="status"></div>
<script src="/sandbox/browser/main.js" type="module"></script>
</body>
</html>`.source
}

/** Time, provider, worker and mail: the strings a person can pull. */
function strip(): Markup {
  const move = (advance: string, words: string) =>
    html`<button type="button" data-control="clock" data-advance="${advance}">${words}</button>`
  const modes = ['ok', 'slow', 'rate-limited', 'down']
  return html`<header class="strip"><b>${icon('key')} Latchkey sandbox</b>
<details><summary>Controls</summary><div class="controls">
<span class="group"><span class="what">Clock</span><time id="clock">…</time>${move('PT1H', '+1 h')}${move('PT4H', '+4 h')}${move('P1D', '+1 day')}${move('midnight', 'Midnight')}<form data-control="clock"><input id="duration" size="6" placeholder="PT90M" aria-label="ISO 8601 duration"><button>Move</button></form></span>
<span class="group"><span class="what">Providers</span><select id="mode" aria-label="How every provider answers">${modes.map((mode) => html`<option value="${mode}">${mode === 'ok' ? 'answer well' : mode}</option>`)}</select><form data-control="revoke"><select id="revoke" aria-label="Whose access ends at the provider"><option value="">Access of…</option></select><button>Revoke</button></form></span>
<span class="group"><span class="what">Worker</span><button type="button" data-control="worker">Restart</button></span>
<span class="group"><span class="what">Next mail</span><button type="button" data-control="mail" data-next="bounce">Bounce</button><button type="button" data-control="mail" data-next="greylist">Greylist</button></span>
</div></details>
<span class="ways">${toTypeButton()}<a class="inbox" href="/sandbox/inbox" target="inbox">${icon('mail')} Inbox <b id="mails"></b></a></span></header>
${toTypePanel()}`
}

export const toTypeButton = () =>
  html`<button type="button" id="to-type-button" popovertarget="to-type">${icon('key')} What to type</button>`

/** Filled by totype.js whenever it opens: keys change when they are revoked. */
export const toTypePanel = () =>
  html`<div id="to-type" popover role="dialog" aria-labelledby="to-type-title">
<header><h2 id="to-type-title" tabindex="-1" autofocus>What to type</h2><button type="button" class="close" popovertarget="to-type" popovertargetaction="hide" aria-label="Close">×</button></header>
<p>Owners’ pages ask for these. All other data sources are connected by signing in.</p>
<div id="to-type-list"></div><p role="status"></p></div>
<script src="/sandbox/browser/totype.js" type="module"></script>`

export function document(title: string, body: Markup): string {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>${styles()}</head><body>${body}</body></html>`
    .source
}

const styles = () =>
  html`${['frame', 'conversation', 'messages', 'blocks', 'forms', 'overlays', 'totype', 'narrow'].map((name) => html`<link rel="stylesheet" href="/sandbox/browser/${name}.css">`)}`
