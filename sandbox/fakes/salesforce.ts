/** Salesforce as one organisation answers: SOQL aggregates by hour and by close date, limits in every answer. */
import type { Json } from '../../connectors/call.ts'
import { addDays } from '../../connectors/days.ts'
import type { Answer, Fake, World } from './fake.ts'

const SITE = 'https://mueller-moebel.my.salesforce.com'
const ID = '/id/00D5g00000Ab1cdEAB/0055g00000Ef2ghAAC'
const HOURS = [8, 13, 21]
const organisation = {
  attributes: { type: 'Organization', url: '/services/data/v67.0/sobjects/Organization/00D5g00000Ab1cdEAB' },
  ...{ Id: '00D5g00000Ab1cdEAB', Name: 'Müller Möbel GmbH', TimeZoneSidKey: 'Europe/Berlin' },
  ...{ InstanceName: 'EU46', IsSandbox: false },
}
const person = {
  ...{ user_id: '0055g00000Ef2ghAAC', organization_id: '00D5g00000Ab1cdEAB', display_name: 'Jürgen Müller' },
  ...{ username: 'juergen@mueller-moebel.example', email: 'juergen@mueller-moebel.example' },
}

export const fake: Fake = {
  origins: ['https://login.salesforce.com', SITE, 'https://northwind.my.salesforce.com'],
  signIn: {
    token({ url, form }, mint) {
      if (url.pathname !== '/services/oauth2/token') return null
      const isRenewal = form.grant_type === 'refresh_token'
      if (!(isRenewal ? form.refresh_token : form.code))
        return {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'expired authorization code' },
        }
      const shared = { scope: 'refresh_token api id', instance_url: SITE, token_type: 'Bearer' }
      const refresh = isRenewal ? {} : { refresh_token: `5Aep861${mint()}` }
      const id = `https://login.salesforce.com${ID}`
      return { body: { access_token: mint(), ...refresh, ...shared, id, issued_at: String(Date.now()) } }
    },
  },
  answer({ url, headers }, world) {
    if (url.pathname === '/services/oauth2/revoke') return { body: {} }
    if (!url.pathname.startsWith('/services/data/') && url.pathname !== ID) return null
    if (!world.accepts((headers.authorization ?? '').replace(/^Bearer /, '')))
      return refused(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
    if (url.pathname === ID) return { body: person }
    if (!url.pathname.endsWith('/query'))
      return refused(404, 'NOT_FOUND', 'The requested resource does not exist')
    return answerTo(url.searchParams.get('q') ?? '', world)
  },
}

const refused = (status: number, errorCode: string, message: string): Answer => ({
  status,
  body: [{ message, errorCode }],
})

function answerTo(q: string, world: World): Answer {
  if (q.includes('FROM CurrencyType'))
    return refused(400, 'INVALID_TYPE', "sObject type 'CurrencyType' is not supported.")
  const records = q.includes('FROM Organization') ? [organisation] : sums(q, world)
  return {
    headers: { 'sforce-limit-info': 'api-usage=812/100000' },
    body: { totalSize: records.length, done: true, records },
  }
}

/** Whole UTC days: the hours used lie in the same day everywhere in Europe and America. */
function sums(q: string, { figure }: World): Json[] {
  const object = / FROM (\w+) /.exec(q)?.[1] ?? ''
  const isWon = q.includes('IsWon')
  const [, from = '', to = ''] = /Date >= (\S+) AND \w+ < (\S+)/.exec(q) ?? []
  const attributes = { type: 'AggregateResult' }
  const records: Json[] = []
  for (let day = from.slice(0, 10); day <= to.slice(0, 10); day = addDays(day, 1))
    for (const h of isWon ? [0] : HOURS) {
      const at = `${day}T${String(h).padStart(2, '0')}:30:00Z`
      if (isWon ? day >= to : at < from || at >= to) continue
      const n = figure(`salesforce ${object} ${isWon} ${h}`, day, isWon ? 2 : 3)
      const amt = figure(`salesforce amount ${isWon} ${h}`, day, 4_300) * n
      if (n > 0)
        records.push({
          attributes,
          d: day,
          n,
          ...(!isWon && { h }),
          ...(object === 'Opportunity' && { amt }),
        })
    }
  return records
}
