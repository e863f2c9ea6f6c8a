/** What people do: presses, choices, submissions. */
import { $, $$, place, toast } from './dom.js'
import { choiceOf, holding, surfaceOf } from './inputs.js'
import { refresh } from './screen.js'
import { wireTypeahead } from './typeahead.js'

export async function post(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as: place.as, ...body }),
  }).catch(() => null)
  const result = (await answer?.json().catch(() => null)) ?? {}
  if (!answer?.ok || result.trouble) toast(result.trouble ?? 'The sandbox did not answer.')
  await refresh()
  return result
}

export async function act(element, value, { url } = {}) {
  const { block, action, type, confirm } = element.dataset
  if (confirm && !(await agreed(JSON.parse(confirm)))) return
  if (url) window.open(url, '_blank', 'noopener')
  element.setAttribute('aria-busy', 'true')
  element.closest('details')?.removeAttribute('open')
  await post('/sandbox/act', { ...surfaceOf(element), block, action, type, value })
  element.removeAttribute('aria-busy')
}

function agreed({ title, text, confirm, deny, style }) {
  const dialog = $('#confirm')
  dialog.replaceChildren()
  const add = (tag, words, className = '') => {
    const element = Object.assign(document.createElement(tag), { textContent: words, className })
    dialog.append(element)
    return element
  }
  add('h2', title?.text ?? 'Are you sure?')
  add('p', text?.text ?? '')
  const yes = add('button', confirm?.text ?? 'Yes', `button ${style ?? 'primary'}`)
  const no = add('button', deny?.text ?? 'Cancel', 'button')
  dialog.showModal()
  return new Promise((done) => {
    yes.onclick = () => dialog.close('yes')
    no.onclick = () => dialog.close('no')
    dialog.onclose = () => done(dialog.returnValue === 'yes')
  })
}

export function wire(root) {
  for (const button of $$('[data-press]', root)) {
    const { url, option } = button.dataset
    button.onclick = () => act(button, option ? { selected_option: JSON.parse(option) } : {}, { url })
  }
  for (const element of $$('[data-holds]', root)) wireInput(element)
  const form = $('form[data-view]', root)
  if (!form) return
  form.onsubmit = async (event) => {
    event.preventDefault()
    const button = $('button[type=submit]', form)
    button.disabled = true
    await post('/sandbox/submit', { viewId: form.dataset.view, state: holding(form) })
    button.disabled = false
  }
  for (const button of $$('[data-close]', form))
    button.onclick = () => post('/sandbox/close', { viewId: form.dataset.view, state: holding(form) })
}

function wireInput(element) {
  if (element.dataset.holds === 'typeahead') wireTypeahead(element)
  else
    element.addEventListener('change', () => {
      const box = element.closest('.input')
      if (!box || box.dataset.dispatch) act(element, choiceOf(element))
    })
}
