/** What a message to a source owner says about an auth link. Null once the link may no longer be used. */
import * as requests from '../storage/access-requests.ts'
import * as links from '../storage/auth-links.ts'
import * as clients from '../storage/clients.ts'
import * as members from '../storage/members.ts'
import * as orgs from '../storage/orgs.ts'
import { linkUrl } from './issue-link.ts'
import type { Services } from './services.ts'

export type OwnerMessage = {
  brand: {
    orgName: string
    logoUrl: string | null
    color: string
    website: string | null
    supportEmail: string | null
  }
  purpose: 'connect' | 'reconnect'
  clientName: string
  requester: { name: string; email: string | null; slackUserId: string }
  ownerName: string | null
  /** Of the owner, else of the org: in which the expiry is written. */
  timeZone: string
  note: string
  items: {
    connectorName: string
    accountHint: string
    /** What each asked permission lets us do, in plain words. */
    reads: string[]
    writeWarning: string | null
    signInWith: string
    role: string
    /** There is no sign-in: a key is entered on our page. */
    takesKey: boolean
  }[]
  providers: { name: string; permissionsUrl: string }[]
  expiresAt: Date
  /** Secret. */
  url: string
}

export async function ownerMessage(
  services: Services,
  orgId: string,
  linkId: string | null,
): Promise<OwnerMessage | null> {
  const { db } = services
  const link = linkId ? await links.get(db, orgId, linkId) : undefined
  const latest = link && (await links.latestOf(db, orgId, link.requestId))
  if (!link || !latest?.live || latest.id !== link.id) return null
  const request = await requests.get(db, orgId, link.requestId)
  if (!request) return null
  const [org, client, requester, items] = await Promise.all([
    orgs.get(db, orgId),
    clients.get(db, orgId, request.clientId),
    members.find(db, orgId, request.requestedBy),
    requests.itemsOf(db, orgId, request.id),
  ])
  return {
    brand: brandOf(org),
    purpose: request.purpose,
    clientName: client?.name ?? '',
    requester: {
      name: requester?.displayName ?? org.name,
      email: requester?.email ?? org.supportEmail,
      slackUserId: request.requestedBy,
    },
    ownerName: request.ownerName,
    timeZone: request.ownerTimeZone ?? org.timeZone,
    note: request.note,
    ...catalogued(services, items),
    expiresAt: link.expiresAt,
    url: linkUrl(services, link),
  }
}

/** How an org looks to people outside. */
export function brandOf(org: orgs.Org): OwnerMessage['brand'] {
  const { name, brandLogoUrl, brandColor, website, supportEmail } = org
  return { orgName: name, logoUrl: brandLogoUrl, color: brandColor, website, supportEmail }
}

/** A connector no longer offered keeps its place under its id. */
function catalogued({ connectors }: Services, items: requests.Item[]) {
  const known = items.flatMap(({ connectorId }) => connectors.get(connectorId) ?? [])
  const providers = new Map(known.map(({ provider }) => [provider.id, provider]))
  return {
    items: items.map(({ connectorId, accountHint }) => {
      const connector = connectors.get(connectorId)
      return {
        connectorName: connector?.name ?? connectorId,
        accountHint,
        reads: [...new Set(Object.values(connector?.scopeWords ?? {}))],
        writeWarning: connector?.writeWarning ?? null,
        signInWith: connector?.help.signInWith ?? '',
        role: connector?.help.role ?? '',
        takesKey: connector?.provider.auth === 'key',
      }
    }),
    providers: [...providers.values()].map(({ name, permissionsUrl }) => ({ name, permissionsUrl })),
  }
}
