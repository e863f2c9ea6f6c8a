/** What the minute tick does on the owner's side: forget lost trips, end idle sessions, remind of a missing Finish. */
import * as consents from '../../storage/consents.ts'
import * as held from '../../storage/held-credentials.ts'
import * as sessions from '../../storage/link-sessions.ts'
import * as oauthSessions from '../../storage/oauth-sessions.ts'
import { enqueueDelivery } from '../deliver.ts'
import type { Services } from '../services.ts'

export async function sweep(services: Services): Promise<void> {
  const { db } = services
  await oauthSessions.forgetExpiredOfAllOrgs(db)
  await sessions.closeIdleOfAllOrgs(db)
  await consents.abandonOfAllOrgs(db)
  await remindOfFinish(services)
}

/** Once per link, by mail: whoever forgot to press Finish has closed the page. */
async function remindOfFinish(services: Services): Promise<void> {
  for (const { orgId, linkId, requestId, ownerEmail } of await held.unfinishedOfAllOrgs(services.db))
    await services.db.transaction((tx) =>
      enqueueDelivery(services, tx, {
        ...{ orgId, kind: 'one-click-left', channel: 'mail', address: ownerEmail },
        ...{ linkId, subjectId: requestId, dedupeKey: `one-click-left:${linkId}` },
      }),
    )
}
