/** A data source as people name it, and its connector: what exports and pictures begin with. */
import type { Connector } from '../connectors/connector.ts'
import type { Db } from '../storage/db.ts'
import * as removals from '../storage/removals.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import type { Services } from './services.ts'

export type Described = {
  source: Source
  /** Null where its provider is not offered by this installation any more. */
  connector: Connector | null
  connectorName: string
  clientName: string
}

/** Null: there is no such source, or it was removed. */
export async function describe(
  { connectors }: Pick<Services, 'connectors'>,
  db: Db,
  orgId: string,
  sourceId: string,
): Promise<Described | null> {
  const source = await sources.byId(db, orgId, sourceId)
  const found = await removals.find(db, orgId, sourceId)
  if (!source || !found || source.status === 'removed') return null
  const connector = connectors.get(source.connectorId) ?? null
  return {
    ...{ source, connector, clientName: found.clientName },
    connectorName: connector?.name ?? source.connectorId,
  }
}
