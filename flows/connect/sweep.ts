/** What the minute tick tidies up on the owner's side: lost trips to providers and link sessions left idle. */
import * as consents from '../../storage/consents.ts'
import * as sessions from '../../storage/link-sessions.ts'
import * as oauthSessions from '../../storage/oauth-sessions.ts'
import type { Services } from '../services.ts'

export async function sweep({ db }: Services): Promise<void> {
  await oauthSessions.forgetExpiredOfAllOrgs(db)
  await sessions.closeIdleOfAllOrgs(db)
  await consents.abandonOfAllOrgs(db)
}
