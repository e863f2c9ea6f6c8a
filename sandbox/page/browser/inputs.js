/** What inputs hold, in the shape Slack sends it. */
import { $$ } from './dom.js'
import { chips } from './typeahead.js'

export function choiceOf(element) {
  const { holds, type } = element.dataset
  const option = (one) => JSON.parse(one.dataset.option)
  if (holds === 'boxes') {
    const chosen = $$('input:checked', element).map(option)
    return type === 'radio_buttons' ? { selected_option: chosen[0] ?? null } : { selected_options: chosen }
  }
  if (holds === 'typeahead') {
    const chosen = JSON.parse(element.dataset.chosen)
    return element.dataset.many ? { selected_options: chosen } : { selected_option: chosen[0] ?? null }
  }
  if (element.tagName === 'SELECT') {
    const chosen = $$('option:checked', element).filter((one) => one.value)
    const plain = (one) => (holds.startsWith('selected_option') ? option(one) : one.value)
    return { [holds]: element.multiple ? chosen.map(plain) : chosen[0] ? plain(chosen[0]) : null }
  }
  if (holds === 'selected_date_time')
    return { [holds]: element.value ? Date.parse(element.value) / 1000 : null }
  return { [holds]: element.value || null }
}

export function holding(from) {
  const values = {}
  for (const element of $$('[data-holds]', from)) {
    const { block, action, type } = element.dataset
    values[block] = { ...values[block], [action]: { type, ...choiceOf(element) } }
  }
  return values
}

/** Keeps what was being typed when the app replaced the view under it. */
export function put(into, values) {
  for (const element of $$('[data-holds]', into)) {
    const held = values[element.dataset.block]?.[element.dataset.action]
    if (!held || held.type !== element.dataset.type) continue
    const { holds } = element.dataset
    if (holds === 'value') element.value = held.value ?? ''
    if (holds === 'typeahead') {
      element.dataset.chosen = JSON.stringify(
        held.selected_options ?? (held.selected_option ? [held.selected_option] : []),
      )
      chips(element)
    }
    if (holds === 'boxes') {
      const chosen = [held.selected_option, ...(held.selected_options ?? [])].map((one) => one?.value)
      for (const box of $$('input', element))
        box.checked = chosen.includes(JSON.parse(box.dataset.option).value)
    }
    if (element.tagName === 'SELECT') element.value = held[holds]?.value ?? held[holds] ?? ''
  }
}

export function surfaceOf(element) {
  const view = element.closest('[data-view]')
  if (view) return { viewId: view.dataset.view, state: holding(view) }
  const { channel, ts } = element.closest('[data-ts]').dataset
  return { channel, ts }
}
