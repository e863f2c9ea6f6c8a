/** Reading single values out of provider answers: what is missing or odd becomes null, never 0 and never ''. */

import type { Json } from './call.ts'
import { valuesAt } from './classify.ts'

/** Numbers count as text too: some providers write ids either way. Of `x|y` the first that says something. */
export function textAt(from: Json, path: string): string | null {
  for (const way of path.split('|')) {
    const [value] = valuesAt(from, way)
    if (typeof value === 'number') return String(value)
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

/** Also from a number written as a string. A string beyond 2^53 would lose digits: use decimalAt for money. */
export function numberAt(from: Json, path: string): number | null {
  const text = textAt(from, path)
  return text !== null && DECIMAL.test(text) ? Number(text) : null
}

/** The digits exactly as the provider wrote them, without an exponent. */
export function decimalAt(from: Json, path: string): string | null {
  const text = textAt(from, path)
  if (text === null || !DECIMAL.test(text)) return null
  return /e/i.test(text) ? sumOf([text]) : text
}

/** Millionths of a unit as an exact decimal: '402570000' is '402.57'. */
export const fromMicros = (micros: string | null): string | null => scaled(micros, 6)

/** An integer in units of 10^-places as an exact decimal: cents with 2, yen with 0. */
export function scaled(integer: string | null, places: number): string | null {
  if (integer === null || !/^-?\d+$/.test(integer)) return null
  const sign = integer.startsWith('-') ? '-' : ''
  const digits = integer.replace('-', '').padStart(places + 1, '0')
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - places).replace(/^0+(?=\d)/, '')
  return `${sign}${whole}${fraction && `.${fraction}`}`
}

/** Exact sum of decimals as text. Null where nothing was known; what is not known, or no number, is left out. */
export function sumOf(values: (string | null)[]): string | null {
  const known = values
    .filter((value) => value !== null && DECIMAL.test(value))
    .map((value) => plain(value ?? ''))
  if (known.length === 0) return null
  const places = Math.max(...known.map((value) => (value.split('.')[1] ?? '').length))
  const total = known.reduce((sum, value) => {
    const [whole = '0', fraction = ''] = value.split('.')
    return sum + BigInt(whole + fraction.padEnd(places, '0'))
  }, 0n)
  return scaled(String(total), places)
}

/** Without an exponent: JavaScript writes small and huge numbers as 1e-7 and 1e21. */
function plain(value: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(value) ?? []
  const shift = Number(power)
  if (shift >= 0)
    return `${sign}${whole}${fraction.padEnd(shift, '0').slice(0, shift)}${fraction.length > shift ? `.${fraction.slice(shift)}` : ''}`
  const digits = whole.padStart(1 - shift, '0')
  return `${sign}${digits.slice(0, shift)}.${digits.slice(shift)}${fraction}`
}

/** The first element of an answer that has it; null where the path leads nowhere. Of `x|y` the first that is not null. */
export function valueAt(from: Json, path: string): Json {
  for (const way of path.split('|')) {
    const value = valuesAt(from, way)[0] ?? null
    if (value !== null) return value
  }
  return null
}

/** The fields that are known, for optional ones: null leaves its field out. */
export function given<T extends Record<string, unknown>>(
  fields: T,
): { [Name in keyof T]?: Exclude<T[Name], null> } {
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  return Object.fromEntries(known) as { [Name in keyof T]?: Exclude<T[Name], null> }
}

const DECIMAL = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
