/** `/access links`, for bot/access.ts. */
import { listLinks } from '../flows/list-links.ts'
import { quotaOf } from '../flows/quota.ts'
import type { Services } from '../flows/services.ts'
import { linksMessage } from '../templates/slack/links.ts'
import type { Actor } from './actor.ts'
import { type Args, answer } from './answer.ts'

/** Two blocks each, within Slack's fifty. */
const SHOWN = 15

/** Acknowledge before. Everybody of the org may look; the buttons judge who may press. */
export async function showLinks(services: Services, args: Args, { orgId }: Actor): Promise<void> {
  const [rows, quota] = await Promise.all([listLinks(services, orgId, SHOWN), quotaOf(services.db, orgId)])
  await answer(args, linksMessage(rows, quota))
}
