/** Looks at the account list before a data source is said to have lost its account. */
import { checkAccounts } from '../flows/second-look.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'check-accounts': { orgId: string; connectionId: string }
  }
}

export const checkAccountsJob: Job<'check-accounts'> = {
  name: 'check-accounts',
  policy: 'short',
  retry: { limit: 5, delaySeconds: 60 },
  expireSeconds: 300,
  concurrency: 1,
  batch: 4,
  run: (services, payload, { signal }) => checkAccounts(services, payload, signal),
}
