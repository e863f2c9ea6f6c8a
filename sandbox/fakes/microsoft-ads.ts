/** Microsoft Advertising as its REST API answers: three accounts under two customers, reports as a ZIP with one CSV. */
import type { Json } from '../../connectors/call.ts'
import { valuesAt } from '../../connectors/classify.ts'
import { daysOf } from '../../connectors/days.ts'
import { numberAt, textAt } from '../../connectors/values.ts'
import type { Answer, Call, Fake, World } from './fake.ts'
import { zipOf } from './zip.ts'

const FILES = 'https://bingadsappsstorageprod.blob.core.windows.net'
const USER = '13000777'
const PERSON = { oid: '5c2f0a6e-0b6d-4a53-9d1b-8f1f3f6f2c11', tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }
const customers = [
  ['180012345', 'X0011223', 'Müller Möbel Suche', '250001', 'EUR', 'AmsterdamBerlinBernRomeStockholmVienna'],
  [
    '180012361',
    'X0011239',
    'Müller Möbel Schweiz',
    '250001',
    'CHF',
    'AmsterdamBerlinBernRomeStockholmVienna',
  ],
  [
    '180098765',
    'X0099887',
    'Fjord Outdoor UK',
    '250002',
    'GBP',
    'GreenwichMeanTimeDublinEdinburghLisbonLondon',
  ],
].map(([Id = '', number = '', Name = '', ParentCustomerId = '', CurrencyCode = '', TimeZone = '']) => ({
  ...{ Id, Number: number, Name, ParentCustomerId, CurrencyCode, TimeZone, AccountLifeCycleStatus: 'Active' },
}))

export const fake: Fake = {
  origins: [
    ...['https://login.microsoftonline.com', 'https://clientcenter.api.bingads.microsoft.com'],
    ...['https://reporting.api.bingads.microsoft.com', FILES],
  ],
  signIn: {
    token({ url, form }, mint, leftAt) {
      if (!url.pathname.endsWith('/oauth2/v2.0/token')) return null
      if (!form.code && !form.refresh_token)
        return { status: 400, body: { error: 'invalid_grant', error_codes: [70000] } }
      return {
        body: {
          ...{ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: mint() },
          ...{ scope: 'https://ads.microsoft.com/msads.manage', refresh_token: `M.C5_${mint()}` },
          id_token: jwt({
            ...PERSON,
            aud: leftAt?.searchParams.get('client_id') ?? '',
            nonce: leftAt?.searchParams.get('nonce') ?? '',
            preferred_username: 'dana@northwind.example',
            name: 'Dana Weber',
          }),
        },
      }
    },
  },
  answer(call, world) {
    const { pathname, origin } = call.url
    if (origin === FILES) return { body: file(pathname, world) }
    const found = answered(call)
    if (found === null) return null
    const isKnown = world.accepts((call.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (!isKnown) return fault(401, 105, 'InvalidCredentials', 'Authentication failed.')
    return call.headers.developertoken
      ? found
      : fault(400, 116, 'RequestMissingHeaders', 'Header is missing.')
  },
}

function answered({ url: { pathname }, json }: Call): Answer | null {
  switch (pathname) {
    case '/CustomerManagement/v13/User/Query':
      return { body: { User: { Id: USER, UserName: 'dana@northwind.example' }, CustomerRoles: [] } }
    case '/CustomerManagement/v13/Accounts/Search': {
      const [index, size] = [numberAt(json, 'PageInfo.Index') ?? 0, numberAt(json, 'PageInfo.Size') ?? 10]
      return { body: { Accounts: customers.slice(index * size, (index + 1) * size) } }
    }
    case '/Reporting/v13/GenerateReport/Submit':
      return { body: { ReportRequestId: idOf(json) } }
    case '/Reporting/v13/GenerateReport/Poll': {
      const ReportDownloadUrl = `${FILES}:443/reports/${textAt(json, 'ReportRequestId')}.zip?sig=sandbox`
      return { body: { ReportRequestStatus: { Status: 'Success', ReportDownloadUrl } } }
    }
    default:
      return null
  }
}

/** The id holds what was asked for, so that nothing has to be remembered. */
function idOf(json: Json): string {
  const day = (which: string) =>
    ['Year', 'Month', 'Day']
      .map((part) => String(numberAt(json, `ReportRequest.Time.CustomDateRange${which}.${part}`) ?? 0))
      .map((part) => part.padStart(2, '0'))
      .join('-')
  const [account] = valuesAt(json, 'ReportRequest.Scope.AccountIds[]')
  return [account, day('Start'), day('End')].join('_')
}

function file(pathname: string, { splits, figure }: World): Buffer {
  const [, id = '', from = '', to = ''] = /\/(\d+)_([\d-]+)_([\d-]+)\.zip$/.exec(pathname) ?? []
  const CurrencyCode = customers.find(({ Id }) => Id === id)?.CurrencyCode ?? 'EUR'
  const campaigns = splits(id)
  const lines = daysOf({ from, to }).map((day) =>
    campaigns
      .map((campaign) => {
        const impressions = figure(`bing ${id} ${campaign.id}`, day, 3_200)
        const clicks = Math.round(impressions * 0.026)
        const name = `"${campaign.name.replaceAll('"', '""')}"`
        const spend = (clicks * 0.44).toFixed(2)
        return `${day},${id},${campaign.id},${name},${CurrencyCode},${impressions},${clicks},${spend},${Math.round(clicks / 20)},${(clicks * 2.1).toFixed(2)}\r\n`
      })
      .join(''),
  )
  const header =
    'TimePeriod,AccountId,CampaignId,CampaignName,CurrencyCode,Impressions,Clicks,Spend,Conversions,Revenue\r\n'
  return zipOf('report.csv', Buffer.concat([`\ufeff${header}`, ...lines].map((part) => Buffer.from(part))))
}

const fault = (status: number, Code: number, ErrorCode: string, Message: string): Answer => ({
  status,
  body: {
    ...{ TrackingId: '7f3c1c1e-sandbox', Type: 'AdApiFaultDetail' },
    Errors: [{ Code, ErrorCode, Message, Detail: null }],
  },
})

const jwt = (claims: Json): string =>
  [{ alg: 'none', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('')
    .join('.')
