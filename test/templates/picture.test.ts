/** Pictures: harmless and legible whatever names contain, drawn with a font of our own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toPng } from '../../jobs/compose/picture.ts'
import { coverageSvg } from '../../templates/picture/coverage.ts'
import { fitted } from '../../templates/picture/text.ts'
import { type CoverageView, coverageWords, spanWords } from '../../templates/slack/coverage.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { HOSTILE } from '../support/hostile.ts'

let browser: TestBrowser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

const STATES = ['data', 'restating', 'missing', 'unread', 'before'] as const
const day = (i: number) => new Date(Date.UTC(2025, 9, 21 + i)).toISOString().slice(0, 10)
const view = (name: string, states: readonly CoverageView['days'][0]['state'][] = STATES): CoverageView => ({
  ...{ accountName: name, connectorName: name, clientName: name, restateDays: 30 },
  days: states.map((state, i) => ({ day: day(i), state })),
})

test('is the same drawing whatever the names are, as a browser reads it', async () => {
  const tab = await browser.person()
  const shapes = (svg: string) =>
    tab.evaluate((source) => {
      type Parsing = {
        parseFromString(
          xml: string,
          type: string,
        ): { querySelectorAll(all: '*'): Iterable<{ tagName: string }> }
      }
      const { DOMParser: Parser } = globalThis as unknown as { DOMParser: new () => Parsing }
      const found = new Parser().parseFromString(source, 'image/svg+xml').querySelectorAll('*')
      return [...found].map(({ tagName }) => tagName)
    }, svg)
  const tame = await shapes(coverageSvg(view('Acme')))
  expect(tame).not.toContain('parsererror')
  for (const name of HOSTILE) expect(await shapes(coverageSvg(view(name))), name).toEqual(tame)
})

test('every state has a shape of its own, not only a colour', () => {
  const marks = STATES.map((state) => coverageSvg(view('Acme', [state])))
    .map((svg) => svg.split('Oct 2025</text>')[1]?.split('<rect x="29"')[0] ?? '')
    .map((cell) => cell.replace(/#[0-9a-f]{6}/g, '').replace(/stroke=""/g, ''))
  expect(new Set(marks).size).toBe(STATES.length)
})

describe('the PNG', () => {
  /** Dark pixels of the heading's line: where the name stands. */
  const inkOf = async (svg: string) => {
    const tab = await browser.person()
    const data = Buffer.from(await toPng(svg)).toString('base64')
    return tab.evaluate(async (png) => {
      type Canvas = {
        getContext(kind: '2d'): {
          drawImage(image: object, x: number, y: number): void
          getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray }
        }
      }
      const page = globalThis as unknown as {
        createImageBitmap(blob: Blob): Promise<{ width: number; height: number }>
        OffscreenCanvas: new (w: number, h: number) => Canvas
      }
      const bytes = await (await fetch(`data:image/png;base64,${png}`)).blob()
      const image = await page.createImageBitmap(bytes)
      const canvas = new page.OffscreenCanvas(image.width, image.height).getContext('2d')
      canvas.drawImage(image, 0, 0)
      const { data: pixels } = canvas.getImageData(40, 36, image.width - 80, 64)
      let dark = 0
      for (let i = 0; i < pixels.length; i += 4) if ((pixels[i] ?? 255) < 90) dark++
      const edge = canvas.getImageData(image.width - 50, 30, 40, 120).data
      let over = 0
      for (let i = 0; i < edge.length; i += 4) if ((edge[i] ?? 255) < 90) over++
      return { width: image.width, dark, over }
    }, data)
  }

  test('shows the name, on a machine without fonts too', async () => {
    const [empty, named] = [await inkOf(coverageSvg(view('.'))), await inkOf(coverageSvg(view('Größe Köln')))]
    expect(named.width).toBeGreaterThan(1_500)
    expect(named.dark).toBeGreaterThan(empty.dark + 500)
  })

  test.each([
    'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik'.repeat(3),
    'WMWMWMWM@%'.repeat(20),
    '日本語の長い名前'.repeat(20),
  ])('%s ends inside the card', async (name) => {
    expect((await inkOf(coverageSvg(view(name)))).over).toBe(0)
  })
})

test.each([
  [{ from: '2026-05-03', to: '2026-05-03' }, '3 May 2026'],
  [{ from: '2026-05-03', to: '2026-05-05' }, '3–5 May 2026'],
  [{ from: '2026-04-30', to: '2026-05-02' }, '30 April–2 May 2026'],
  [{ from: '2025-12-31', to: '2026-01-02' }, '31 December 2025–2 January 2026'],
])('%j is said as %s', (span, words) => expect(spanWords(span)).toBe(words))

test('many gaps are summed up, so that the words fit beside the picture', () => {
  const states = Array.from({ length: 395 }, (_, i) => (i % 2 ? 'data' : 'missing'))
  const words = coverageWords(view('Acme', states as ('data' | 'missing')[]))
  expect(words).toContain('and 193 days before')
  expect(words.length).toBeLessThan(1_000)
})

test('a name is cut between characters, never within one', () => {
  expect(fitted('e\u0301'.repeat(50), 20, 200)).toMatch(/^(e\u0301)+…$/u)
  expect(fitted('😀'.repeat(50), 20, 200)).toMatch(/^(😀)+…$/u)
  expect(fitted('\u202Eevil\u0000', 20, 400)).toBe('evil')
})
