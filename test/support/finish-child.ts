/** One of several processes pressing Finish at once. Takes its task as JSON, prints how often each outcome came. */
import { finish } from '../../flows/connect/finish.ts'
import { openDb } from '../../storage/db.ts'
import { fakeConnector, fakeProvider, stageServices } from '../web/stage.ts'

const { url, token, cookie, picks, times } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string
  token: string
  cookie: string
  picks: Parameters<typeof finish>[3]
  times: number
}
const db = openDb(url, { max: 20 })
const provider = fakeProvider('google', { origin: 'http://localhost:1' })
const services = stageServices(db, [fakeConnector('ads', provider, [])], new URL('http://localhost'))
const outcomes = await Promise.all(
  Array.from({ length: times }, () => finish(services, token, [cookie], picks)),
)
const words = outcomes.map((one) => (one.kind === 'not-open' ? one.sight.kind : `won ${one.kind}`))
console.log(JSON.stringify(words))
await db.close()
