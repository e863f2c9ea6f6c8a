/** What every e-mail is made of. */

/** How an org looks in mail and on pages. */
export type Brand = {
  orgName: string
  logoUrl: string | null
  color: string
  website: string | null
  supportEmail: string | null
}

/** `html` is complete and escaped; `text` says the same. */
export type Mail = { subject: string; text: string; html: string }
