/** The page's own pictures, drawn: no font need have them. */
import { Markup } from '../../templates/markup.ts'

const PATHS = {
  key: 'M13 2a5 5 0 0 0-4.800 6.400L2 14.600V18h3.400v-2h2.100v-2h2v-2.100l.6-.6A5 5 0 1 0 13 2zm1.500 2.300a1.600 1.600 0 1 1 0 3.200 1.600 1.600 0 0 1 0-3.200z',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2h1v8H5V9zm2 0h4V7a2 2 0 0 0-4 0z',
  home: 'M10 3l7 6v8h-5v-5H8v5H3V9z',
  send: 'M3 3l15 7-15 7 2-6 7-1-7-1z',
  eye: 'M10 5c4 0 7 3.500 8 5-1 1.500-4 5-8 5s-7-3.500-8-5c1-1.500 4-5 8-5zm0 2a3 3 0 1 0 .01 0z',
  menu: 'M2 4h16v2H2zM2 9h16v2H2zM2 14h16v2H2z',
  more: 'M3 8h3v4H3zM8.500 8h3v4h-3zM14 8h3v4h-3z',
  mail: 'M2 5l8 6 8-6v10H2z',
} as const

export function icon(name: keyof typeof PATHS): Markup {
  return new Markup(
    `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path fill="currentColor" fill-rule="evenodd" d="${PATHS[name]}"/></svg>`,
  )
}
