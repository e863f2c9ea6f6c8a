/** Files as Slack takes them: an address to send the bytes to, the bytes, and the share that makes a message of them. */
import { randomBytes } from 'node:crypto'
import { dmOf, findChannel, PEOPLE } from './people.ts'
import type { Shown } from './shown.ts'

export type Upload = {
  id: string
  name: string
  /** What a picture shows, in words. */
  alt: string
  /** As announced; Slack checks it. */
  length: number
  /** Null until they have come. */
  bytes: Buffer | null
  shared: boolean
}

type Fields = Record<string, unknown>
type Body = { ok: boolean; error?: string; [key: string]: unknown }

const TYPES: Record<string, string> = { csv: 'text/csv; charset=utf-8', png: 'image/png' }
const MOST_ALT_TEXT = 1_000
const no = (error: string): Body => ({ ok: false, error })

/** Null: another method. `ownUrl` is where this Slack takes the bytes. */
export function answerFiles(
  uploads: Map<string, Upload>,
  shown: Shown,
  ownUrl: string,
  method: string,
  fields: Fields,
): Body | null {
  if (method === 'files.getUploadURLExternal') return announce(uploads, ownUrl, fields)
  if (method === 'files.completeUploadExternal') return complete(uploads, shown, fields)
  return null
}

function announce(uploads: Map<string, Upload>, ownUrl: string, { filename, length, alt_txt }: Fields): Body {
  const name = String(filename ?? '')
  const alt = String(alt_txt ?? '')
  if (!name || !(Number(length) > 0)) return no('invalid_arguments')
  if (alt.length > MOST_ALT_TEXT) return no('alt_txt_too_large')
  const id = `F0${randomBytes(4).toString('hex').toUpperCase()}`
  uploads.set(id, { id, name, alt, length: Number(length), bytes: null, shared: false })
  return { ok: true, upload_url: `${ownUrl}/upload/${id}`, file_id: id }
}

/** The bytes as they were sent. False: nobody announced them, or they came before. */
export function receive(uploads: Map<string, Upload>, id: string, bytes: Buffer): boolean {
  const upload = uploads.get(id)
  if (!upload || upload.shared) return false
  upload.bytes = bytes
  return true
}

function complete(uploads: Map<string, Upload>, shown: Shown, { files, channel_id }: Fields): Body {
  const asked = (files ?? []) as { id: string; title?: string }[]
  const found = asked.map(({ id }) => uploads.get(id))
  if (asked.length === 0 || found.some((one) => !one?.bytes || one.shared)) return no('file_not_found')
  if (channel_id && !isKnown(String(channel_id))) return no('channel_not_found')
  for (const upload of found) {
    if (!upload) continue
    upload.shared = true
    if (upload.bytes?.length !== upload.length)
      shown.problems.push(
        `${upload.name}: ${upload.bytes?.length} bytes came, ${upload.length} were announced`,
      )
    if (isPicture(upload.name) && !upload.alt)
      shown.problems.push(`${upload.name}: a picture without alt_txt`)
  }
  return { ok: true, files: asked.map(({ id, title }) => ({ id, title: title ?? uploads.get(id)?.name })) }
}

function isKnown(channel: string): boolean {
  if (channel.startsWith('D'))
    return PEOPLE.some(({ id, kind }) => dmOf(id) === channel && kind !== 'stranger')
  try {
    return findChannel(channel) !== undefined
  } catch {
    return false
  }
}

const ending = (name: string) => name.split('.').at(-1) ?? ''
export const typeOf = (name: string) => TYPES[ending(name)] ?? 'application/octet-stream'
export const isPicture = (name: string) => typeOf(name).startsWith('image/')
