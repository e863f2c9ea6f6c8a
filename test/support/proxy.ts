/** A TCP proxy before PostgreSQL that can be cut, or can swallow everything, and be mended again. */
import net from 'node:net'

export type Proxy = {
  url: string
  /** 'cut' refuses and drops connections; 'silent' takes bytes and answers nothing. */
  set(state: 'open' | 'cut' | 'silent'): void
  close(): Promise<void>
}

/** In front of the server of a postgres:// URL. */
export async function proxyFor(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<net.Socket>()
  let state: 'open' | 'cut' | 'silent' = 'open'
  const server = net.createServer((from) => {
    if (state === 'cut') return void from.destroy()
    const to = net.connect(Number(target.port || 5432), target.hostname)
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        from.destroy()
        to.destroy()
      })
    }
    from.on('data', (bytes) => state !== 'silent' && to.write(bytes))
    to.on('data', (bytes) => state !== 'silent' && from.write(bytes))
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as net.AddressInfo).port)
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    set(next) {
      state = next
      if (next === 'cut') drop()
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        drop()
      }),
  }
}
