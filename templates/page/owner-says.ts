/** The owner's other answers: a form each, and the page after sending it. */
import { html, type Markup } from '../markup.ts'
import { button, named, type Page, page, type Sender } from './layout.ts'

export type SayPage = {
  sender: Sender & object
  path: string
  requester: string
  problem: 'empty' | 'not-one-address' | 'too-many' | null
}

export function declinePage(p: SayPage): Page {
  return formPage(p, {
    title: 'Decline this request?',
    words: html`${named(p.requester)} is told that you declined. Nothing is connected. You can still change your mind while the link works.`,
    to: 'decline',
    field: textField('reason', 'Reason (optional)', p.problem),
    label: 'Decline the request',
  })
}

export function questionPage(p: SayPage): Page {
  return formPage(p, {
    title: 'Ask a question',
    words: html`Your question goes to ${named(p.requester)}, who can answer you by e-mail.`,
    to: 'question',
    field: textField('question', 'Your question', p.problem),
    label: 'Send the question',
  })
}

export function someoneElsePage(p: SayPage): Page {
  return formPage(p, {
    title: 'Who is the right person?',
    words: html`Tell us the e-mail address of the person who manages this account. ${named(p.requester)} decides whether to ask them; then this link stops working.`,
    to: 'someone-else',
    field: html`<label class="field" for="email">Their e-mail address</label>
${p.problem ? problemWords(p.problem) : null}
<input type="email" id="email" name="email" required maxlength="254" autocomplete="off"${describedBy(p.problem)}>`,
    label: 'Suggest this person',
  })
}

export type Said = 'decline' | 'question' | 'delegate'

export function saidPage(p: Omit<SayPage, 'problem'>, what: Said): Page {
  const [title, words] = saidWords(p.requester, what)
  return page(
    p.sender,
    title,
    html`<h1>${title}</h1><p>${words}</p>
<div class="row">${button({ label: 'Back to the request', action: p.path, method: 'get' })}</div>`,
  )
}

function saidWords(requester: string, what: Said): [string, Markup] {
  if (what === 'decline')
    return ['You declined', html`${named(requester)} has been told. There is nothing more to do.`]
  if (what === 'question')
    return ['Your question was sent', html`${named(requester)} has it now. The link keeps working meanwhile.`]
  return ['Thank you', html`${named(requester)} has been asked to write to that person instead.`]
}

type Form = { title: string; words: Markup; to: string; field: Markup; label: string }

function formPage({ sender, path }: SayPage, { title, words, to, field, label }: Form): Page {
  return page(
    sender,
    title,
    html`<h1>${title}</h1>
<p>${words}</p>
<form method="post" action="${path}/${to}">
${field}
<div class="row"><button class="primary">${label}</button></div>
</form>
<div class="row">${button({ label: 'Back to the request', action: path, method: 'get' })}</div>`,
  )
}

const textField = (name: string, label: string, problem: SayPage['problem']) =>
  html`<label class="field" for="${name}">${label}</label>
${problem ? problemWords(problem) : null}
<textarea id="${name}" name="${name}" rows="5" maxlength="1000"${describedBy(problem)}></textarea>`

const describedBy = (problem: SayPage['problem']) =>
  problem ? html` aria-invalid="true" aria-describedby="problem"` : null

const PROBLEMS = {
  empty: 'Please write your question first.',
  'not-one-address': 'Please enter one e-mail address, such as name@company.com.',
  'too-many':
    'You have sent several messages from this link already. Please reply to the e-mail you got instead.',
}

const problemWords = (problem: keyof typeof PROBLEMS) =>
  html`<p class="warn" role="alert" id="problem">${PROBLEMS[problem]}</p>`
