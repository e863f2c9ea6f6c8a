/** What operators watch. */
import { agesOfAllOrgs, countsOfAllOrgs, type Gauge } from '../storage/gauges.ts'
import type { Services } from './services.ts'

export type { Gauge } from '../storage/gauges.ts'

export async function gauges({ db }: Pick<Services, 'db'>): Promise<Gauge[]> {
  const [counts, ages] = await Promise.all([countsOfAllOrgs(db), agesOfAllOrgs(db)])
  return [...counts, ...ages]
}
