/** The picker: every account is a box, and none is ticked unless the request or the connection names it. */
import { html, type Markup } from '../markup.ts'
import { counted, listed } from '../words.ts'
import { button, named, type Page, page, type Sender } from './layout.ts'

type AccountBox = {
  value: string
  name: string
  /** Id, currency, parent: whatever tells two of the same name apart. */
  detail: string
  ticked: boolean
  connected: boolean
  /** Why it cannot be chosen. */
  unavailable: string | null
}

export type AccountShelf = {
  connectorName: string
  providerId: string
  accountWord: string
  accountHint: string
  signInWith: string
  boxes: AccountBox[]
  /** Plain words of each permission that was not given. */
  missing: string[]
  /** Names of accounts that are read now, and would not be any more after this sign-in. */
  unseen: string[]
  /** The accounts could not be listed: what the owner may do about it. */
  trouble: 'later' | 'none' | null
}

export type AccountsPage = {
  sender: Sender & object
  path: string
  clientName: string
  orgName: string
  form: string
  heldIds: string[]
  signIns: { providerId: string; providerName: string; label: string; isKey: boolean }[]
  shelves: AccountShelf[]
  /** Another login than the reconnect expected, masked. */
  expected: string | null
  several: boolean
  /** Data sources of the request whose provider has not been signed in to yet. */
  waiting: string[]
  /** More accounts the agency's plan has room for; null: no limit. */
  room: number | null
  problem:
    | { kind: 'nothing-picked' }
    | { kind: 'over-limit'; limit: number; used: number; picked: number }
    | { kind: 'stale' }
    | null
  late: boolean
}

export function accountsPage(p: AccountsPage): Page {
  const title = 'Choose the accounts to connect'
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1>
${p.problem ? problemWords(p) : null}
<p>${named(p.orgName)} will read what you tick, for client ${named(p.clientName)}. Nothing is connected before you press Finish.</p>
${p.room === null ? null : html`<p class="soft">The agency’s plan has room for ${counted(p.room, 'more account')}.</p>`}
${p.late ? html`<p class="warn">This link has just expired. You can still press Finish for a few minutes.</p>` : null}
${
  p.expected
    ? otherLogin(
        p.expected,
        p.signIns.every(({ isKey }) => isKey),
      )
    : null
}
<form method="post" action="${p.path}/finish">
<input type="hidden" name="form" value="${p.form}">
${p.heldIds.map((id) => html`<input type="hidden" name="held" value="${id}">`)}
${p.shelves.map((shelf, at) => shelfWords(shelf, at))}
${finishRow(p)}
</form>
${p.late ? null : p.signIns.map((signIn) => signInAgain(p, signIn))}`,
  )
}

/** Whoever has more to sign in to is led there: Finish spends the link. */
function finishRow({ several, late, waiting }: AccountsPage): Markup {
  const step = (value: string, label: string, look: string) =>
    html`<button class="${look}" name="do" value="${value}">${label}</button>`
  if (late || !several) return html`<div class="row">${step('finish', 'Finish', 'primary')}</div>`
  if (waiting.length === 0)
    return html`<div class="row">${step('finish', 'Finish', 'primary')}${step('another', 'Connect another', 'plain')}</div>`
  return html`<p class="note">Not connected yet: <strong>${listed(waiting)}</strong>. Press “Connect another” to go on. After Finish this link cannot be used again.</p>
<div class="row">${step('another', 'Connect another', 'primary')}${step('finish', 'Finish', 'plain')}</div>`
}

function shelfWords(shelf: AccountShelf, at: number): Markup {
  const { boxes, connectorName, accountHint } = shelf
  return html`<fieldset>
<legend>${connectorName}</legend>
${accountHint ? html`<p class="soft">Asked for: <strong>${named(accountHint)}</strong></p>` : null}
${shelf.missing.length > 0 ? missingWords(shelf) : null}
${shelf.unseen.length > 0 ? unseenWords(shelf) : null}
${shelf.missing.length === 0 && boxes.length === 0 ? emptyWords(shelf) : null}
${boxes.length > 12 ? html`<p class="soft">${counted(boxes.length, shelf.accountWord)}, in alphabetical order.</p>` : null}
<div${boxes.length > 12 ? html` class="list" tabindex="0" role="group" aria-label="${connectorName}"` : null}>
${boxes.map((box, n) => boxWords(box, `a${at}-${n}`))}
</div>
</fieldset>`
}

function boxWords(box: AccountBox, id: string): Markup {
  const { unavailable } = box
  return html`<div class="pick"><input type="checkbox" id="${id}" name="pick" value="${box.value}" aria-describedby="${id}d"${box.ticked ? html` checked` : null}${unavailable ? html` disabled` : null}>
<label for="${id}">${named(box.name)}</label>
<span class="soft" id="${id}d">${named(box.detail)}${box.connected ? (box.detail ? ' · connected before' : 'connected before') : ''}${unavailable ? html`${box.detail || box.connected ? html`<br>` : null}It cannot be chosen: ${unavailable}` : null}</span></div>`
}

function missingWords({ missing, connectorName }: AccountShelf): Markup {
  return html`<div class="warn"><p>One box was not ticked at the sign-in, so ${connectorName} cannot be read:</p>
<ul>${missing.map((what) => html`<li>${what}</li>`)}</ul>
<p>Press “Try again” below and tick it.</p></div>`
}

/** Some providers let people choose which accounts an app may see, and each sign-in takes the place of the last. */
function unseenWords({ unseen }: AccountShelf): Markup {
  const more = unseen.length - UNSEEN_NAMED
  return html`<div class="warn"><p>Read until now, but not visible to this sign-in:</p>
<ul>${unseen.slice(0, UNSEEN_NAMED).map((name) => html`<li>${named(name)}</li>`)}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul>
<p>If they should go on being read, press “Try again” below. Where you are asked what to share, include them.</p></div>`
}

const UNSEEN_NAMED = 5

function emptyWords({ trouble, connectorName, accountWord, signInWith }: AccountShelf): Markup {
  if (trouble === 'later')
    return html`<p class="warn">${connectorName} did not answer just now. Press “Try again” below in a minute.</p>`
  return html`<div class="warn"><p>This login has no ${connectorName} ${accountWord}.</p>
<p>Sign in with ${signInWith}, or ask whoever manages ${connectorName} to give this login access.</p></div>`
}

function signInAgain(p: AccountsPage, signIn: AccountsPage['signIns'][number]): Markup {
  const again = p.shelves.some(
    ({ providerId, missing, unseen, trouble }) =>
      providerId === signIn.providerId && (missing.length + unseen.length > 0 || trouble === 'later'),
  )
  const action = `${p.path}/continue`
  const provider = signIn.providerId
  return html`<h2>${signIn.providerName}</h2>
<p>${signIn.isKey ? 'Using' : 'Signed in as'} <strong>${named(signIn.label)}</strong>.</p>
<div class="row">
${again ? button({ label: 'Try again', action, fields: { provider } }) : null}
${button({ label: signIn.isKey ? 'Enter another key' : 'Sign in as someone else', action, fields: { provider, other: '1' } })}
</div>`
}

const otherLogin = (expected: string, isKey: boolean) =>
  isKey
    ? html`<p class="warn">This key is of another account than the one that was connected before.
Enter a key of that one to repair the connection. If you press Finish with this key, the agency is asked whether to use it instead; nothing moves before they agree.</p>`
    : html`<p class="warn">This was connected by <strong>${named(expected)}</strong> before, which is another login.
Sign in as that one to repair the connection. If you press Finish with this login, the agency is asked whether to use it instead; nothing moves before they agree.</p>`

function problemWords({ problem }: AccountsPage): Markup | null {
  if (!problem) return null
  if (problem.kind === 'nothing-picked')
    return html`<p class="warn" role="alert">No account is ticked yet. Tick at least one, then press Finish.</p>`
  if (problem.kind === 'stale')
    return html`<p class="warn" role="alert">You signed in again meanwhile, so the list has changed. Please choose again.</p>`
  const left = Math.max(0, problem.limit - problem.used)
  return html`<p class="warn" role="alert">You ticked ${counted(problem.picked, 'account')}, but the agency’s plan has room for ${left} more. Tick fewer, or ask the agency to raise its limit.</p>`
}
