import { createServer } from 'node:net'

const FIRST = 20_000 // below what systems give to outgoing connections: Linux from 32768, macOS and Windows from 49152
const SHARES = 110
const SHARE = 100

let next = Math.floor(Math.random() * SHARE)

/**
 * A TCP port nobody listens on, for a server that must know its address before it starts. It is not held: whoever asks
 * takes it a moment later. So that nobody else takes it in between, each process draws from a share of its own and
 * does not name a port again until the share has been gone through, and no outgoing connection is ever given one of
 * these by the system. Rejects when no port of the share is free.
 */
export async function freePort(): Promise<number> {
  const first = FIRST + (process.pid % SHARES) * SHARE
  for (let tried = 0; tried < SHARE; tried++) {
    const port = first + (next++ % SHARE)
    if (await isFree(port)) return port
  }
  throw new Error(`No port is free between ${first} and ${first + SHARE - 1}`)
}

/** On every address at once, as the product listens: a port taken on one of them counts as taken. */
function isFree(port: number): Promise<boolean> {
  return new Promise((told) => {
    const probe = createServer()
    probe.once('error', () => told(false))
    probe.listen(port, () => probe.close(() => told(true)))
  })
}
