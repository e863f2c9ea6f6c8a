/** Lets each signed request and each event of Slack's in once, whichever process it reaches. */
import { firstSightOfAllOrgs, forgetOldOfAllOrgs } from '../storage/seen.ts'
import type { Services } from './services.ts'

/**
 * 'refused': these very bytes came before, so somebody replays them. 'repeated': Slack delivers an event again under a
 * new signature, and it was taken already.
 */
export async function admit(
  { db }: Pick<Services, 'db'>,
  { signature, eventId }: { signature: string | null; eventId: string | null },
): Promise<'admitted' | 'refused' | 'repeated'> {
  if (signature && !(await firstSightOfAllOrgs(db, `signature ${signature}`))) return 'refused'
  if (eventId && !(await firstSightOfAllOrgs(db, `event ${eventId}`))) return 'repeated'
  return 'admitted'
}

/** For the tick. */
export async function sweep({ db }: Pick<Services, 'db'>): Promise<void> {
  await forgetOldOfAllOrgs(db)
}
