/** `npm run mails`: compiles templates/mail/frame.mjml ahead of time, so that the product never loads mjml. */
import { readFile, writeFile } from 'node:fs/promises'
import mjml2html from 'mjml'

const SOURCE = new URL('../templates/mail/frame.mjml', import.meta.url)
const COMPILED = new URL('../templates/mail/frame.compiled.ts', import.meta.url)

/** MJML wants real colours in attributes: these two stand for the brand's colour and the ink that reads on it. */
const STAND_INS = [
  ['#0a0b0c', '{{color}}'],
  ['#0c0b0a', '{{onColor}}'],
] as const

/** The text of templates/mail/frame.compiled.ts. Throws on anything MJML complains about. */
export async function compileFrame(): Promise<string> {
  const source = await readFile(SOURCE, 'utf8')
  // `fonts: {}`: otherwise some font names make MJML add a link to Google, which tells Google who reads the mail
  const { html, errors } = await mjml2html(source, {
    validationLevel: 'strict',
    keepComments: false,
    fonts: {},
  })
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  const lines = html.split('\n').flatMap((line) => line.trim() || [])
  const filled = STAND_INS.reduce((text, [colour, tag]) => text.replaceAll(colour, tag), lines.join('\n'))
  const header = '/** Written by `npm run mails` from frame.mjml. Edit that file, not this one. */\n'
  return `${header}// biome-ignore format: generated\nexport const FRAME = ${JSON.stringify(filled)}\n`
}

if (import.meta.main) await writeFile(COMPILED, await compileFrame())
