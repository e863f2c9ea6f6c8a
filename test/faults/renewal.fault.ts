/** Many processes find the same token expired at the same moment, at a provider whose refresh tokens work once. */
import { expect, test } from 'vitest'
import { race } from '../bench/renewal.ts'
import { freshDatabase } from '../support/database.ts'
import { report } from './figures.ts'

test('F25 1600 jobs in 8 processes renew one connection with one call', async ({ task }) => {
  const { url } = await freshDatabase()
  const { calls, failed, addedMs } = await race(url, { processes: 8, jobs: 200 })
  expect({ calls, failed }).toEqual({ calls: 1, failed: 0 })
  report(task, { calls, failed, 'ms beyond the provider': Math.round(addedMs) })
})
