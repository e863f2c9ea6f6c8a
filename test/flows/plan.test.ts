/** Which origins the owner's page lets a browser pass: a provider may send it on before it shows the sign-in. */
import { expect, it } from 'vitest'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import { stopsOf } from '../../flows/connect/plan.ts'

const formsTo = (connectorId: string) => {
  const services = { connectors: catalogue(allConnectors) } as Parameters<typeof stopsOf>[0]
  const link = { items: [{ connectorId, accountHint: null }] } as unknown as Parameters<typeof stopsOf>[1]
  return stopsOf(services, link, []).flatMap((stop) => stop.formsTo)
}

it.each([
  ['ga4', ['https://accounts.google.com']],
  ['hubspot', ['https://app.hubspot.com', 'https://*.hubspot.com']],
  ['salesforce', ['https://login.salesforce.com', 'https://*.salesforce.com', 'https://*.force.com']],
  ['klaviyo', []],
])('names what %s leads through', (connector, origins) => {
  expect(formsTo(connector)).toEqual(origins)
})

it('names the shop’s own address and what Shopify leads it through', () => {
  const wanted = ['https://*.myshopify.com', 'https://admin.shopify.com', 'https://accounts.shopify.com']
  expect(formsTo('shopify')).toEqual(expect.arrayContaining(wanted))
})
