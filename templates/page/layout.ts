/** The frame of every page a source owner sees. Works without scripts, pictures and fonts from anywhere. */
import { readableOn } from '../mail/layout.ts'
import { html, Markup } from '../markup.ts'

/** `style` is in `html` too: the server names its hash in the page's content policy. */
export type Page = { html: string; style: string }

/** Who the page belongs to; null before a link is known. */
export type Sender = { orgName: string; color: string; supportEmail: string | null } | null

/** `signsIn`: false where the page itself takes the credential, so that nothing is signed in to elsewhere. */
export function page(sender: Sender, title: string, body: Markup, { signsIn = true } = {}): Page {
  const style = STYLE + brand(sender?.color ?? '#1f6feb')
  const name = sender?.orgName ?? 'Latchkey'
  const source = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>${title.replace(TURNING, '')}</title>
${new Markup(`<style>${style}</style>`)}
</head>
<body>
<header><p class="org" dir="auto">${named(name)}</p></header>
<main>${body}</main>
<footer>${sender?.supportEmail ? html`<p>Questions? Write to <a href="mailto:${sender.supportEmail}">${sender.supportEmail}</a>.</p>` : null}
<p>Latchkey never sees or asks for your password.${signsIn ? ' You sign in at the provider itself.' : null}</p></footer>
</body>
</html>`.source
  return { html: source, style }
}

/** A form that is one button. `get` only leads somewhere, `post` does something. */
export function button(options: {
  label: string
  action: string
  method?: 'get' | 'post'
  kind?: 'primary' | 'plain' | 'danger'
  fields?: Record<string, string>
}): Markup {
  const { label, action, method = 'post', kind = 'plain', fields = {} } = options
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="${method}" action="${action}">${hidden}<button class="${kind}">${label}</button></form>`
}

/** Marks that turn or hide text: a name could pass for another one with them. */
const TURNING = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** A name or text from outside: it cannot change how anything around it reads. */
export const named = (name: string) => html`<bdi>${name.replace(TURNING, '')}</bdi>`

function brand(color: string): string {
  const safe = /^#[0-9a-f]{6}$/.test(color) ? color : '#1f6feb'
  return `:root{--brand:${safe};--on-brand:${readableOn(safe)}}`
}

/** Where the owner can see and remove permissions at the provider itself. */
export function providerLinks(providers: { name: string; permissionsUrl: string }[]): Markup {
  const links = providers.map(
    ({ name, permissionsUrl }) => html`<a href="${permissionsUrl}" rel="noreferrer">${name}</a>`,
  )
  return html`${links.map((link, at) => (at === 0 ? link : html`, ${link}`))}`
}

const STYLE = `
:root{--ink:#1c2024;--soft:#5a6169;--line:#d5d9de;--paper:#fff;--ground:#f4f5f7;--link:#0b57b7;--warn:#fff4d6;--warn-ink:#4d3800;--bad:#a4161a}
@media (prefers-color-scheme:dark){:root{--ink:#eceff2;--soft:#a9b1ba;--line:#3c434b;--paper:#1b1f23;--ground:#101316;--link:#8ab8ff;--warn:#3a2f10;--warn-ink:#ffe6a3;--bad:#ff8a8d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere;hyphens:auto}
header,main,footer{max-width:40rem;margin:0 auto;padding:0 1rem}
.org{font-weight:600;margin:1.5rem 0 .75rem}
main{background:var(--paper);border:1px solid var(--line);border-top:4px solid var(--brand);border-radius:10px;padding:1.25rem 1.25rem 1.5rem}
footer{color:var(--soft);font-size:.875rem;padding-bottom:2rem}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .75rem;text-wrap:balance}
h2{font-size:1.0625rem;margin:1.5rem 0 .5rem}
p,ul,dl{margin:.5rem 0}
ul{padding-left:1.25rem}
dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.25rem 1rem}
dt{color:var(--soft)}
dd{margin:0}
a{color:var(--link)}
.soft{color:var(--soft);font-size:.9375rem}
.note{border-left:3px solid var(--line);padding-left:.75rem;white-space:pre-line}
.warn{background:var(--warn);color:var(--warn-ink);border-radius:6px;padding:.625rem .75rem}
.source{border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;margin:.75rem 0}
.source h2,.source h3{margin:.125rem 0 .25rem;font-size:1.0625rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:1rem}
.row form{margin:0}
button{font:inherit;font-weight:600;padding:.625rem 1.125rem;min-height:2.75rem;border-radius:8px;border:1px solid var(--line);background:var(--paper);color:var(--ink);cursor:pointer;max-width:100%}
button.primary{background:var(--brand);color:var(--on-brand);border-color:var(--brand)}
button.danger{color:var(--bad);border-color:var(--bad)}
button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
fieldset{border:1px solid var(--line);border-radius:8px;margin:1rem 0;padding:.5rem 1rem 1rem;min-width:0}
legend{font-weight:600;padding:0 .375rem}
.list{max-height:24rem;overflow-y:auto;padding:0 .375rem}
.pick{display:grid;grid-template-columns:1.75rem 1fr;align-items:start;padding:.375rem 0}
.pick input{width:1.25rem;height:1.25rem;margin:.125rem 0 0;accent-color:var(--link)}
.pick label{cursor:pointer}
.pick input:disabled+label{color:var(--soft);cursor:default}
.pick .soft{grid-column:2}
label.field{display:block;font-weight:600;margin:1rem 0 .25rem}
input[type=email],input[type=text],input[type=password],select,textarea{font:inherit;width:100%;padding:.5rem .625rem;border:1px solid var(--soft);border-radius:6px;background:var(--paper);color:var(--ink)}
input[aria-invalid]{border:2px solid var(--bad)}
`
