/** "Coverage" in a row's menu: which days a data source has, as a picture that comes as a direct message. */
import { askCoverage } from '../flows/coverage.ts'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import { coverageStarted } from '../templates/slack/coverage.ts'
import { notAllowed, sourceGone } from '../templates/slack/sources.ts'
import type { Actor } from './actor.ts'
import { type Args, answer } from './answer.ts'

const TITLE = 'Coverage'

export async function showCoverage(
  services: Services,
  args: Args,
  { orgId, userId, member }: Actor,
  sourceId: string,
): Promise<void> {
  if (!may(member, 'see')) return answer(args, notAllowed('see data sources', 'an admin'), TITLE)
  const asked = await askCoverage(services, { orgId, sourceId, by: userId })
  return answer(args, asked.kind === 'started' ? coverageStarted(asked.accountName) : sourceGone(), TITLE)
}
