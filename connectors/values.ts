/** Reading single values out of provider answers: what is missing or odd becomes null, never 0 and never ''. */
import { valuesAt } from './classify.ts'
import type { Json } from './connector.ts'

/** Numbers count as text too: some providers write ids either way. */
export function textAt(from: Json, path: string): string | null {
  const [value] = valuesAt(from, path)
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

/** Also from a number written as a string. A string beyond 2^53 would lose digits: use decimalAt for money. */
export function numberAt(from: Json, path: string): number | null {
  const text = textAt(from, path)
  return text !== null && DECIMAL.test(text) ? Number(text) : null
}

/** The digits exactly as the provider wrote them. */
export function decimalAt(from: Json, path: string): string | null {
  const text = textAt(from, path)
  return text !== null && DECIMAL.test(text) ? text : null
}

/** Millionths of a unit as an exact decimal: '402570000' is '402.57'. */
export function fromMicros(micros: string | null): string | null {
  if (micros === null || !/^-?\d+$/.test(micros)) return null
  const sign = micros.startsWith('-') ? '-' : ''
  const digits = micros.replace('-', '').padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0+$/, '')
  const whole = digits.slice(0, -6).replace(/^0+(?=\d)/, '')
  return `${sign}${whole}${fraction && `.${fraction}`}`
}

/** The fields that are known, for optional ones: null leaves its field out. */
export function given<T extends Record<string, unknown>>(
  fields: T,
): { [Name in keyof T]?: Exclude<T[Name], null> } {
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  return Object.fromEntries(known) as { [Name in keyof T]?: Exclude<T[Name], null> }
}

const DECIMAL = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
