/** What every part of the page uses: finding elements, where the person is, and a word about what went wrong. */
export const $ = (selector, from = document) => from.querySelector(selector)
export const $$ = (selector, from = document) => [...from.querySelectorAll(selector)]

/** Who acts, where, and which thread is open; also in the address, so that it can be reloaded and linked. */
export const place = Object.fromEntries(new URLSearchParams(location.search))
place.as ||= 'ben'
place.at ||= 'northwind'

export function toast(words) {
  const element = Object.assign(document.createElement('div'), { className: 'toast', textContent: words })
  $('#toasts').append(element)
  setTimeout(() => element.remove(), 6000)
}

/** Arrow keys and Enter in a list of suggestions. */
export function pickByKey(event, list) {
  if (list.hidden) return
  const items = $$('li', list)
  const at = items.findIndex((item) => item.classList.contains('on'))
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault()
    const next = items[(at + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length]
    for (const item of items) item.classList.toggle('on', item === next)
    next?.scrollIntoView({ block: 'nearest' })
  }
  if (event.key === 'Enter' || event.key === 'Tab') {
    const item = items[at] ?? (event.key === 'Enter' ? items[0] : null)
    if (!item) return
    event.preventDefault()
    item.dispatchEvent(new MouseEvent('mousedown', { cancelable: true }))
  }
  if (event.key === 'Escape') {
    event.stopPropagation()
    list.hidden = true
  }
}
