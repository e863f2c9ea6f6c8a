/** DATABASE_URL with several hosts, for the driver `pg`, which knows only one. (The other driver tries them by itself.) */
import net from 'node:net'
import type pg from 'pg'

export type PgTarget = {
  connectionString: string
  hosts: number
  /** Dials the host that answered last; after a failure the next one. */
  stream?: () => net.Socket
  /** For pools: passes over a host that only reads, where the URL asks for one that writes. */
  verify?: (client: pg.ClientBase, done: (error?: Error) => void) => void
}

const PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?@]+)(.*)$/
const targets = new Map<string, PgTarget>()

/** Which host answers is remembered per process. A URL with one host stays as it is. */
export function pgTarget(url: string): PgTarget {
  const target = targets.get(url) ?? targetOf(url)
  targets.set(url, target)
  return target
}

function targetOf(url: string): PgTarget {
  const [, before = '', list = '', after = ''] = PARTS.exec(url) ?? []
  const hosts = list.split(',').map(hostOf)
  const [first] = hosts
  if (!first || hosts.length < 2) return { connectionString: url, hosts: 1 }
  let turn = 0
  const passOver = (dialled: number) => {
    if (turn === dialled) turn++
  }
  return {
    connectionString: `${before}${first.host}:${first.port}${after}`,
    hosts: hosts.length,
    stream() {
      const dialled = turn
      return socketTo(hosts[dialled % hosts.length] ?? first, () => passOver(dialled))
    },
    ...(/target_session_attrs=(read-write|primary)\b/.test(after) && {
      verify(client: pg.ClientBase, done: (error?: Error) => void) {
        const dialled = turn
        client.query('show transaction_read_only').then(({ rows }) => {
          if (rows[0]?.transaction_read_only !== 'on') return done()
          passOver(dialled)
          done(new Error('This database host only reads'))
        }, done)
      },
    }),
  }
}

type Host = { host: string; port: number }

function hostOf(text: string): Host {
  const [, host = '', port = '5432'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? []
  return { host, port: Number(port) }
}

/** The driver calls `connect` with the host of its connection string. */
function socketTo({ host, port }: Host, failed: () => void): net.Socket {
  const socket = new net.Socket()
  const connect: (to: net.TcpNetConnectOpts) => net.Socket = socket.connect.bind(socket)
  const dial = () => connect({ host: host.replace(/^\[|\]$/g, ''), port, noDelay: true })
  const unheard = () => socket.bytesRead === 0 && failed()
  // An error comes before whoever dialled hears of it; a time limit only closes.
  socket.once('error', unheard).once('close', unheard)
  return Object.assign(socket, { connect: dial })
}
