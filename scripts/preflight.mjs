// Plain JavaScript on purpose: it must run on the very Node it refuses.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Latchkey needs Node 24 or newer; this is ${process.version}.\n` +
      'It brings its own: run "npm ci" and start it through npm (npm start, npm test, npm run sandbox), not "node main.ts".',
  )
  process.exit(1)
}
