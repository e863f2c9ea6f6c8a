/** JSON lines. Whatever is logged, what looks like a secret is cut out on the way. */
import { Writable } from 'node:stream'
import { pino } from 'pino'

export type Log = {
  debug(fields: object, says: string): void
  info(fields: object, says: string): void
  warn(fields: object, says: string): void
  error(fields: object, says: string): void
}

const NAMES =
  '(?:access|refresh|id|bot|api|fb_exchange)[-_]?token|(?:client|signing|token)[-_]?secret|oauth_(?:token_secret|signature)' +
  '|code_?verifier|api[-_]?key|password|cookie|authorization'

const SECRETS: [RegExp, string][] = [
  [/\blk_([\w-]{4})[\w-]{8,}/g, 'lk_$1…'],
  [/\/(l|r)\/(?!lk_)([\w-]{4})[\w-]{8,}/g, '/$1/$2…'],
  [/\b(ls_[0-9a-f]+)=[\w-]{8,}/g, '$1=…'],
  [/\b(xox[a-z]|xapp)-[\w-]+/g, '$1-…'],
  [/\bhooks\.slack\.com\/[^\s"\\]+/g, 'hooks.slack.com/…'],
  [/\bya29\.[\w.-]+/g, 'ya29.…'],
  [/\b1\/\/[\w-]{10,}/g, '1//…'],
  [/\bEAA[A-Za-z0-9]{10,}/g, 'EAA…'],
  [/\bGOCSPX-[\w-]+/g, 'GOCSPX-…'],
  [/\b([rs]k_(?:live|test)|ctrk|shp[a-z]{2})_[A-Za-z0-9]{8,}/g, '$1_…'],
  [/\b(pk|ck|cs)_[A-Za-z0-9_]{20,}/g, '$1_…'],
  [/\b(Atz[ar])\|[\w=/+-]+/g, '$1|…'],
  [/\b[a-f0-9]{72,}\b/g, '…'],
  [/\b(Token token=[\\"]*|[\w-]*API-Key )[^\s,;"\\]+/gi, '$1…'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer …'],
  [/\bBasic\s+[A-Za-z0-9+/]{16,}=*/g, 'Basic …'],
  [/(:\/\/[^\s:/@"]*):[^\s/@"]+@/g, '$1:…@'],
  [/([?&]code=)[^"&\s\\]+/g, '$1…'],
  [new RegExp(`\\b(${NAMES})=[^"&\\s\\\\,}]+`, 'gi'), '$1=…'],
  // In JSON, also in JSON that is a string in JSON. Numbers are no secrets, and the line must stay JSON.
  [new RegExp(`\\b(${NAMES})(\\\\*"\\s*:\\s*\\\\*")[^"\\\\]+`, 'gi'), '$1$2…'],
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
