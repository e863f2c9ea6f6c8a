/** Which rule wins. The rules themselves are tried in the conformance suite. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify, valuesAt } from '../../connectors/classify.ts'
import type { Json, Reply, Rule } from '../../connectors/connector.ts'
import { decimalAt, fromMicros, numberAt, sumOf, textAt, valueAt } from '../../connectors/values.ts'

const reply = (status: number, body: Json): Reply => ({
  status,
  headers: {},
  body,
  text: JSON.stringify(body),
})
const kind = (lists: Rule[][], status: number, body: Json = {}) =>
  classify(lists, 'api', reply(status, body)).kind

describe('classify', () => {
  const status: Rule = { kind: 'revoked', http: [401] }
  const path: Rule = { kind: 'rate_limited', path: 'error.code', in: [17] }

  it('lets a rule about the body beat a rule about the status, whatever their class', () => {
    expect(kind([[status, path]], 401, { error: { code: 17 } })).toBe('rate_limited')
    expect(kind([[status], [path]], 401, { error: { code: 17 } })).toBe('rate_limited')
    expect(kind([[status, path]], 401, { error: { code: 18 } })).toBe('revoked')
  })

  it('lets a connector’s rule beat its provider’s of the same sort', () => {
    const own: Rule = { kind: 'account_lost', path: 'error.code', in: [17] }
    expect(kind([[own], [{ ...path, kind: 'revoked' }]], 400, { error: { code: 17 } })).toBe('account_lost')
    expect(kind([[{ kind: 'transient', http: [401] }], [status]], 401)).toBe('transient')
  })

  it('takes the gravest class within a list', () => {
    const same: Rule = { kind: 'scope_missing', path: 'error.code', between: [10, 20] }
    expect(kind([[path, same]], 400, { error: { code: 17 } })).toBe('scope_missing')
    expect(kind([[path, same]], 400, { error: { code: '17' } })).toBe('scope_missing')
    expect(kind([[path, same]], 400, { error: { code: 'x17' } })).toBe('unknown')
  })

  it('wants every part of a rule, and the right endpoint', () => {
    const rule: Rule = {
      kind: 'revoked',
      at: 'token',
      http: [400],
      path: 'error',
      in: ['x'],
      contains: 'gone',
    }
    const whole = reply(400, { error: 'x', says: 'gone' })
    expect(classify([[rule]], 'token', whole).kind).toBe('revoked')
    expect(classify([[rule]], 'api', whole).kind).toBe('unknown')
    expect(classify([[rule]], 'token', reply(400, { error: 'x' })).kind).toBe('unknown')
    expect(classify([[rule]], 'token', { ...whole, status: 401 }).kind).toBe('unknown')
    const excepted: Rule = { ...rule, lacks: ['E1', 'E2'] }
    expect(classify([[excepted]], 'token', whole).kind).toBe('revoked')
    const exception = reply(400, { error: 'x', says: 'gone, E2: for a moment' })
    expect(classify([[excepted]], 'token', exception).kind).toBe('unknown')
  })

  it('takes a 403 that is a page for a firewall’s, unless a rule knows the page', () => {
    const lost: Rule = { kind: 'account_lost', http: [403, 404] }
    const page = (status: number, text: string): Reply => ({ status, headers: {}, body: null, text })
    const blocked = page(403, '\n<!DOCTYPE html><title>Just a moment...</title>')
    expect(classify([[lost]], 'api', blocked).kind).toBe('transient')
    expect(classify([[]], 'api', blocked).kind).toBe('transient')
    expect(classify([[{ kind: 'rate_limited', http: [403], json: false }, lost]], 'api', blocked).kind).toBe(
      'rate_limited',
    )
    expect(classify([[lost]], 'api', page(403, '')).kind).toBe('account_lost')
    expect(classify([[lost]], 'api', page(404, '<html>')).kind).toBe('account_lost')
    expect(classify([[lost]], 'api', reply(403, { says: '<b>no</b>' })).kind).toBe('account_lost')
  })

  it('never makes "revoked" of an error it does not know', () => {
    for (const code of [301, 400, 401, 403, 404, 418]) expect(kind([[]], code)).toBe('unknown')
    for (const code of [500, 502, 599]) expect(kind([[]], code)).toBe('transient')
  })
})

describe('reading values', () => {
  it('walks arrays, starts in one, and tries either path', () => {
    const body = { a: [{ b: 1 }, { b: [2] }, {}], c: 'x' }
    expect(valuesAt(body, 'a[].b')).toEqual([1, [2]])
    expect(valuesAt(body, 'nothing|c')).toEqual(['x'])
    expect(valuesAt([{ k: 1 }, { k: 2 }], '[].k')).toEqual([1, 2])
    expect(valuesAt('text', 'a.b')).toEqual([])
    expect(valuesAt({}, 'constructor.name')).toEqual([])
  })

  it('keeps every digit of money', () => {
    const cases = { '402570000': '402.57', '0': '0', '1': '0.000001', '-1500000': '-1.5', '1000000': '1' }
    for (const [micros, units] of Object.entries(cases)) expect(fromMicros(micros)).toBe(units)
    expect(fromMicros('9007199254740993')).toBe('9007199254.740993')
    expect(fromMicros(null)).toBeNull()
    expect(fromMicros('1.5')).toBeNull()
    expect(decimalAt({ a: '12345678901234567.89' }, 'a')).toBe('12345678901234567.89')
  })

  it('gives back the micros it was given, whatever their size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (micros) => {
        const units = fromMicros(String(micros)) ?? ''
        expect(units).toMatch(/^-?(0|[1-9]\d*)(\.\d{0,5}[1-9])?$/)
        const [whole = '', fraction = ''] = units.replace('-', '').split('.')
        const back = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
        expect(units.startsWith('-') ? -back : back).toBe(micros)
      }),
    )
  })

  it('takes the first way that says something', () => {
    for (const silent of [null, '']) {
      expect(textAt({ a: silent, b: 'yes' }, 'a|b')).toBe('yes')
      expect(numberAt({ a: silent, b: '7' }, 'a|b')).toBe(7)
    }
    expect(valueAt({ a: null, b: { c: 1 } }, 'a|b')).toEqual({ c: 1 })
    expect(textAt({ a: [null, 'second'] }, 'a[]')).toBeNull()
  })

  it('never makes zero of what is missing or odd', () => {
    for (const odd of ['', ' ', 'NaN', '1,5', null, true, {}, []]) {
      expect(numberAt({ a: odd }, 'a')).toBeNull()
      expect(decimalAt({ a: odd }, 'a')).toBeNull()
    }
    expect(numberAt({ a: '0' }, 'a')).toBe(0)
    expect(textAt({ a: 5 }, 'a')).toBe('5')
    expect([sumOf(['abc']), sumOf(['abc', '1.5', null])]).toEqual([null, '1.5'])
  })
})
