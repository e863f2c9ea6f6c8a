/** A real server in the place of a provider, for what nock cannot do: hanging, and a hundred thousand rows. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import nock from 'nock'
import type { Connector, Json } from '../../connectors/connector.ts'
import { routeOrigins } from '../../connectors/http.ts'
import type { Answer, Call, World } from '../../sandbox/fakes/fake.ts'
import type { Fixture } from './fixture.ts'

/** Every origin of the connector's fake leads here. 'never': the call hangs. Null: 404. */
export async function standIn(
  { fake, opening }: Fixture,
  { origins }: Connector,
  answer: (call: Call) => Answer | null | 'never',
) {
  const claimed = [...fake.origins, ...origins, opening?.site ? new URL(opening.site).origin : '']
  const real = [...new Set(claimed)].filter((origin) => origin.startsWith('https:') && !origin.includes('*'))
  const servers = real.map((origin) =>
    createServer(async (request, response) => {
      const body = await text(request)
      const url = new URL(request.url ?? '/', origin)
      const reply = answer({
        ...{ method: request.method ?? 'GET', url, text: body, json: parsed(body) },
        form: Object.fromEntries(new URLSearchParams(body)),
        headers: request.headers as Record<string, string>,
      })
      if (reply === 'never') return
      const { status = 200, headers = {}, body: sent } = reply ?? { status: 404, body: {} }
      response.writeHead(status, headers).end(Buffer.isBuffer(sent) ? sent : JSON.stringify(sent))
    }),
  )
  for (const server of servers) await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  routeOrigins(Object.fromEntries(real.map((origin, at) => [origin, `http://127.0.0.1:${ports[at]}`])))
  nock.enableNetConnect('127.0.0.1')
  return {
    async [Symbol.asyncDispose]() {
      routeOrigins({})
      nock.disableNetConnect()
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((closed) => server.close(closed))
      }
    },
  }
}

/** The connector's own fake, in a world of so many campaigns. */
export function manySplits({ fake }: Fixture, many: number): (call: Call) => Answer | null {
  const all = Array.from({ length: many }, (_, at) => ({
    id: String(1_000_000 + at),
    name: `Campaign ${at}`,
  }))
  const world: World = {
    splits: () => all,
    figure: (_seed, _day, size) => Math.round(size),
    accepts: () => true,
  }
  return (call) => fake.answer(call, world)
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch {
    return null
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export function heapMegabytes(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}
