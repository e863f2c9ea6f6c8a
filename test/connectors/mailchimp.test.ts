/** What Mailchimp says of a login beside where its data are, which may be nothing. */
import nock from 'nock'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { mailchimpAudiences } from '../../connectors/mailchimp.ts'
import { app } from './fixture.ts'

const SITE = 'https://us1.api.mailchimp.com'
const bare = { dc: 'us1', login_url: 'https://login.mailchimp.com', api_endpoint: SITE }

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.enableNetConnect())

function identity(raw: Json) {
  const { provider } = mailchimpAudiences
  const context = openContext({
    ...{ provider, connector: mailchimpAudiences, accessToken: 'mc-new', app, site: SITE },
    signal: new AbortController().signal,
  })
  return provider.identity(context, { idToken: null, raw })
}

const root = (answer: nock.Body) =>
  nock(SITE, { reqheaders: { authorization: 'Bearer mc-new' } })
    .get('/3.0/?fields=account_id%2Clogin_id%2Cemail')
    .reply(200, answer)

it('asks the account who signed in where the metadata do not say', async () => {
  root({ account_id: '1a2b3c4d5e', login_id: '9z8y7x6w5v', email: 'dana@northwind.example' })
  expect(await identity(bare)).toEqual({ id: '1a2b3c4d5e/9z8y7x6w5v', label: 'dana@northwind.example' })
})

it('knows nobody where the account does not say it either', async () => {
  root({ account_name: 'Northwind Inc' })
  await expect(identity(bare)).rejects.toMatchObject({ kind: 'unknown' })
})

it('takes the other address where one is not given', async () => {
  const login = { login_id: 77_120, login_email: null, email: 'dana@northwind.example' }
  expect(await identity({ ...bare, user_id: 15_433_221, login })).toEqual({
    ...{ id: '15433221/77120', label: 'dana@northwind.example' },
  })
})
