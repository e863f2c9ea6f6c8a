/** Proves a reconnect source by source. Runs again while the provider cannot answer for some of them. */
import { heal } from '../flows/heal.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    heal: { orgId: string; connectionId: string; requestId: string | null }
  }
}

export const healJob: Job<'heal'> = {
  name: 'heal',
  policy: 'short',
  retry: { limit: 150, delaySeconds: 15, delayMaxSeconds: 600 }, // about a day: nobody else asks again
  expireSeconds: 900,
  concurrency: 1,
  batch: 4,
  prompt: true,
  async run(services, payload, { signal, last }) {
    const outcome = await heal(services, payload, { signal, last })
    switch (outcome.kind) {
      case 'nothing':
      case 'settled':
        return
      case 'again':
        throw new Error(`${outcome.unasked} data sources could not be asked yet`)
      default:
        outcome satisfies never
    }
  },
}
