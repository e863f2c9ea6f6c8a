/** Posts a file to one member once: a job that runs again finds that it stands. */
import type { Services } from '../../flows/services.ts'
import { claimPost, findPost, forgetPost, notePost } from '../../flows/slack-post.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { fileRefused, type NamedSource } from '../../templates/slack/export-csv.ts'
import { type FileToPost, RetryLater, type SlackVoice } from '../job.ts'

const CLAIMED_SECONDS = 30

/** `key` names the post within the org. Throws what will pass, and gives its claim back. */
export async function postFile(
  services: Services,
  voice: SlackVoice,
  { orgId, userId, key }: { orgId: string; userId: string; key: string },
  file: FileToPost,
  { message, named }: { message: SlackMessage; named: NamedSource },
): Promise<void> {
  if (!(await claimPost(services, orgId, key, userId))) {
    if ((await findPost(services, orgId, key))?.ts) return
    throw new RetryLater(CLAIMED_SECONDS, 'another worker is posting this file')
  }
  const posted = await voice.file(userId, file, message).catch(async (error: unknown) => {
    await forgetPost(services, orgId, key)
    throw error
  })
  if (posted.kind === 'posted')
    return notePost(services, orgId, key, { channelId: posted.channel, ts: posted.ts, contentHash: null })
  await forgetPost(services, orgId, key)
  if (posted.kind === 'refused') await voice.post(userId, fileRefused(named, posted.why))
}
