import { counted } from "../src/text/counted.ts";
import { hashText, type HashTime, leastTime } from "./hash_time.ts";
import { figure, largest, median, quantile } from "./numbers.ts";
import type { Person } from "./people.ts";
import type { Section } from "./report.ts";
import type { Rig } from "./rig.ts";
import { type WayIn, WAYS_IN } from "./ways_in.ts";

/** How many logins are in flight at once. */
const AT_ONCE = [1, 10, 100];

/** How many users log in, one after the other; at least as many as are in flight. */
const LOGINS = 100;

/** One series of logins. */
interface Series {
  /** Of the whole series. */
  ms: number;
  /** Each login: until it was challenged, and until it was in. */
  logins: { challengedMs: number; ms: number }[];
}

/** Measures logins per second and how long each takes, with some knocking all the time. */
export async function measureKnocks(rig: Rig, rounds: number, hash: HashTime): Promise<Section[]> {
  const rates: string[][] = [];
  const rushes: string[][] = [];
  const bars: { name: string; value: number; label: string }[][] = AT_ONCE.map(() => []);
  const floor = leastTime(LOGINS, hash);
  for (const open of WAYS_IN) {
    await using way = await open(rig);
    for (const [i, atOnce] of AT_ONCE.entries()) {
      const series: Series[] = [];
      for (let round = 0; round < rounds; round++) {
        rig.forget();
        series.push(await run(way, rig.people.slice(0, LOGINS), atOnce));
      }
      const rate = 1000 * LOGINS / median(series.map(({ ms }) => ms));
      rates.push(rowOf(way.name, atOnce, series, rate));
      bars[i]!.push({ name: way.name, value: rate, label: figure(rate, "/s") });
      if (atOnce === LOGINS) rushes.push(rushRowOf(way.name, series, floor));
    }
  }
  return [ratesSection(rates, rounds, bars), rushSection(rushes, hash)];
}

/** Has people log in, some of them at any time. */
async function run(way: WayIn, people: readonly Person[], atOnce: number): Promise<Series> {
  const logins: Series["logins"] = [];
  const left = [...people];
  const start = performance.now();
  const worker = async () => {
    for (let person = left.pop(); person !== undefined; person = left.pop()) {
      const begun = performance.now();
      const second = await way.password(person);
      const challengedMs = performance.now() - begun;
      await second?.();
      logins.push({ challengedMs, ms: performance.now() - begun });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { ms: performance.now() - start, logins };
}

function rowOf(name: string, atOnce: number, series: readonly Series[], rate: number): string[] {
  const times = series.flatMap(({ logins }) => logins.map(({ ms }) => ms));
  const quantiles = [0.5, 0.95, 0.99].map((share) => figure(quantile(times, share), "ms"));
  return [name, String(atOnce), figure(rate), ...quantiles];
}

function rushRowOf(name: string, series: readonly Series[], floor: number): string[] {
  const last = median(
    series.map(({ logins }) => largest(logins.map(({ challengedMs }) => challengedMs))),
  );
  return [name, figure(last / 1000, "s"), figure(last / floor)];
}

function ratesSection(
  rows: string[][],
  rounds: number,
  bars: { name: string; value: number; label: string }[][],
): Section {
  return {
    title: "Logins per second",
    text: [
      `${LOGINS} users log in, with a right password and a right code; 1, 10 or 100 of them are ` +
      `knocking at any time. ${
        counted(rounds, "round")
      }: logins per second (median), and how long a whole ` +
      "login takes (50, 95 and 99 % of them take no longer). The tool that measures takes OpenVPN's " +
      "part here: it speaks the management interface to the service, runs the scripts one after the " +
      "other as OpenVPN does, and calls the plugin's functions. So no client costs anything.",
    ],
    head: ["", "at once", "logins/s", "50 %", "95 %", "99 %"],
    rows,
    picture: {
      file: "logins.svg",
      bars: {
        title: "Logins per second",
        unit: "/s",
        groups: AT_ONCE.map((n, i) => ({ name: `${n} at once`, bars: bars[i]! })),
      },
    },
  };
}

function rushSection(rows: string[][], hash: HashTime): Section {
  return {
    title: `${LOGINS} logins at once, without clients`,
    text: [
      `The last of ${LOGINS} who knock at the same moment is challenged (with the plugin: is in) after ` +
      `this time (median). ${hashText(LOGINS, hash)}`,
    ],
    head: ["", "time", "× hashes alone"],
    rows,
  };
}
