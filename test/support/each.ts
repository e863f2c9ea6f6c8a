/** After every test: no unexpected console line, and no pending interceptor. */
import nock from 'nock'
import { afterEach, beforeEach, expect, vi } from 'vitest'

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const
let said: string[] = []

beforeEach(() => {
  said = []
  for (const method of METHODS)
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
      said.push(`console.${method}: ${words.map(String).join(' ')}`)
    })
})

afterEach(() => {
  vi.restoreAllMocks()
  const pending = nock.pendingMocks()
  nock.cleanAll()
  expect(pending, 'interceptors nobody called').toEqual([])
  expect(said, 'unexpected console output').toEqual([])
})
