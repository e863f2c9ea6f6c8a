/** Paired measurements: ours, peers and floor back to back in every round, judged as ratios of the same round. */

export type Way = { name: string; run(): Promise<number> }
export type Goal = { of: string; atLeast?: number; atMost?: number }
export type Line = {
  metric: string
  unit: string
  /** Median of each way, by name; 'ours' is the product's own code. */
  values: Record<string, Spread>
  ratios: { of: string; median: number; least: number; most: number; goal: string; verdict: Verdict }[]
}
export type Counter = {
  metric: string
  unit: string
  ours: number
  peers: Record<string, number>
  goal: string
  ok: boolean
}
type Verdict = 'PASS' | 'MISS' | 'SKIP noisy'
type Spread = { median: number; least: number; most: number }

const TOLERANCE = 0.15
const NOISY_FLOOR = 3

export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const spread = (values: number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
})

/**
 * One warm-up round, then `rounds` rounds in rotated order. A ratio is ours over the other, taken per round.
 * A goal is missed when the median ratio misses it by more than 15 %; a floor that swings by more than 3x judges nothing.
 */
export async function compare(
  metric: string,
  unit: string,
  ways: { ours: Way; peers: Way[]; floor?: Way },
  goals: Goal[],
  rounds: number,
): Promise<Line> {
  const all = [ways.ours, ...ways.peers, ...(ways.floor ? [ways.floor] : [])]
  const seen = new Map<string, number[]>(all.map(({ name }) => [name, []]))
  for (const way of all) await way.run()
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < all.length; i++) {
      const way = all[(i + round) % all.length] as Way
      seen.get(way.name)?.push(await way.run())
    }
  const of = (name: string) => seen.get(name) ?? []
  const noisy =
    ways.floor && Math.max(...of(ways.floor.name)) / Math.min(...of(ways.floor.name)) > NOISY_FLOOR
  return {
    metric,
    unit,
    values: Object.fromEntries([...seen].map(([name, values]) => [name, spread(values)])),
    ratios: goals.map((goal) => {
      const ratios = of(ways.ours.name).map((value, round) => value / (of(goal.of)[round] ?? Number.NaN))
      const { median: middle, least, most } = spread(ratios)
      const verdict: Verdict = noisy ? 'SKIP noisy' : reaches(goal, middle) ? 'PASS' : 'MISS'
      return { of: goal.of, median: middle, least, most, goal: wordOf(goal), verdict }
    }),
  }
}

const reaches = ({ atLeast, atMost }: Goal, ratio: number) =>
  (atLeast === undefined || ratio >= atLeast * (1 - TOLERANCE)) &&
  (atMost === undefined || ratio <= atMost * (1 + TOLERANCE))

const wordOf = ({ atLeast, atMost }: Goal) => (atLeast === undefined ? `<=${atMost}` : `>=${atLeast}`)

/** A counter has no noise: it is met or it is not. */
export function count(
  metric: string,
  unit: string,
  ours: number,
  goal: { is?: number; atMost?: number },
  peers: Record<string, number> = {},
): Counter {
  const ok = goal.is === undefined ? ours <= (goal.atMost ?? 0) : ours === goal.is
  return { metric, unit, ours, peers, goal: goal.is === undefined ? `<=${goal.atMost}` : `=${goal.is}`, ok }
}

const short = (value: number) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(0) : value.toFixed(2)

export function printLine(line: Line): string {
  const values = Object.entries(line.values).map(
    ([name, { median: middle, least, most }]) => `${name} ${short(middle)} [${short(least)}..${short(most)}]`,
  )
  const ratios = line.ratios.map(
    ({ of, median: middle, goal, verdict }) => `x${short(middle)} ${of} (goal ${goal} ${verdict})`,
  )
  return `${line.metric.padEnd(26)} ${line.unit.padEnd(7)} ${values.join('  ')} | ${ratios.join('  ')}`
}

export function printCounter({ metric, unit, ours, peers, goal, ok }: Counter): string {
  const others = Object.entries(peers).map(([name, value]) => `${name} ${short(value)}`)
  return `${metric.padEnd(26)} ${unit.padEnd(7)} ours ${short(ours)}  ${others.join('  ')} | goal ${goal} ${ok ? 'PASS' : 'MISS'}`
}

/** Runs `work` `times` times, `side` at once, and gives operations per second. */
export async function rate(
  times: number,
  side: number,
  work: (n: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: side }, async () => {
      while (next < times) await work(next++)
    }),
  )
  return (times / (performance.now() - began)) * 1000
}
