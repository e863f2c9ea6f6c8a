/** What an id token says. It came straight from the token endpoint, so its signature needs no second look (OIDC Core 3.1.3.7). */
import type { Json } from './call.ts'
import { valuesAt } from './classify.ts'

/** From claims, a compact JWT, or what grant made of either; null where there is nothing to read. */
export function claimsOf(idToken: Json): Json {
  if (typeof idToken === 'string') return decoded(idToken)
  return valuesAt(idToken, 'payload')[0] ?? valuesAt(idToken, 'id_token.payload')[0] ?? idToken
}

function decoded(jwt: string): Json {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Json
  } catch {
    return null
  }
}
