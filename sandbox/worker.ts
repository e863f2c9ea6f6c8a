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

/** Resolves once the worker is ready. `heard` gets its log lines. Comes back by itself when it dies unasked. */
export async function startWorker(
  env: Record<string, string>,
  heard: (line: string) => void,
): Promise<Worker> {
  let wanted = true
  let child = await launch(env, heard)
  const watch = (one: ChildProcess) =>
    one.once('exit', async (code, signal) => {
      if (!wanted || one !== child) return
      heard(JSON.stringify({ level: 40, msg: `the worker ended (${signal ?? code}), starting another` }))
      child = await launch(env, heard).catch(() => one)
      if (child !== one) watch(child)
    })
  watch(child)
  const end = async (signal: NodeJS.Signals) => {
    const old = child
    if (old.exitCode !== null || old.signalCode !== null) return
    const gone = once(old, 'exit')
    old.kill(signal)
    await gone
  }
  return {
    pid: () => child.pid ?? null,
    async restart(signal) {
      wanted = false
      await end(signal)
      child = await launch(env, heard)
      wanted = true
      watch(child)
    },
    async stop() {
      wanted = false
      await end('SIGTERM')
    },
  }
}

async function launch(env: Record<string, string>, heard: (line: string) => void): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env, ROLE: 'worker', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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
