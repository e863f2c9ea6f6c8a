/** Starts the program, waits for a signal, stops it. A wrong configuration is one message and exit code 1. */
import { once } from 'node:events'
import { createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'

function configured(): Config | null {
  try {
    return readConfig(process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
    return null
  }
}

const config = configured()
if (config) {
  const app = await createApp(config)
  await app.start()
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await app.stop()
}
