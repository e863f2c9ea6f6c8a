/** A provider said no. What that means for the connection, its sources and the people who must know. */
import type { ConnectorError } from '../connectors/connector.ts'
import type { Services } from './services.ts'

export type Failure = {
  orgId: string
  connectionId: string
  /** The source that was being read; null when the failure is the connection's own. */
  sourceId: string | null
  error: ConnectorError
}

/** Records the failure by its class. Fifty callers at once disconnect once and open one incident. */
export async function noteFailure(_services: Services, _failure: Failure): Promise<void> {
  throw new Error('not built yet')
}
