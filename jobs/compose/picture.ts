/** SVG to PNG, with a font of our own: servers have none. */
import { readFile } from 'node:fs/promises'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { FONT } from '../../templates/picture/text.ts'

const WASM = '@resvg/resvg-wasm/index_bg.wasm'
const FONT_FILE = '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2'
/** Sharp on dense screens. */
const SCALE = 2

let ready: Promise<Uint8Array> | null = null

/** Takes about 0.3 s of this process. */
export async function toPng(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  ready ??= load()
  const font = await ready
  const drawing = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: { fontBuffers: [font], defaultFontFamily: FONT, loadSystemFonts: false },
  })
  try {
    const image = drawing.render()
    const png = new Uint8Array(image.asPng())
    image.free()
    return png
  } finally {
    drawing.free() // it lies in memory of its own, which nobody else empties
  }
}

async function load(): Promise<Uint8Array> {
  const [wasm, font] = await Promise.all([WASM, FONT_FILE].map((name) => readFile(fileOf(name))))
  await initWasm(wasm as Buffer<ArrayBuffer>)
  return font as Uint8Array
}

const fileOf = (name: string) => new URL(import.meta.resolve(name))
