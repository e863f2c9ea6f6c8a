/** One of several processes that ask for links of the same org at once; forked by test/flows/quota.test.ts. */
import { requestAccess } from '../../flows/request-access.ts'
import { openDb } from '../../storage/db.ts'
import { askServices, wish } from './ask.ts'

export type Order = { url: string; orgId: string; times: number; queue: boolean }

process.on('message', async ({ url, orgId, times, queue }: Order) => {
  const db = openDb(url, { name: 'latchkey quota child' })
  const { services } = askServices(db)
  const ask = () => requestAccess(services, wish(orgId, { ifFull: queue ? 'queue' : 'refuse' }))
  const outcomes = await Promise.all(Array.from({ length: times }, ask))
  await db.close()
  process.send?.(
    outcomes.map(({ kind }) => kind),
    () => process.disconnect(),
  )
})
