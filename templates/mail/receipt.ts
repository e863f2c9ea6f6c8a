/** After Finish, to the owner: what was connected, who reads it, and how to stop it. */
import { html } from '../markup.ts'
import { counted } from '../words.ts'
import { type Brand, composeMail, type Mail } from './layout.ts'

export type ReceiptLetter = {
  brand: Brand
  purpose: 'connect' | 'reconnect'
  ownerName: string | null
  requesterName: string
  clientName: string
  sources: { connectorName: string; accountName: string; identityLabel: string }[]
  providers: { name: string; permissionsUrl: string }[]
  /** Secret: the owner's standing page. */
  url: string
}

const NAMED_MAX = 20

export function receiptMail(letter: ReceiptLetter): Mail {
  const { brand, sources, clientName, requesterName, providers, url } = letter
  const again = letter.purpose === 'reconnect'
  const more = sources.length - NAMED_MAX
  const identities = [...new Set(sources.map(({ identityLabel }) => identityLabel))]
  return composeMail(brand, {
    subject: `You ${again ? 'reconnected' : 'connected'} ${counted(sources.length, 'data source')} for ${brand.orgName}`,
    preheader: `For ${clientName}. Keep this e-mail: it is how you can withdraw the access.`,
    heading: 'Your receipt',
    paragraphs: [
      letter.ownerName ? html`Hello ${letter.ownerName},` : html`Hello,`,
      html`thank you. <b>${brand.orgName}</b> (${requesterName}) can ${again ? 'read the following again' : 'now read the following'} for <b>${clientName}</b>:`,
      html`${sources.slice(0, NAMED_MAX).map((one) => html`• ${one.connectorName}: ${one.accountName}<br>`)}${
        more > 0 ? html`• and ${more} more` : null
      }`,
      html`Latchkey reads reports once a day. It contains no code that edits, creates or deletes anything.`,
    ],
    facts: identities.length > 0 ? [['Signed in as', identities.join(', ')]] : [],
    button: { label: 'See or revoke it', url },
    small: [
      html`That page needs no login, so keep its address to yourself.`,
      html`Was this not you? Revoke it there, or at the provider:
        ${providers.map(({ name, permissionsUrl }) => html`<a href="${permissionsUrl}">${name}</a> `)}`,
    ],
  })
}
