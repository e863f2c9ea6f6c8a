/** The product's worker as a process of its own, so that stopping or killing it is real. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Worker = {
  pid(): number | null
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const START_MS = 60_000

type Hears = {
  /** Gets the worker's log lines. */
  heard: (line: string) => void
  started: (pid: number | null) => void
}

/** Resolves once the worker is ready. Another is started when it dies unasked. */
export async function startWorker(env: Record<string, string>, hears: Hears): Promise<Worker> {
  let wanted = true
  const launched = async () => {
    const one = await launch(env, hears.heard)
    hears.started(one.pid ?? null)
    one.once('exit', (code, signal) => void again(signal ?? code))
    return one
  }
  const again = async (how: string | number | null) => {
    if (!wanted) return
    hears.heard(JSON.stringify({ level: 40, msg: `the worker ended (${how}), starting another` }))
    child = await launched().catch(() => child)
  }
  let child = await launched()
  const end = async (signal: NodeJS.Signals) => {
    wanted = false
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    pid: () => child.pid ?? null,
    async restart(signal) {
      await end(signal)
      child = await launched()
      wanted = true
    },
    stop: () => end('SIGTERM'),
  }
}

async function launch(env: Record<string, string>, heard: (line: string) => void): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env, ROLE: 'worker', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C in a terminal is for the sandbox, which stops its parts in order
  })
  const interrupt = () => void child.kill('SIGTERM')
  process.once('exit', interrupt)
  child.once('exit', () => process.off('exit', interrupt))
  await new Promise<void>((up, failed) => {
    const late = setTimeout(() => failed(new Error('the worker did not start')), START_MS)
    const settle = (then: () => void) => {
      clearTimeout(late)
      then()
    }
    child.once('exit', (code) => settle(() => failed(new Error(`the worker ended with code ${code}`))))
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        heard(line)
        if (line.includes('"msg":"ready"')) settle(up)
      })
  })
  return child
}
