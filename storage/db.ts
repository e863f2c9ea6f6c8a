/** The pool and its transactions. Storage functions take a `Db` first, so that they join any transaction. */
import net from 'node:net'
import postgres from 'postgres'

export type Db = {
  readonly sql: postgres.Sql | postgres.TransactionSql
  /** Inside a transaction already, joins it. Rolls back on any throw; who loses a deadlock runs again. */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Calls `heard` with each payload, and `woken` after every (re)connection, since notices in between are lost. */
  listen(channel: string, heard: (payload: string) => void, woken?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const CLOSE_GRACE_S = 5

/** Several hosts in the URL are tried in turn. Throws nothing until the first query. */
export function openDb(url: string, { max = 10, name = 'latchkey' } = {}): Db {
  const sql = postgres(url, {
    max,
    onnotice: () => {},
    connect_timeout: 5,
    idle_timeout: 300,
    transform: { column: { from: postgres.toCamel } },
    types: {
      // A day is a word, not an instant: the driver would make it midnight UTC.
      date: { to: 1082, from: [1082], serialize: (day: string) => day, parse: (day: string) => day },
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
    },
    connection: {
      application_name: name,
      search_path: 'latchkey',
      statement_timeout: 15_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 30_000,
    },
    socket: promptSocket(),
  } as postgres.Options<Record<string, postgres.PostgresType>>) as unknown as postgres.Sql
  return {
    sql,
    transaction: (work) => untangled(() => sql.begin((tx) => work(within(tx))) as ReturnType<typeof work>),
    async listen(channel, heard, woken) {
      const { unlisten } = await sql.listen(channel, heard, woken)
      return unlisten
    },
    close: () => sql.end({ timeout: CLOSE_GRACE_S }),
  }
}

/** Two that took the same rows in another order: PostgreSQL ended one (40P01), and nothing of it is left. */
async function untangled<T>(run: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if ((error as { code?: string } | null)?.code !== '40P01' || tries <= 1) throw error
    return untangled(run, tries - 1)
  }
}

function within(tx: postgres.TransactionSql): Db {
  const db: Db = {
    sql: tx,
    transaction: (work) => work(db),
    listen: () => Promise.reject(new Error('a transaction cannot listen')),
    close: () => Promise.resolve(),
  }
  return db
}

/** The driver leaves Nagle's algorithm on, which adds about 45 ms to every COPY; `socket` makes us choose the host. */
function promptSocket() {
  let dialled = 0
  return ({ host, port }: { host: string[]; port: number[] }) => {
    const at = dialled++ % host.length
    const [name = 'localhost', number = 5432] = [host[at], port[at]]
    const socket = net.connect({ host: name, port: number, noDelay: true })
    return Object.assign(socket, { host: name, port: number })
  }
}

/** A word the database must know exactly once; 23505 is PostgreSQL's unique_violation. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === '23505'
}
