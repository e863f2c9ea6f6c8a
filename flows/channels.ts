/** Channels come and go in Slack; alerts must not be sent to where nobody reads them. */
import * as audit from '../storage/audit.ts'
import * as channels from '../storage/channels.ts'
import type { Services } from './services.ts'

type Channel = { orgId: string; channelId: string; by: string | null }

/** Alerts fall back to the org's channel, or to people, until somebody chooses another one. */
export async function channelArchived({ db }: Services, { orgId, channelId, by }: Channel): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await channels.forget(tx, orgId, channelId))) return false
    await audit.record(tx, orgId, {
      ...{ kind: 'channel.archived', actor: by ? `slack:${by}` : 'system', data: { channel: channelId } },
    })
    return true
  })
}

/** Ids stay, so alerts follow; the audit keeps the name people remember. */
export async function channelRenamed(
  { db }: Services,
  { orgId, channelId, name }: { orgId: string; channelId: string; name: string },
): Promise<void> {
  if (!(await channels.isUsed(db, orgId, channelId))) return
  await audit.record(db, orgId, {
    ...{ kind: 'channel.renamed', actor: 'system', data: { channel: channelId, name } },
  })
}
