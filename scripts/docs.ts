/** `npm run docs`: rewrites the data dictionary and the README's catalogue from the connectors. */
import { readFile, writeFile } from 'node:fs/promises'
import { allConnectors } from '../connectors/index.ts'
import { withCatalogue } from './catalogue.ts'
import { dictionary } from './dictionary.ts'

const README = new URL('../README.md', import.meta.url)

await writeFile(new URL('../docs/data-dictionary.md', import.meta.url), dictionary(allConnectors))
await writeFile(README, withCatalogue(await readFile(README, 'utf8'), allConnectors))
console.log(`docs/data-dictionary.md and the README's table written for ${allConnectors.length} data sources`)
