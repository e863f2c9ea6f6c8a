/** The sandbox page in the browser: composer, places and the control strip. */
import { post } from './actions.js'
import { $, $$, pickByKey, place, toast } from './dom.js'
import { go, refresh } from './screen.js'

let commands = []
let revocable = ''

const say = $('#say')
function suggest() {
  const typed = say.value
  const list = $('#commands')
  const fitting = /^\/\S*$/.test(typed) ? commands.filter(({ name }) => name.startsWith(typed)) : []
  list.hidden = fitting.length === 0
  list.replaceChildren(
    ...fitting.map(({ name, hint, says }) => {
      const item = Object.assign(document.createElement('li'), { role: 'option' })
      const part = (tag, words) => Object.assign(document.createElement(tag), { textContent: words })
      item.append(part('b', name), part('code', hint), part('span', says))
      item.onmousedown = (event) => {
        event.preventDefault()
        say.value = `${name} `
        list.hidden = true
        say.focus()
      }
      return item
    }),
  )
}
say.oninput = suggest
say.onblur = () => {
  $('#commands').hidden = true
}
say.onkeydown = (event) => {
  const complete = commands.some(({ name }) => name === say.value.trim())
  if (!complete || event.key !== 'Enter') pickByKey(event, $('#commands'))
}
$('#composer').onsubmit = async (event) => {
  event.preventDefault()
  const text = say.value.trim()
  if (!text) return
  say.value = ''
  $('#commands').hidden = true
  await post('/sandbox/say', { at: place.at, text })
  $('#main').scrollTop = $('#main').scrollHeight
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-go], [data-thread]')
  if (link) {
    event.preventDefault()
    if (link.dataset.go) {
      go({ at: link.dataset.go, thread: '' })
      if (link.dataset.go === 'home') post('/sandbox/home', {})
    } else go({ thread: link.dataset.thread })
  }
  for (const menu of $$('details.overflow[open]')) if (!menu.contains(event.target)) menu.open = false
})
$('#modal').addEventListener('cancel', (event) => {
  event.preventDefault()
  $('[data-close]', $('#modal'))?.click()
})
$('#menu').onclick = () => document.body.classList.toggle('menu-open')
$('#as').onchange = (event) => {
  go({ as: event.target.value, thread: '' })
  if (place.at === 'home') post('/sandbox/home', {})
}

async function control(what, body) {
  const result = await post(`/sandbox/${what}`, body)
  if (result.says) toast(result.says)
  await state()
}
for (const button of $$('button[data-control]'))
  button.onclick = async () => {
    button.disabled = true
    await control(button.dataset.control, { ...button.dataset })
    button.disabled = false
  }
$('form[data-control=clock]').onsubmit = (event) => {
  event.preventDefault()
  control('clock', { advance: $('#duration').value })
}
$('#mode').onchange = ({ target }) => control('provider', { mode: target.value })
$('form[data-control=revoke]').onsubmit = async (event) => {
  event.preventDefault()
  const { what = 'revoke', order = '{}' } = $('#revoke').selectedOptions[0].dataset
  await control(what, JSON.parse(order))
}

async function state() {
  const answer = await fetch('/sandbox/state').catch(() => null)
  if (!answer?.ok) return
  const now = await answer.json()
  if (commands.length === 0) {
    commands = now.commands
    if (document.activeElement === say) suggest() // typed before they were known
  }
  $('#clock').textContent = new Date(now.time)
    .toUTCString()
    .replace(/,| \d{4}|:\d\d GMT/g, '')
    .concat(' UTC')
  $('#mails').textContent = now.mails || ''
  $('#mode').value = now.provider.mode
  offerRevocation(now)
}

/** At Google by person, elsewhere whatever is connected. Rewritten only when it changed: it may be open. */
function offerRevocation({ provider, connected }) {
  const now = JSON.stringify([provider.people, connected])
  if (now === revocable) return
  revocable = now
  const group = (label, options) => {
    const element = Object.assign(document.createElement('optgroup'), { label })
    element.append(...options)
    return options.length > 0 ? [element] : []
  }
  const option = (words, what, order) => {
    const element = new Option(words, words)
    Object.assign(element.dataset, { what, order: JSON.stringify(order) })
    return element
  }
  const people = provider.people.map(({ email, connected: granted }) =>
    option(granted ? email : `${email} (nothing granted)`, 'revoke', { email }),
  )
  const others = connected.map(({ name, provider: id }) => option(name, 'withdraw', { provider: id }))
  $('#revoke').replaceChildren(
    new Option('Access of…', ''),
    ...group('One person at Google', people),
    ...group('Everybody at', others),
  )
}

let waiting = false
let away = false
function listen() {
  const changes = new EventSource('/sandbox/changes')
  changes.onmessage = () => {
    if (waiting) return // several changes, one look
    waiting = true
    setTimeout(() => {
      waiting = false
      refresh()
      state()
    }, 80)
  }
  changes.addEventListener('mail', state)
  changes.onopen = () => {
    away = false
    refresh()
    state()
  }
  changes.onerror = () => {
    if (!away) toast('The sandbox has stopped. Start it again and this page goes on.')
    away = true
    if (changes.readyState === EventSource.CLOSED) setTimeout(listen, 1000) // it answers 503 while it starts
  }
}
listen()
setInterval(state, 15_000)
if (matchMedia('(min-width: 1000px)').matches) $('.strip details').open = true
if (place.at === 'home') post('/sandbox/home', {})
