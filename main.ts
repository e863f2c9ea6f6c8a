/** Starts the program, waits for a signal, stops it. A wrong configuration is one message and exit code 1. */
import { once } from 'node:events'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'

try {
  const app = await createApp(readConfig(process.env))
  await app.start()
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await app.stop()
} catch (error) {
  const { message, code } = error as { message?: string; code?: string }
  console.error(message || `Latchkey cannot start: ${code ?? 'unknown reason'}`)
  process.exit(1)
}
