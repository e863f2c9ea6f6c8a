/** One sandbox per data folder: refuses a second, and clears away what one that was killed left running. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterFolder } from './postgres.ts'

type Claim = { sandbox: number; worker: number | null }

const PATIENCE_MS = 10_000

/** Throws with a word for the person when another sandbox uses the folder. */
export async function claim(data: string): Promise<void> {
  const before = read(join(data, 'processes.json'))
  if (before && before.sandbox !== process.pid && runs(before.sandbox, 'sandbox/main.ts'))
    throw new Error(
      `A sandbox (process ${before.sandbox}) already uses ${data}. Stop it first, or give this one a folder: --data DIR`,
    )
  if (before?.worker && runs(before.worker, 'main.ts')) await end(before.worker, 'SIGKILL')
  const postgres = postmaster(join(clusterFolder(join(data, 'postgres')), 'postmaster.pid'))
  if (postgres && runs(postgres, 'postgres')) await end(postgres, 'SIGINT')
  note(data, null)
}

export function note(data: string, worker: number | null): void {
  const claimed: Claim = { sandbox: process.pid, worker }
  writeFileSync(join(data, 'processes.json'), JSON.stringify(claimed))
}

function read(file: string): Claim | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Claim) : null
}

function postmaster(file: string): number | null {
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) || null : null
}

/** Whether the process is there and still what it was: ids are used again. */
function runs(pid: number, command: string): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return (stdout ?? '').includes(command)
}

async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  process.kill(pid, signal)
  while (Date.now() < until) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((again) => setTimeout(again, 100))
  }
}
