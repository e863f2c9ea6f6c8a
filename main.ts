/** Starts the program, waits for a signal, stops it. A wrong configuration is one message and exit code 1. */
import { createApp } from './app.ts'
import { readConfig } from './config.ts'

try {
  const app = await createApp(readConfig(process.env))
  const asked = signal() // before anybody can hear that it is ready
  await app.start()
  await asked
  await app.stop()
} catch (error) {
  const { message, code } = error as { message?: string; code?: string }
  console.error(message || `Latchkey cannot start: ${code ?? 'unknown reason'}`)
  process.exit(1)
}

/** Listens on: npm passes on what the whole group was sent, and a second signal unheard would cut the stop short. */
function signal(): Promise<void> {
  return new Promise((heard) => {
    process.on('SIGINT', heard).on('SIGTERM', heard)
  })
}
