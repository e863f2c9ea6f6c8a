/** To an owner who signed in and went away: nothing is connected before Finish. */
import { html } from '../markup.ts'
import { exactTime } from '../time.ts'
import { type Brand, composeMail, type Mail } from './layout.ts'

export type OneClickLeft = {
  brand: Brand
  ownerName: string | null
  clientName: string
  expiresAt: Date
  timeZone: string
  url: string
}

export function oneClickLeftMail({
  brand,
  ownerName,
  clientName,
  expiresAt,
  timeZone,
  url,
}: OneClickLeft): Mail {
  return composeMail(brand, {
    subject: `One click left for ${brand.orgName}`,
    preheader: 'You signed in, but have not pressed Finish yet.',
    heading: 'One click left',
    paragraphs: [
      ownerName ? html`Hello ${ownerName},` : html`Hello,`,
      html`you signed in for <b>${clientName}</b>, but nothing is connected yet: the last step is to choose the accounts
        and press <b>Finish</b>.`,
      html`Please open the link again <b>in the same browser</b>. You need not sign in again there.`,
    ],
    facts: [['This link works until', html`<b>${exactTime(expiresAt, timeZone)}</b>`]],
    button: { label: 'Choose accounts and finish', url },
    small: [
      html`If you would rather not, do nothing: what you signed in to is destroyed when the link ends.`,
      html`You need no account with ${brand.orgName} or Latchkey, and nobody sees your password.`,
    ],
  })
}
