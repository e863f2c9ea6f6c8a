/** Keys and addresses are typed by people: whoever holds a link cannot guess or probe with it without end. */
import { afterAll, expect, it } from 'vitest'
import { ConnectorError } from '../../connectors/connector.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { heading, Visitor } from './browser.ts'
import { fakeConnector, fakeKeyProvider, issueLink, openStage } from './stage.ts'

let asked = 0
const vault = fakeKeyProvider('vault', async () => {
  asked++
  throw new ConnectorError('revoked', 'vault', 'Vault said no')
})

const { db } = await freshDatabase()
const stage = await openStage(db, [fakeConnector('ledger', vault, [])])
afterAll(() => stage.close())

it('checks sixty keys in an hour for one link, whatever the browser, and goes on afterwards', async () => {
  const start = new Date()
  await setClock(db, start)
  const link = await issueLink(stage, { connectorIds: ['ledger'] })
  const type = (key: number) =>
    new Visitor().post(`${stage.origin}${link.path}/continue`, {
      provider: 'vault',
      'answer.apiKey': `vk_${10_000_000 + key}`,
    })
  for (let key = 0; key < 60; key++) expect((await type(key)).html).toContain('does not accept this key')
  const stopped = await type(60)
  expect([stopped.status, heading(stopped.html), asked]).toEqual([409, 'This link was tried too often', 60])
  await setClock(db, new Date(start.getTime() + 61 * 60_000))
  expect((await type(61)).html).toContain('does not accept this key')
})
