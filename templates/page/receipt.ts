/** The owner's standing page: what is connected, by whom it is read, and how to stop it. */
import { html, type Markup } from '../markup.ts'
import { exactTime } from '../time.ts'
import { button, named, type Page, page, providerLinks, type Sender } from './layout.ts'

export type ReceiptRow = {
  id: string
  connectorName: string
  accountName: string
  status: 'connected' | 'disconnected' | 'paused' | 'removed'
  identityLabel: string
  connectedAt: Date
  readAt: Date | null
  removedAt: Date | null
}

export type ReceiptPage = {
  sender: Sender & object
  path: string
  clientName: string
  timeZone: string
  rows: ReceiptRow[]
  providers: { name: string; permissionsUrl: string }[]
}

export function receiptPage(p: ReceiptPage): Page {
  const title = `What ${p.sender.orgName} can read`
  return page(
    p.sender,
    title,
    html`<h1>What ${named(p.sender.orgName)} can read</h1>
<p>For client ${named(p.clientName)}. Latchkey reads these data sources for the agency; it contains no code that edits, creates or deletes anything in them.</p>
${p.rows.length === 0 ? html`<p>Nothing is connected.</p>` : null}
${p.rows.map((row) => rowWords(p, row))}
${permissions(p.providers)}
<p class="soft">Keep the address of this page to yourself: whoever has it can withdraw these data sources.</p>`,
  )
}

const STATUS = {
  connected: 'Connected',
  disconnected: 'Disconnected: nothing can be read at the moment',
  paused: 'Paused by the agency',
  removed: 'Withdrawn: nothing is read any more',
}

function rowWords({ path, timeZone }: ReceiptPage, row: ReceiptRow): Markup {
  return html`<section class="source">
<h2>${row.connectorName}: ${named(row.accountName)}</h2>
<dl>
<dt>Status</dt><dd>${STATUS[row.status]}</dd>
<dt>Signed in as</dt><dd>${named(row.identityLabel)}</dd>
<dt>Connected</dt><dd>${exactTime(row.connectedAt, timeZone)}</dd>
<dt>Last read</dt><dd>${row.readAt ? exactTime(row.readAt, timeZone) : 'not yet'}</dd>
${row.removedAt ? html`<dt>Withdrawn</dt><dd>${exactTime(row.removedAt, timeZone)}</dd>` : null}
</dl>
${row.status === 'removed' ? null : html`<div class="row">${button({ label: 'Revoke this data source', action: `${path}/revoke/${row.id}`, method: 'get', kind: 'danger' })}</div>`}
</section>`
}

/** A box to tick, because mail scanners press buttons too. */
export function confirmRevokePage(p: ReceiptPage & { unsure: boolean }, row: ReceiptRow): Page {
  const title = 'Revoke this data source?'
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1>
<p><strong>${row.connectorName}: ${named(row.accountName)}</strong></p>
<p>${named(p.sender.orgName)} stops reading it at once, and its reports will miss it from now on. What was read before stays with the agency; ask it if that should be deleted.</p>
${p.unsure ? html`<p class="warn" role="alert">Please tick the box first.</p>` : null}
<form method="post" action="${p.path}/revoke/${row.id}">
<div class="pick"><input type="checkbox" id="sure" name="sure" value="1" required><label for="sure">Yes, stop reading this data source</label></div>
<div class="row"><button class="danger">Revoke this data source</button></div>
</form>
<div class="row">
${button({ label: 'Keep it', action: p.path, method: 'get' })}
</div>`,
  )
}

export type Credential = 'kept' | 'revoked' | 'unsupported' | 'shared' | 'unreachable' | 'none' | 'before'

export function revokedPage(
  p: ReceiptPage,
  { row, providerName, credential }: { row: ReceiptRow; providerName: string; credential: Credential },
): Page {
  const title = 'This data source is revoked'
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1>
<p><strong>${row.connectorName}: ${named(row.accountName)}</strong> is not read any more. The agency has been told.</p>
<p>${credentialWords(credential, providerName)}</p>
${permissions(p.providers)}
<div class="row">${button({ label: 'Back to the list', action: p.path, method: 'get' })}</div>`,
  )
}

function credentialWords(credential: Credential, provider: string): string {
  const words: Record<Credential, string> = {
    kept: `Your sign-in at ${provider} was not revoked: other data sources on this page still use it. It is destroyed with the last one.`,
    revoked: `It was the last data source of your sign-in. Our copy of the permission is destroyed, and it was revoked at ${provider} too.`,
    unsupported: `It was the last data source of your sign-in, so our copy of the permission is destroyed. ${provider} offers no way for us to revoke it there: please remove it on its permissions page.`,
    shared: `It was the last data source of your sign-in here, so our copy of the permission is destroyed. It was not revoked at ${provider}, because that would also cut another connection you made. You can end all of them on ${provider}’s permissions page.`,
    unreachable: `It was the last data source of your sign-in, so our copy of the permission is destroyed. ${provider} did not answer when we revoked it there: please check its permissions page.`,
    none: 'Our copy of the permission is destroyed.',
    before: 'It was revoked before; nothing has changed.',
  }
  return words[credential]
}

const permissions = (providers: ReceiptPage['providers']) =>
  html`<p>You can see and remove every permission at the provider itself: ${providerLinks(providers)}</p>`
