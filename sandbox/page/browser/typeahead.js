/** External selects: chips for what is chosen, and a list the app answers with while one types. */
import { act } from './actions.js'
import { $, pickByKey, place } from './dom.js'
import { choiceOf, surfaceOf } from './inputs.js'

export function chips(element) {
  const chosen = JSON.parse(element.dataset.chosen)
  const list = $('.chips', element)
  list.replaceChildren(
    ...chosen.map((option, i) => {
      const chip = Object.assign(document.createElement('button'), { type: 'button', className: 'chip' })
      chip.textContent = `${option.text.text} ×`
      chip.setAttribute('aria-label', `Remove ${option.text.text}`)
      chip.onclick = () =>
        choose(
          element,
          chosen.filter((_, at) => at !== i),
        )
      return chip
    }),
  )
  $('input', element).hidden = !element.dataset.many && chosen.length > 0
}

function choose(element, chosen) {
  element.dataset.chosen = JSON.stringify(chosen)
  chips(element)
  const box = element.closest('.input')
  if (!box || box.dataset.dispatch) act(element, choiceOf(element))
}

export function wireTypeahead(element) {
  const input = $('input', element)
  const list = $('ul', element)
  let asked = 0
  chips(element)
  const hide = () => {
    list.hidden = true
    input.setAttribute('aria-expanded', 'false')
  }
  const offer = async () => {
    const { least, block, action } = element.dataset
    if (input.value.length < Number(least)) return hide()
    const turn = ++asked
    const answer = await fetch('/sandbox/suggest', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as: place.as, ...surfaceOf(element), block, action, typed: input.value }),
    })
    const { options = [] } = await answer.json()
    if (turn !== asked) return
    list.replaceChildren(
      ...options.map((option) => {
        const item = Object.assign(document.createElement('li'), {
          textContent: option.text.text,
          role: 'option',
        })
        item.onmousedown = (event) => {
          event.preventDefault()
          const chosen = element.dataset.many ? JSON.parse(element.dataset.chosen) : []
          const others = chosen.filter(({ value }) => value !== option.value)
          input.value = ''
          hide()
          choose(element, [...others, option])
        }
        return item
      }),
    )
    if (options.length === 0) list.textContent = 'No results'
    list.hidden = false
    input.setAttribute('aria-expanded', 'true')
  }
  input.oninput = offer
  input.onfocus = offer
  input.onblur = hide
  input.onkeydown = (event) => pickByKey(event, list)
}
