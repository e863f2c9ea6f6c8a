/** What to type where an owner's page asks, with a button each to copy it. */
import { $ } from './dom.js'

const panel = $('#to-type')
const said = $('[role=status]', panel)
const made = (tag, words = '', more = {}) =>
  Object.assign(document.createElement(tag), { textContent: words, ...more })

panel.addEventListener('beforetoggle', ({ newState }) => {
  if (newState !== 'open') return
  panel.style.setProperty('--under', `${$('#to-type-button').getBoundingClientRect().bottom}px`)
  fill()
})

async function fill() {
  said.textContent = ''
  const answer = await fetch('/sandbox/state').catch(() => null)
  if (!answer?.ok) {
    said.textContent = 'The sandbox has stopped.'
    return
  }
  const { toType } = await answer.json()
  $('#to-type-list').replaceChildren(...toType.map(oneProvider))
}

function oneProvider({ name, fields }) {
  const section = made('section')
  const list = made('dl')
  for (const { label, value } of fields) {
    const shown = made('code', value)
    const button = made('button', 'Copy', { type: 'button', className: 'button' })
    button.setAttribute('aria-label', `Copy ${name}: ${label}`)
    button.onclick = () => copy(value, shown, `${name}: ${label}`)
    const line = made('dd')
    line.append(shown, button)
    list.append(made('dt', label), line)
  }
  section.append(made('h3', name), list)
  return section
}

/** Browsers may forbid it: then it is selected. */
async function copy(value, shown, words) {
  said.textContent = ''
  try {
    await navigator.clipboard.writeText(value)
    said.textContent = `${words} is copied`
  } catch {
    getSelection().selectAllChildren(shown)
    said.textContent = `${words} is selected: copy it with the keyboard`
  }
  setTimeout(() => said.replaceChildren(), 4000)
}
