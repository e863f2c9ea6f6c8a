/** After Finish: what was connected, and the owner's own page for later. */
import { html } from '../markup.ts'
import { counted } from '../words.ts'
import { named, type Page, page, providerLinks, type Sender } from './layout.ts'

export type DonePage = {
  sender: Sender & object
  clientName: string
  connected: { connectorName: string; accountName: string }[]
  receiptUrl: string
  providers: { name: string; permissionsUrl: string }[]
}

export function donePage(p: DonePage): Page {
  const title = 'Done. Thank you'
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1>
${
  p.connected.length > 0
    ? html`<p>${counted(p.connected.length, 'account')} connected for client ${named(p.clientName)}:</p>
<ul>${p.connected.map((one) => html`<li>${one.connectorName}: <strong>${named(one.accountName)}</strong></li>`)}</ul>
<p>Reading the past months begins now. There is nothing left to do; you can close this page.</p>`
    : html`<p>You have signed in, and ${named(p.sender.orgName)} has been told. There is nothing left for you to do; you can close this page.</p>`
}
<h2>Changing your mind later</h2>
<p><a href="${p.receiptUrl}">Your own page</a> shows what is connected and lets you withdraw it. Keep its address: it needs no login.</p>
<p class="soft">You can also withdraw the permission at ${providerLinks(p.providers)}.</p>`,
  )
}
