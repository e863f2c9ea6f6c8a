/** Pages for when things go another way: each says what happened and what to do next. */
import { html, type Markup } from '../markup.ts'
import { exactTime } from '../time.ts'
import { button, named, type Page, page, type Sender } from './layout.ts'

/** Identical for unknown, malformed and too many tries, so that it tells a guesser nothing. */
export function unknownPage(): Page {
  return page(
    null,
    'This link does not work',
    html`<h1>This link does not work</h1>
<p>Perhaps the address was cut off when it was copied. Open it again from the message you got, or ask the person who sent it.</p>`,
  )
}

export function expiredPage(
  sender: Sender & object,
  p: { path: string; requester: string; expiresAt: Date; timeZone: string },
): Page {
  return page(
    sender,
    'This link has expired',
    html`<h1>This link has expired</h1>
<p>It worked until ${exactTime(p.expiresAt, p.timeZone)}. Nothing was connected.</p>
<p>A fresh one goes to the address this one was sent to.</p>
<div class="row">${button({ label: 'Send me a fresh link', action: `${p.path}/fresh`, kind: 'primary' })}</div>`,
  )
}

export type Fresh =
  | { kind: 'sent' }
  | { kind: 'queued'; expectedAt: Date; timeZone: string }
  | { kind: 'asked' }

export function freshPage(sender: Sender & object, fresh: Fresh, requester: string): Page {
  const [title, words] = freshWords(fresh, requester)
  return page(sender, title, html`<h1>${title}</h1><p>${words}</p>`)
}

function freshWords(fresh: Fresh, requester: string): [string, Markup] {
  if (fresh.kind === 'sent')
    return ['A fresh link is on its way', html`Look where you found this one. It may take a minute.`]
  if (fresh.kind === 'queued')
    return [
      'A fresh link will come soon',
      html`It goes out at about ${exactTime(fresh.expectedAt, fresh.timeZone)}, to the same address.`,
    ]
  return ['We asked for a fresh link', html`${named(requester)} has been asked to send you a new one.`]
}

export function usedPage(sender: Sender & object, p: { by: string | null; at: string | null }): Page {
  const title = 'This link has been used'
  return page(
    sender,
    title,
    html`<h1>${title}</h1>
<p>It was already used${p.by ? html` by <strong>${named(p.by)}</strong>` : null}${p.at ? html`, on ${p.at}` : null}. A link works once.</p>
<p>Was that not you or a colleague? Tell the agency. If there is more to connect, ask it for a new link.</p>`,
  )
}

export function withdrawnPage(sender: Sender & object, kind: 'cancelled' | 'superseded'): Page {
  const superseded = kind === 'superseded'
  const title = superseded ? 'There is a newer link' : 'This link was withdrawn'
  return page(
    sender,
    title,
    html`<h1>${title}</h1>
<p>${superseded ? 'Please use the newest message you got; this link has been replaced.' : 'The agency does not need it any more. There is nothing to do.'}</p>`,
  )
}

/** Denied, failed, or come back to the wrong place: nothing was connected, and trying again is safe. */
export function tripPage(
  sender: Sender & object,
  p: {
    path: string
    kind: 'denied' | 'failed' | 'not-offered' | 'too-many'
    providerName: string
    providerId: string
    /** Of a failure: a sentence on what the owner can do, or a code. */
    why?: string | null
  },
): Page {
  const [title, words] = tripWords(p)
  const again = p.kind === 'denied' || p.kind === 'failed'
  return page(
    sender,
    title,
    html`<h1>${title}</h1><p>${words}</p>
<div class="row">
${again ? button({ label: 'Try again', action: `${p.path}/continue`, kind: 'primary', fields: { provider: p.providerId } }) : null}
${again ? button({ label: 'Sign in as someone else', action: `${p.path}/continue`, fields: { provider: p.providerId, other: '1' } }) : null}
${button({ label: 'Back to the request', action: p.path, method: 'get' })}
</div>`,
  )
}

function tripWords(p: { kind: string; providerName: string; why?: string | null }): [string, Markup] {
  if (p.kind === 'denied')
    return [
      'You did not agree, so nothing is connected',
      html`${p.providerName} says the permission was not given. If you pressed Cancel by mistake, try again. If ${p.providerName} did not let you agree, an administrator of your organisation has to allow the app first.`,
    ]
  if (p.kind === 'too-many')
    return [
      'This link was tried too often',
      html`Please go on in the browser where you signed in, or try again in an hour.`,
    ]
  if (p.kind === 'not-offered')
    return [
      'This cannot be connected at the moment',
      html`The agency has to set something up first. Please tell the person who sent you the link.`,
    ]
  if (p.why === 'busy')
    return [
      `${p.providerName} does not answer just now`,
      html`Nothing was connected, and this link still works. Please try again in a few minutes.`,
    ]
  const words = html`${p.providerName} did not complete it, and nothing was connected.`
  return [
    'The sign-in did not work',
    p.why?.includes(' ') ? html`${words} ${p.why}` : html`${words} Please try again.`,
  ]
}

/** A callback that is too old, was seen before, or came to another browser. */
export function startAgainPage(): Page {
  return page(
    null,
    'Please start again from your link',
    html`<h1>Please start again from your link</h1>
<p>This sign-in was already completed, took too long, or was begun in another browser. Nothing was lost: open the link from your message again and press Continue.</p>`,
  )
}

export function foreignFormPage(): Page {
  return page(
    null,
    'Please open the page again',
    html`<h1>Please open the page again</h1><p>This form was not sent from our own page in this browser. Go back, reload the page and try again.</p>`,
  )
}

/** `reference` is in the log too. */
export function errorPage(reference: string): Page {
  return page(
    null,
    'Something went wrong on our side',
    html`<h1>Something went wrong on our side</h1>
<p>Your link is unharmed. Please try again in a minute. If it happens again, tell the agency this reference: <strong>${reference}</strong>.</p>`,
  )
}

export function unavailablePage(): Page {
  return page(
    null,
    'Back in a moment',
    html`<h1>Back in a moment</h1><p>We cannot reach our database just now. Nothing is lost. Please reload this page in a few seconds.</p>`,
  )
}
