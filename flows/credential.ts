/** Calling a provider in the name of a connection: the token is renewed when it must be, and refusals heard twice. */
import { type Account, type Connector, ConnectorError, type Context } from '../connectors/connector.ts'
import { openContext } from '../connectors/http.ts'
import * as connections from '../storage/connections.ts'
import * as credentials from '../storage/credentials.ts'
import * as sources from '../storage/sources.ts'
import { freshCredential, type Held, notYet } from './renewal.ts'
import type { Services } from './services.ts'

export type Subject = {
  orgId: string
  connectionId: string
  /** Adds the connector's headers, origins and error rules; without it only the provider's own apply. */
  connector?: Connector
  /** Adds the headers an account needs, and the pace everybody reading it shares. */
  account?: Account
}

/** Within a long read the row is looked at again this often, on the real clock. */
const RECHECK_MS = 4 * 60_000

/**
 * Runs `use` with a context that always carries a valid token. An API refusal renews once and replays once. Throws
 * ConnectorError: a first final refusal as `transient`, a confirmed one as `revoked`, for `noteFailure` to act upon.
 */
export async function withCredential<T>(
  services: Services,
  subject: Subject,
  signal: AbortSignal,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  const { connector = null, account = null } = subject
  const accountKey = connector && account ? `${connector.id}:${account.id}` : null
  let held = await freshCredential(services, ids(subject))
  let lookedAt = performance.now()
  const app = services.oauthApps[held.provider.id] ?? null
  const known = connector?.ask ? await accountsUnder(services, subject) : []
  const open = ({ provider, credential: { accessToken, site = '' } }: Held) =>
    openContext({ provider, connector, accessToken, app, site, account, accountKey, known, signal })
  const context: Context = {
    ...open(held),
    async call(request) {
      if (performance.now() - lookedAt > RECHECK_MS) {
        held = await freshCredential(services, ids(subject))
        lookedAt = performance.now()
      }
      const tried = held
      try {
        return await open(tried).call(request)
      } catch (error) {
        if (!isRefusal(error)) throw error
        held = await afterRefusal(services, subject, tried, error)
      }
      try {
        return await open(held).call(request)
      } catch (error) {
        if (!isRefusal(error)) throw error
        const isAnother = held.credential.accessToken !== tried.credential.accessToken
        throw await refusedFor(services, subject, error, isAnother, held.provider.refusalSeconds)
      }
    },
  }
  return use(context)
}

/**
 * The second look at a suspected connection: renews by force, or where that proves nothing asks the provider for
 * something. Returns when it is alive; throws ConnectorError, `revoked` when that is now decided.
 */
export async function lookAgain(
  services: Services,
  { orgId, connectionId }: { orgId: string; connectionId: string },
  signal: AbortSignal = AbortSignal.timeout(20_000),
): Promise<void> {
  const { credential } = await freshCredential(services, { orgId, connectionId }, { force: true })
  // A token that is extended by itself may come back as it was: that the API takes it is not shown by that.
  if (credential.refreshToken !== null && credential.refreshToken !== credential.accessToken) return
  const [source] = await sources.ofConnection(services.db, orgId, connectionId)
  const connector = source && services.connectors.get(source.connectorId)
  if (!connector && credential.refreshToken === null) return
  if (connector)
    await withCredential(services, { orgId, connectionId, connector }, signal, async (context) => {
      for await (const _account of connector.accounts(context)) break
    })
  await connections.markVerified(services.db, orgId, connectionId)
}

/** What an owner named once is found again by what came of it. */
async function accountsUnder(
  { db }: Services,
  { orgId, connectionId, connector }: Subject,
): Promise<string[]> {
  const under = await sources.ofConnection(db, orgId, connectionId)
  return under.filter(({ connectorId }) => connectorId === connector?.id).map(({ accountId }) => accountId)
}

const ids = ({ orgId, connectionId }: Subject) => ({ orgId, connectionId })

const isRefusal = (error: unknown): error is ConnectorError =>
  error instanceof ConnectorError && (error.kind === 'revoked' || error.unauthorized)

/** Somebody else's newer token, or one renewed now. Throws where there is none to be had. */
async function afterRefusal(
  services: Services,
  subject: Subject,
  tried: Held,
  error: ConnectorError,
): Promise<Held> {
  const next = await freshCredential(services, ids(subject), { refused: tried.sealed })
  if (next.sealed !== tried.sealed) return next
  throw await refusedFor(services, subject, error, false, tried.provider.refusalSeconds)
}

/** What a refusal of the API itself means by now. */
async function refusedFor(
  services: Services,
  { orgId, connectionId }: Subject,
  error: ConnectorError,
  confirmed: boolean,
  afterSeconds?: number,
): Promise<ConnectorError> {
  const final = await credentials.noteApiRefusal(services.db, orgId, connectionId, confirmed, afterSeconds)
  return final ? error : notYet(error)
}
