/** JSON lines. Whatever is logged, what looks like a secret is cut out on the way. */
import { Writable } from 'node:stream'
import { pino } from 'pino'

export type Log = {
  debug(fields: object, says: string): void
  info(fields: object, says: string): void
  warn(fields: object, says: string): void
  error(fields: object, says: string): void
}

const SECRETS: [RegExp, string][] = [
  [/\/(l|r)\/([\w-]{4})[\w-]{8,}/g, '/$1/$2…'],
  [/\b(xox[a-z]|xapp)-[\w-]+/g, '$1-…'],
  [/\bya29\.[\w.-]+/g, 'ya29.…'],
  [/\b1\/\/[\w-]{10,}/g, '1//…'],
  [/\bEAA[A-Za-z0-9]{10,}/g, 'EAA…'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer …'],
  [
    /("?(?:access_token|refresh_token|client_secret|id_token|code|password)"?\s*[=:]\s*"?)[^"&\s,}]+/gi,
    '$1…',
  ],
]

/** Cuts tokens, link URLs and credentials out of a text, keeping enough to find the row by. */
function scrub(text: string): string {
  return SECRETS.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), text)
}

/** `write` receives whole lines; the default is standard output. */
export function openLog(
  level: string,
  write: (line: string) => void = (line) => process.stdout.write(line),
): Log {
  const out = new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      write(scrub(String(line)))
      done()
    },
  })
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: briefly } },
    out,
  )
}

/** Errors of HTTP libraries carry requests with headers: only name, message, code and stack are kept. */
function briefly(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack } = error
  const { code, kind } = error as { code?: unknown; kind?: unknown }
  return { name, message, ...(code ? { code } : {}), ...(kind ? { kind } : {}), stack }
}
