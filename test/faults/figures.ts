/** How a fault test hands its figures to the one line that is printed for it. */
declare module 'vitest' {
  interface TaskMeta {
    figures?: string
  }
}

export function report(task: { meta: { figures?: string } }, figures: Record<string, string | number>): void {
  task.meta.figures = Object.entries(figures)
    .map(([what, value]) => `${what} ${value}`)
    .join(', ')
}
