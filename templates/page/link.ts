/** The link page: who asks for what, what may be done with it, and the ways out. Nothing happens by looking. */
import { html, type Markup } from '../markup.ts'
import { exactTime } from '../time.ts'
import { listed } from '../words.ts'
import { button, named, type Page, page, providerLinks, type Sender } from './layout.ts'

type AskedSource = {
  connectorName: string
  accountHint: string
  /** Plain words, one per permission. */
  reads: string[]
  /** The truth where the provider has no read-only permission. */
  writeWarning: string | null
  signInWith: string
  role: string
  friction: string | null
}

/** One sign-in, for one or several data sources. */
export type AskedStop = {
  providerId: string
  providerName: string
  /** The host it leads to; null where a key is entered here instead. */
  goesTo: string | null
  sources: AskedSource[]
  /** Whom this browser is signed in as already; null: still to come. */
  signedInAs: string | null
  permissionsUrl: string
}

export type LinkPage = {
  sender: Sender & object
  /** Path of the link, e.g. /l/lk_…: every form leads below it. */
  path: string
  requester: { name: string; email: string | null; website: string | null }
  clientName: string
  purpose: 'connect' | 'reconnect'
  forSelf: boolean
  note: string
  stops: AskedStop[]
  /** Masked; whom a reconnect expects. */
  expected: string | null
  expiresAt: Date
  timeZone: string
  declined: boolean
  /** The browser inside another app, which providers refuse; the address to copy. */
  webview: { url: string } | null
}

export function linkPage(p: LinkPage): Page {
  const names = listed([...new Set(p.stops.flatMap(({ sources }) => sources.map((s) => s.connectorName)))])
  const takesKey = p.stops.length > 0 && p.stops.every(({ goesTo }) => goesTo === null)
  const again = takesKey ? 'enter a new key for' : 'sign in again to'
  const verb = p.purpose === 'reconnect' ? again : 'connect'
  const title = p.forSelf ? `Connect ${names}` : `${p.sender.orgName} asks you to ${verb} ${names}`
  const open = p.stops.find(({ signedInAs }) => signedInAs === null)
  return page(
    p.sender,
    title,
    html`<h1>${p.forSelf ? html`Connect ${names}` : html`${named(p.sender.orgName)} asks you to ${verb} ${names}`}</h1>
${p.webview ? webviewHint(p.webview.url) : null}
${p.declined ? html`<p class="warn">You declined this. If that was a mistake, you can still continue.</p>` : null}
<dl>
<dt>Asked by</dt><dd>${askedBy(p)}</dd>
<dt>For client</dt><dd>${named(p.clientName)}</dd>
<dt>Works until</dt><dd><strong>${exactTime(p.expiresAt, p.timeZone)}</strong></dd>
</dl>
${p.note ? html`<h2>Note</h2><p class="note">${named(p.note)}</p>` : null}
${p.expected ? expectedWords(p.expected, takesKey) : null}
<h2>What it is about</h2>
${p.stops.map((stop) => stopSection(p, stop, stop === open))}
${p.stops.some(({ signedInAs }) => signedInAs !== null) ? resume(p) : null}
<h2>Good to know</h2>
<ul>
<li>You need no account with ${named(p.sender.orgName)} or Latchkey.</li>
<li>Sign out of other logins first, or choose the right one when you are asked.</li>
<li>You choose the accounts yourself. Nothing is connected before you press Finish.</li>
<li>You can withdraw the access at any time: on your own page, whose address you get at the end, or at ${providerLinks(p.stops.map((stop) => ({ name: stop.providerName, permissionsUrl: stop.permissionsUrl })))}.</li>
</ul>
${p.forSelf ? null : waysOut(p)}`,
  )
}

const expectedWords = (expected: string, takesKey: boolean) =>
  takesKey
    ? html`<p class="warn">Please enter a key of the same account this was connected with before.</p>`
    : html`<p class="warn">Please sign in as <strong>${named(expected)}</strong>, the login this was connected with before.</p>`

function askedBy({ requester, sender }: LinkPage): Markup {
  const site = requester.website && /^https?:\/\//.test(requester.website) ? requester.website : null
  return html`${named(requester.name)}${requester.email ? html` (${named(requester.email)})` : null}<br>
${named(sender.orgName)}${site ? html`, ${named(site.replace(/^https?:\/\/|\/$/g, ''))}` : null}`
}

function stopSection(p: LinkPage, stop: AskedStop, isNext: boolean): Markup {
  const done = stop.signedInAs !== null
  return html`<section class="source">
${stop.sources.map((source) => sourceWords(source, stop.goesTo === null))}
${
  done
    ? html`<p>${stop.goesTo === null ? 'Using' : 'Signed in as'} <strong>${named(stop.signedInAs ?? '')}</strong>.</p>`
    : html`<p class="soft">${stop.goesTo === null ? html`You will enter a key from ${stop.providerName} on the next page; there is no sign-in.` : html`You will go to <strong>${stop.goesTo}</strong> and sign in there.`}</p>`
}
<div class="row">${button({
    label: done ? againLabel(stop) : 'Continue',
    action: `${p.path}/continue`,
    kind: isNext ? 'primary' : 'plain',
    fields: { provider: stop.providerId, ...(done && { other: '1' }) },
  })}</div>
</section>`
}

const againLabel = ({ goesTo }: AskedStop) =>
  goesTo === null ? 'Enter another key' : 'Sign in as someone else'

function sourceWords(source: AskedSource, takesKey: boolean): Markup {
  return html`<h3>${source.connectorName}</h3>
${source.accountHint ? html`<p>Accounts: <strong>${named(source.accountHint)}</strong></p>` : null}
<ul>${source.reads.map((what) => html`<li>${what}</li>`)}</ul>
<p>${source.writeWarning ?? 'Latchkey only reads. It never edits, creates or deletes anything.'}</p>
<p class="soft">${takesKey ? 'Use' : 'Sign in with'} ${source.signInWith}; ${source.role}.${source.friction ? html` ${source.friction}` : null}</p>`
}

const resume = ({ path }: LinkPage) =>
  html`<p class="warn">You have signed in, but nothing is connected yet: choose the accounts and press Finish.</p>
<div class="row">${button({ label: 'Choose accounts', action: `${path}/accounts`, method: 'get', kind: 'primary', fields: { choose: '1' } })}</div>`

function waysOut({ path, requester }: LinkPage): Markup {
  return html`<h2>Not expecting this?</h2>
<p>Then do nothing: without you nothing happens. Or tell ${named(requester.name)}:</p>
<div class="row">
${button({ label: 'Not me – ask someone else', action: `${path}/someone-else`, method: 'get' })}
${button({ label: 'I have a question', action: `${path}/question`, method: 'get' })}
${button({ label: 'Decline', action: `${path}/decline`, method: 'get' })}
</div>`
}

function webviewHint(url: string): Markup {
  return html`<div class="warn"><p>This page is open inside another app, where providers refuse sign-ins.
Open it in your usual browser: copy this address.</p>
<input type="text" readonly aria-label="Address of this page" value="${url}"></div>`
}
