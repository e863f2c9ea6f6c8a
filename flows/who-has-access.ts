/** Who gave access to what, by client: the question of audits and of people who leave. */
import * as clients from '../storage/clients.ts'
import * as overview from '../storage/overview.ts'
import type { Services } from './services.ts'

type AccessRow = Omit<overview.Access, 'connectorIds' | 'provider'> & {
  providerName: string
  connectorNames: string[]
}

export type WhoHasAccess =
  | { kind: 'found'; rows: AccessRow[]; more: boolean }
  | { kind: 'no-such-client'; similar: string[] }

const SHOWN = 40

/** `words`: nothing for every client, else a client's name or its beginning. */
export async function whoHasAccess(services: Services, orgId: string, words: string): Promise<WhoHasAccess> {
  const { db, connectors } = services
  const found = words === '' ? [] : await clients.search(db, orgId, words, 6)
  const exact = found.find(({ name }) => name.toLowerCase() === words.toLowerCase())
  const client = exact ?? (found.length === 1 ? found[0] : undefined)
  if (words !== '' && !client) return { kind: 'no-such-client', similar: found.map(({ name }) => name) }
  const rows = await overview.accessOf(db, orgId, client?.id ?? null, SHOWN + 1)
  const providers = new Map(connectors.providers().map(({ id, name }) => [id, name]))
  return {
    kind: 'found',
    more: rows.length > SHOWN,
    rows: rows.slice(0, SHOWN).map(({ connectorIds, provider, ...row }) => ({
      ...row,
      providerName: providers.get(provider) ?? provider,
      connectorNames: connectorIds.map((id) => connectors.get(id)?.name ?? id),
    })),
  }
}
