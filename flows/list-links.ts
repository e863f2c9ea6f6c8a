/** The org's newest auth links, with what each is for. */
import * as list from '../storage/link-list.ts'
import type { Services } from './services.ts'

export type LinkRow = Omit<list.ListedLink, 'connectorIds'> & { connectorNames: string[] }

export async function listLinks(services: Services, orgId: string, limit: number): Promise<LinkRow[]> {
  const rows = await list.newest(services.db, orgId, limit)
  return rows.map(({ connectorIds, ...row }) => ({
    ...row,
    connectorNames: connectorIds.map((id) => services.connectors.get(id)?.name ?? id),
  }))
}
