/** Shows what the server says is shown, swapping only the pieces that changed. */
import { wire } from './actions.js'
import { $, $$, place } from './dom.js'
import { holding, put } from './inputs.js'

const shown = {}
export async function refresh() {
  const answer = await fetch(`/sandbox/screen?${new URLSearchParams(place)}`).catch(() => null)
  if (!answer?.ok) return
  const screen = await answer.json()
  document.title = screen.title
  for (const id of ['rail', 'head', 'main', 'thread']) {
    const element = document.getElementById(id)
    if (shown[id] === screen[id]) continue
    const scroller = id === 'thread' ? $('.scroll', element) : element
    const atEnd = !scroller || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80
    const open = $$('details[open]', element).length > 0
    if (open && id === 'main' && shown.place === JSON.stringify(place)) continue // a menu is open: not under the hand
    element.innerHTML = screen[id]
    shown[id] = screen[id]
    const now = id === 'thread' ? $('.scroll', element) : element
    if (now && (atEnd || shown.place !== JSON.stringify(place)))
      now.scrollTop = place.at === 'home' ? 0 : now.scrollHeight
    wire(element)
  }
  shown.place = JSON.stringify(place)
  $('#thread').hidden = !screen.thread
  document.body.classList.toggle('with-thread', Boolean(screen.thread))
  $('#composer').hidden = screen.composer === null
  $('#readonly').hidden = place.at !== 'dm'
  $('#say').placeholder = screen.composer ?? ''
  showModal(screen.modal)
  $('#as').value = place.as
  history.replaceState(null, '', `/?${new URLSearchParams(place)}`)
}

function showModal(modal) {
  const dialog = $('#modal')
  if (!modal) {
    dialog.close()
    delete shown.modal
    return
  }
  const key = modal.id + modal.hash
  if (shown.modal === key) return
  const held = shown.modalId === modal.id ? holding(dialog) : null
  const focus = document.activeElement?.closest?.('[data-action]')?.dataset.action
  dialog.innerHTML = modal.html
  shown.modal = key
  shown.modalId = modal.id
  wire(dialog)
  if (held) put(dialog, held)
  if (!dialog.open) dialog.showModal()
  const again = focus && $(`[data-action="${focus}"]`, dialog)
  ;(
    $('.wrong input, .wrong textarea, .wrong select', dialog) ??
    (again && ($('input, select', again) ?? again))
  )?.focus()
}

export function go(to) {
  Object.assign(place, to)
  if (!place.thread) delete place.thread
  document.body.classList.remove('menu-open')
  return refresh()
}
