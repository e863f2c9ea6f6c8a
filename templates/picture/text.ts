/** Text in pictures: nothing wraps or ends in dots by itself, so names are cut to what fits. */

/** The one font every picture is drawn with, whatever the machine has. */
export const FONT = 'DejaVu Sans'

// biome-ignore lint/suspicious/noControlCharactersInRegex: what XML forbids, and what turns or hides text
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g

/** At most `width` pixels at this size, counted generously, and never half a character. */
export function fitted(name: string, size: number, width: number): string {
  const text = name.toWellFormed().replace(HIDDEN, ' ').replace(/\s+/g, ' ').trim() || '–'
  const characters = [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment)
  let left = width
  for (const [i, character] of characters.entries()) {
    left -= size * widthOf(character)
    if (left < 0)
      return `${characters
        .slice(0, Math.max(0, i - 1))
        .join('')
        .trimEnd()}…`
  }
  return text
}

/** Of DejaVu Sans, in parts of its size: a little more than it takes. */
function widthOf(character: string): number {
  if (/^[ijlI.,;:'|!()[\] ft]/.test(character)) return 0.42
  if (/^[mwMW@%]/.test(character) || character.charCodeAt(0) >= 0x3000) return 1.02
  return /^\p{Lu}/u.test(character) ? 0.79 : 0.65
}
