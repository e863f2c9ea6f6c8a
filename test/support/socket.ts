/** The smallest Socket Mode server: one WebSocket, whole text frames, envelopes out and answers in. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

export type SocketServer = {
  url: string
  connected(): Promise<void>
  /** Sends an envelope and waits for its answer. */
  deliver(type: 'slash_commands' | 'interactive' | 'events_api', payload: object): Promise<unknown>
  close(): Promise<void>
}

export async function startSocketServer(): Promise<SocketServer> {
  const waiting = new Map<string, (answer: unknown) => void>()
  let socket: Duplex | null = null
  let open: () => void = () => {}
  const connected = new Promise<void>((done) => {
    open = done
  })
  const server = createServer()
  server.on('upgrade', (req, duplex) => {
    const key = `${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    duplex.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket = duplex
    duplex.on('error', () => {})
    duplex.on('data', (bytes: Buffer) => {
      for (const { envelope_id, payload } of framesIn(bytes)) waiting.get(envelope_id)?.(payload)
    })
    duplex.write(frame({ type: 'hello', num_connections: 1 }))
    open()
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  let counter = 0
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connected: () => connected,
    deliver(type, payload) {
      const envelope_id = `envelope-${++counter}`
      socket?.write(frame({ type, envelope_id, payload, accepts_response_payload: true }))
      return new Promise((done) => waiting.set(envelope_id, done))
    },
    close: () =>
      new Promise((done) => {
        socket?.destroy()
        server.close(() => done())
      }),
  }
}

/** Unmasked, as servers send. */
function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const head = body.length < 126 ? [0x81, body.length] : [0x81, 126, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from(head), body])
}

/** Masked text frames, each whole: what a client sends here is small. Pings and the like are passed over. */
function framesIn(bytes: Buffer): { envelope_id: string; payload: unknown }[] {
  const found: { envelope_id: string; payload: unknown }[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const text = ((bytes[at] ?? 0) & 15) === 1
    const short = (bytes[at + 1] ?? 0) & 127
    const [length, mask] = short === 126 ? [bytes.readUInt16BE(at + 2), at + 4] : [short, at + 2]
    const body = bytes.subarray(mask + 4, mask + 4 + length)
    const plain = body.map((byte, i) => byte ^ (bytes[mask + (i % 4)] ?? 0))
    if (text) found.push(JSON.parse(Buffer.from(plain).toString()))
    at = mask + 4 + length
  }
  return found
}
