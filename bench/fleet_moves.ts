import { type Account, makeAccount } from "../tests/lab/accounts.ts";
import { Dice } from "../tests/lab/dice.ts";
import { OpenvpnClient } from "../tests/lab/openvpn_client.ts";
import { Fleet, type FleetServer } from "../tests/lab/openvpn_fleet.ts";
import { codeOf } from "../tests/lab/program.ts";
import { figure, largest, median } from "./numbers.ts";
import { conflictsIn, REAL } from "./postgres_rig.ts";
import type { Section } from "./report.ts";

const CLIENTS = 20;

/** Time steps around now whose codes are good: `totpDriftSteps` in each direction. */
const DRIFT = 10;

/** How many of a user's logins use the code of the one before. */
const REPLAYS = 0.15;

/** How long a client pauses after it was refused, in milliseconds. */
const AFTER_REFUSAL_MS = 1000;

/** How long a user waits for an answer before trying again, in milliseconds. */
const GIVES_UP_MS = 10_000;

/** What is counted in a run. */
interface Counts {
  /** When each login was let in, in milliseconds from the beginning. */
  acceptedAt: number[];
  /** The user and time step of each code that let somebody in. */
  used: string[];
  /** Logins that nobody has answered: OpenVPN or the service had gone. */
  lost: number;
  refused: number;
}

/** A run of clients that move between servers, through what happens to a fleet. */
export async function measureMoves(isQuick: boolean): Promise<Section[]> {
  const seconds = isQuick ? 40 : 100;
  await using stack = new AsyncDisposableStack();
  const accounts: Account[] = [];
  for (let i = 0; i < CLIENTS; i++) accounts.push(stack.use(await makeAccount()));
  const fleet = stack.use(
    await Fleet.start({
      waysIn: ["service", "service"],
      // All clients have one address, and some use a code twice.
      settings: ["totpFreePasswords 100", "totpMaxFailures 20"],
      postgres: { settings: REAL, maxConnections: 100 },
    }),
  );
  const counts: Counts = { acceptedAt: [], used: [], lost: 0, refused: 0 };
  const begin = performance.now();
  const run = { fleet, counts, begin, end: begin + seconds * 1000 };
  const movers = accounts.map((account, n) => move(run, account, n));
  const events = await disturb(run);
  await Promise.all(movers);
  return [await sectionOf(run, events, seconds)];
}

/** A run that is under way. */
interface Run {
  fleet: Fleet;
  counts: Counts;
  begin: number;
  end: number;
}

/** One client, which logs in at one server or the other until the end. */
async function move({ fleet, counts, begin, end }: Run, account: Account, n: number) {
  const secret = await fleet.enrol(account.username);
  const dice = new Dice(n + 1);
  const startStep = Math.floor(Date.now() / 30_000);
  let last = startStep - DRIFT;
  while (performance.now() < end) {
    const now = Math.floor(Date.now() / 30_000);
    const isReplay = counts.used.includes(`${account.username} ${last}`) && dice.next() < REPLAYS;
    const step = isReplay ? last : Math.max(last + 1, now - DRIFT + 1);
    if (step > now + DRIFT - 1) {
      await pause(AFTER_REFUSAL_MS);
      continue;
    }
    const outcome = await logIn(dice.pick(fleet.servers), account, codeOf(secret, step - now));
    if (outcome === "in") {
      counts.acceptedAt.push(performance.now() - begin);
      counts.used.push(`${account.username} ${step}`);
    } else counts[outcome]++;
    // Nobody knows whether a code was used of which nothing was heard.
    if (outcome !== "refused") last = step;
    if (outcome !== "in") await pause(AFTER_REFUSAL_MS);
  }
}

async function logIn(
  { openvpn }: FleetServer,
  { username, password }: Account,
  code: string,
): Promise<"in" | "refused" | "lost"> {
  await using client = await OpenvpnClient.connect(openvpn, {
    username,
    password,
    commonName: username,
  });
  const line = await heard(client);
  if (!line.includes("CR_TEXT")) return isRefusal(line) ? "refused" : "lost";
  await client.answer(code);
  const end = await heard(client, client.events.seen.findIndex((seen) => NEXT.test(seen)) + 1);
  if (end.includes("CONNECTED")) return "in";
  return isRefusal(end) ? "refused" : "lost";
}

/** Waits for what comes next; an empty text if nothing does for so long that users give up. */
async function heard({ events }: OpenvpnClient, from = 0): Promise<string> {
  const line = events.waitFor(NEXT, from).then(({ input = "" }) => input, () => "");
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(""), GIVES_UP_MS);
  try {
    return await Promise.race([line, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isRefusal(line: string): boolean {
  return line.startsWith(">PASSWORD:");
}

/** A challenge, a verdict, or a client that begins anew since it was not answered. */
const NEXT =
  /^>INFOMSG:CR_TEXT:|^>STATE:\d+,CONNECTED,SUCCESS|^>PASSWORD:Verification F|^>HOLD:Waiting for hold release:[1-9]|^>STATE:\d+,RECONNECTING/;

/** Kills a service, restarts it, and restarts PostgreSQL; gives when. */
async function disturb({ fleet, begin, end }: Run): Promise<string[]> {
  const length = end - begin;
  const events: string[] = [];
  const note = (what: string) =>
    events.push(`${what} after ${figure((performance.now() - begin) / 1000, "s")}`);
  const until = (share: number) => pause(begin + share * length - performance.now());
  const [first] = fleet.servers;
  await until(0.25);
  await first!.killService();
  note("a service was killed");
  await until(0.35);
  await first!.beginService();
  note("and was there again");
  await until(0.6);
  await fleet.postgres.stop();
  note("PostgreSQL was ended");
  await until(0.68);
  await fleet.postgres.start();
  note("and was there again");
  return events;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

async function sectionOf(
  { fleet, counts }: Run,
  events: readonly string[],
  seconds: number,
): Promise<Section> {
  const lines = fleet.servers.flatMap(({ log }) => log.seen)
    .filter((line) => / outcome=/.test(line));
  const reasons = Map.groupBy(
    lines.filter((line) => / outcome=refused/.test(line)),
    (line) => {
      const [, reason = "", code] = line.match(/ reason=(\w+)(?:.* detail="(database_\w+))?/) ?? [];
      return code === undefined ? reason : `${reason} (${code})`;
    },
  );
  // What could not be decided for want of the database is not in the trail.
  const told = lines.filter((line) => !/ reason=failure\b/.test(line)).length;
  const rows = Number(
    await fleet.database.psql("SELECT sum(count) FROM openvpn_totp.decisions"),
  );
  const acceptedRows = Number(
    await fleet.database.psql(
      "SELECT count(*) FROM openvpn_totp.decisions WHERE outcome = 'accepted'",
    ),
  );
  const gaps = [0, ...counts.acceptedAt.toSorted((a, b) => a - b), seconds * 1000]
    .map((at, i, all) => at - (all[i - 1] ?? 0));
  const refusals = [...reasons].map(([reason, all]) => [`refused: ${reason}`, String(all.length)]);
  return {
    title: "Clients that move between two servers",
    text: [
      `${CLIENTS} real clients on two real OpenVPN servers, each with a service of its own, and one ` +
      `PostgreSQL, for ${seconds} s: each logs in at one of the servers, leaves, and logs in again. ` +
      `${figure(REPLAYS * 100, "%")} of the logins try the code of the one before. Meanwhile ` +
      `${events.join(", ")}.`,
    ],
    head: ["", ""],
    rows: [
      ["let in", String(counts.acceptedAt.length)],
      ["codes that let in twice", String(counts.used.length - new Set(counts.used).size)],
      ...refusals,
      ["clients that got no answer", String(counts.lost)],
      ["longest time without a login", figure(largest(gaps) / 1000, "s")],
      ["median of them", figure(median(gaps) / 1000, "s")],
      ["verdicts told", String(told)],
      ["decisions in the audit trail", String(rows)],
      ["of them, accepted", String(acceptedRows)],
      ["transactions tried again", String(conflictsIn(fleet.postgres))],
    ],
  };
}
