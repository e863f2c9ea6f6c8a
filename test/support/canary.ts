/** Looks for secrets wherever they could have been left: every table as text, and whatever else a test collects. */
import type { Db } from '../../storage/db.ts'

export type Secrets = Record<string, string>

/** Names of the secrets a text holds, plain or in one of the forms programs write values in. */
export function leaked(text: string, secrets: Secrets): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name)
}

const MIN_LENGTH = 8

/** As it is, in a URL, in JSON, in hex (also bytea as text), and in base64 wherever in a longer value it may begin. */
function formsOf(secret: string): string[] {
  if (secret.length < MIN_LENGTH) throw new Error('too short to look for')
  const bytes = Buffer.from(secret)
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    const whole = shifted.subarray(0, shifted.length - (shifted.length % 3)).toString('base64')
    const inner = whole.slice(offset === 0 ? 0 : 4)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const hex = bytes.toString('hex')
  return [
    ...[
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      secret.replaceAll('/', '\\/'),
    ],
    ...[hex, hex.toUpperCase(), ...inBase64],
  ]
}

export type Dump = Record<string, string>

/** Every table and view of the product, the queue and the reports, each as text; bytea comes in hex. */
export async function dumpAll({ sql }: Db): Promise<Dump> {
  const tables = await sql<{ schema: string; name: string }[]>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_schema in ('latchkey', 'pgboss', 'reporting', 'public') order by 1, 2`
  const dump: Dump = {}
  for (const { schema, name } of tables) {
    const rows = await sql<{ row: string }[]>`select t::text as row from ${sql(schema)}.${sql(name)} t`
    dump[`${schema}.${name}`] = rows.map(({ row }) => row).join('\n')
  }
  return dump
}

/** `<where> holds <which>` for each table that does. */
export function leaksIn(dump: Dump, secrets: Secrets): string[] {
  return Object.entries(dump).flatMap(([where, text]) =>
    leaked(text, secrets).map((which) => `${where} holds ${which}`),
  )
}
