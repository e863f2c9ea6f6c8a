/** Asks Slack for one page of a workspace's people. A large workspace is many jobs, so none holds a worker for long. */
import { notePeople } from '../flows/people.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    people: { orgId: string; cursor: string | null }
  }
}

export const people: Job<'people'> = {
  name: 'people',
  policy: 'short',
  retry: { limit: 5, delaySeconds: 60, delayMaxSeconds: 3600 }, // then tomorrow's
  expireSeconds: 120,
  concurrency: 1,
  async run(services, { orgId, cursor }) {
    const voice = await services.slack(orgId)
    if (voice) await notePeople(services, orgId, await voice.people(cursor))
  },
}
