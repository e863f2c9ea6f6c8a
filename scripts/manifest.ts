/** `npm run manifest [-- --url https://host] [--socket]`: rewrites manifest.yml from the code. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { listeners } from '../bot/index.ts'
import { manifest, toYaml } from '../bot/manifest.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'https://latchkey.example.com' },
    socket: { type: 'boolean', default: false },
  },
})

if (!URL.canParse(values.url) || new URL(values.url).protocol !== 'https:') {
  console.error('--url must be the https:// address of PUBLIC_URL, e.g. https://access.agency.com')
  process.exitCode = 1
} else {
  const head = '# Written by `npm run manifest -- --url https://your.host`: do not edit by hand.\n'
  await writeFile(
    new URL('../manifest.yml', import.meta.url),
    `${head}${toYaml(manifest(listeners, values))}\n`,
  )
  console.log(`manifest.yml written for ${values.socket ? 'Socket Mode' : values.url}`)
}
