/** Who can sign in to the sandbox's Google, and which accounts they see: two clients and somebody without any. */

/** Accounts by id: customer ids, property ids, site URLs. */
export type Person = {
  email: string
  name: string
  ads: string[]
  ga4: string[]
  sites: string[]
}

export const people: Person[] = [
  {
    email: 'dana@northwind.example',
    name: 'Dana Whitfield',
    ads: ['8765432109', '2345678901'],
    ga4: ['330011', '330012', '330022'],
    sites: [
      'sc-domain:northwind.example',
      'https://shop.northwind.example/',
      'https://shop.contoso.example/',
    ],
  },
  {
    email: 'sam@contoso.example',
    name: 'Sam Okafor',
    ads: ['4567890123', '4567890124'],
    ga4: ['330022', '330023'],
    sites: ['sc-domain:contoso.example', 'https://shop.contoso.example/'],
  },
  { email: 'someone@nobody.example', name: 'Someone Else', ads: [], ga4: [], sites: [] },
]

export type AdsAccount = {
  id: string
  name: string
  currency: string
  zone: string
  /** The manager account above it; only dana's manager reaches what is below. */
  manager?: string
  isManager?: true
  campaigns: { id: string; name: string; daily: number }[]
}

/** `daily` is about how many impressions a day a campaign has. */
export const adsAccounts: AdsAccount[] = [
  {
    id: '8765432109',
    name: 'Northwind Group',
    currency: 'USD',
    zone: 'America/New_York',
    isManager: true,
    campaigns: [],
  },
  {
    id: '2345678901',
    name: 'Northwind Shoes - Search',
    currency: 'USD',
    zone: 'America/New_York',
    manager: '8765432109',
    campaigns: [
      { id: '11122233', name: 'Brand - US', daily: 18_000 },
      { id: '11122234', name: 'Running shoes - US', daily: 42_000 },
      { id: '11122235', name: 'Hiking boots - US', daily: 27_000 },
      { id: '11122236', name: 'Shopping - all products', daily: 65_000 },
    ],
  },
  {
    id: '3456789012',
    name: 'Northwind Shoes - UK',
    currency: 'GBP',
    zone: 'Europe/London',
    manager: '8765432109',
    campaigns: [
      { id: '22233344', name: 'Brand - UK', daily: 7_500 },
      { id: '22233345', name: 'Running shoes - UK', daily: 15_000 },
    ],
  },
  {
    id: '4567890123',
    name: 'Contoso Bikes',
    currency: 'EUR',
    zone: 'Europe/Berlin',
    manager: '8765432109',
    campaigns: [
      { id: '33344455', name: 'Brand - DE', daily: 9_000 },
      { id: '33344456', name: 'City bikes', daily: 21_000 },
      { id: '33344457', name: 'E-bikes', daily: 33_000 },
    ],
  },
  {
    id: '4567890124',
    name: 'Contoso Bikes - Outlet',
    currency: 'EUR',
    zone: 'Europe/Berlin',
    campaigns: [{ id: '44455566', name: 'Outlet - DE', daily: 12_000 }],
  },
]

export type Property = {
  id: string
  name: string
  account: { id: string; name: string }
  currency: string
  zone: string
  daily: number
}

const northwind = { id: '1001', name: 'Northwind' }
const contoso = { id: '1002', name: 'Contoso Bikes' }

/** `daily` is about how many sessions a day it has. */
export const properties: Property[] = [
  {
    id: '330011',
    name: 'northwind.example - GA4',
    account: northwind,
    currency: 'USD',
    zone: 'America/New_York',
    daily: 4_200,
  },
  {
    id: '330012',
    name: 'Northwind app',
    account: northwind,
    currency: 'USD',
    zone: 'America/New_York',
    daily: 1_300,
  },
  {
    id: '330022',
    name: 'contoso.example',
    account: contoso,
    currency: 'EUR',
    zone: 'Europe/Berlin',
    daily: 2_600,
  },
  {
    id: '330023',
    name: 'Contoso outlet',
    account: contoso,
    currency: 'EUR',
    zone: 'Europe/Berlin',
    daily: 700,
  },
]

export const channels: [name: string, share: number][] = [
  ['Direct', 0.2],
  ['Email', 0.07],
  ['Organic Search', 0.34],
  ['Organic Social', 0.06],
  ['Paid Search', 0.25],
  ['Referral', 0.08],
]

/** Site → about how many impressions a day it has. Every person also sees one site nobody has verified. */
export const sites: Record<string, number> = {
  'sc-domain:northwind.example': 5_000,
  'https://shop.northwind.example/': 2_100,
  'sc-domain:contoso.example': 3_600,
  'https://shop.contoso.example/': 1_500,
}
