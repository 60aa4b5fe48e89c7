import assert from "node:assert/strict";
import { LOGIN_BUSY_TIMEOUT_MS } from "../../src/store/open_store.ts";
import { type Account, makeAccount } from "../lab/accounts.ts";
import { Dice } from "../lab/dice.ts";
import { SEED } from "../lab/fuzz.ts";
import { admin, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { ROOT_AND_ACCOUNT } from "../lab/user.ts";
import { type Books, readBooks } from "./books.ts";
import {
  type Answer,
  hasGivenUp,
  isLocked,
  type Latencies,
  Load,
  type Login,
  type Member,
} from "./load.ts";
import { AT_ONCE, IS_SOAK, LOAD_SECONDS, quantile, report } from "./size.ts";

/** Refusals of commands that are right where others add and delete users meanwhile. */
const EXPECTED = /user "[\w-]+" is (not enrolled|already enrolled)/;

/** How much slower than alone calls are where the machine can't keep up at all. */
const OVERLOADED = 10;

/** Half of what a login waits for a lock: where some calls need as long, others may miss it. */
const SLOW_MS = LOGIN_BUSY_TIMEOUT_MS / 2;

testWith(
  ROOT_AND_ACCOUNT,
  "many processes on one database: no lock refuses at once, no code counts twice, nothing is lost",
  () => underLoad({ share: 0.7, seconds: LOAD_SECONDS }),
);

testWith(
  ROOT_AND_ACCOUNT,
  "more processes than the machine can run: a call may give up, and all else holds",
  () => underLoad({ share: Infinity, seconds: LOAD_SECONDS / 2 }),
);

/**
 * Lets workers log in and administer at once, and holds what they were told against what is there.
 *
 * @param share of the machine's time that the calls take, by what they take alone; the workers
 *   pause for the rest
 */
async function underLoad(
  { share, seconds }: { share: number; seconds: number },
): Promise<void> {
  await using directory = await makeTestDirectory();
  await using account = await makeAccount();
  const { path, db } = directory;
  const load = new Load(path, db);
  const crew = makeCrew(account);
  const alone = await callsAlone(load, crew);
  const pauseMs = AT_ONCE * quantile(alone.code, 0.5) /
    (navigator.hardwareConcurrency * share);
  const end = performance.now() + seconds * 1000;
  const workers = Array.from(
    { length: AT_ONCE },
    (_, n) => work(load, crew, n, { pauseMs, end, seconds }),
  );
  await Promise.all(workers);

  const latencies = load.takeLatencies();
  reportLoad(load, latencies, alone, seconds);
  for (const { ms, output } of load.gaveUp) {
    assert(!isLocked(output) || ms >= LOGIN_BUSY_TIMEOUT_MS, `a lock refused after ${ms} ms`);
  }
  // An ordinary run shares the machine with other tests, which may keep any call from its turn.
  if (IS_SOAK && share < 1 && keepsUp(latencies, alone)) {
    assert.deepEqual(load.gaveUp, [], "gave up");
  }
  for (const line of load.complaints) assert.match(line, EXPECTED);

  const books = readBooks(db);
  await checkLogins(load.logins, books, new Set(crew.steady));
  assert(books.keyIds.length >= 1 + load.rekeys);
  await checkUsers(db, books, crew);
}

/** Says whether the machine had time for the calls, so that each lock should have come free. */
function keepsUp(latencies: Latencies, alone: Latencies): boolean {
  return quantile(latencies.code, 0.5) < OVERLOADED * quantile(alone.code, 0.5) &&
    Object.values(latencies).every((times) => times.length === 0 || quantile(times, 1) < SLOW_MS);
}

/** Who logs in, and is enrolled and deleted meanwhile. */
interface Crew {
  /** Enrolled once. */
  steady: Member[];
  /** Enrolled anew and deleted, by one worker each. */
  churned: Member[];
  /** Enrolled anew by all workers at once. */
  contested: Member;
  everybody: Member[];
}

function makeCrew(account: Account): Crew {
  const named = (name: string, count: number): Member[] =>
    Array.from(
      { length: count },
      (_, i) => ({ username: `${name}${i}`, password: null, printed: [] }),
    );
  const steady: Member[] = [{ ...account, printed: [] }, ...named("steady", 12)];
  const churned = named("churned", 4);
  const contested = named("contested", 1)[0]!;
  return { steady, churned, contested, everybody: [...steady, ...churned, contested] };
}

/** Enrols who stays, and measures calls that have the machine for themselves. */
async function callsAlone(load: Load, { steady, contested }: Crew): Promise<Latencies> {
  for (const member of [...steady, contested]) await load.enroll(member);
  const dice = new Dice(SEED);
  for (let i = 0; i < 3; i++) {
    for (const member of steady.slice(0, 2)) await load.logIn(member, dice, "wrong");
  }
  return load.takeLatencies();
}

/** What a worker may do, some of it more often. */
function actsOf(load: Load, { steady, contested, everybody }: Crew) {
  const someone = (dice: Dice) => dice.pick(everybody);
  const acts: ((dice: Dice) => Promise<unknown>)[] = [
    ...Array(8).fill((dice: Dice) => load.logIn(someone(dice), dice)),
    ...Array(2).fill((dice: Dice) => load.logIn(steady[0]!, dice)),
    ...Array(3).fill((dice: Dice) => load.logInTwice(someone(dice), dice)),
    () => load.rekey(),
    () => load.enroll(contested, ["--replace"]),
    () => load.command(["list"]),
    () => load.command(["log", "--since", "1m"]),
    (dice) => load.command(["unlock", someone(dice).username]),
    (dice) => load.command(["show", someone(dice).username]),
    (dice) => load.show(dice.pick(steady)),
  ];
  return acts;
}

/** One of those who work at once; goes on until the end, and until somebody has got in. */
async function work(
  load: Load,
  crew: Crew,
  n: number,
  { pauseMs, end, seconds }: { pauseMs: number; end: number; seconds: number },
): Promise<void> {
  const dice = new Dice(SEED + n + 1);
  const acts = actsOf(load, crew);
  await pause(Math.min(dice.next() * 5 * pauseMs, seconds * 500));
  for (let turn = 0; performance.now() < end || !isAnybodyIn(load); turn++) {
    const callsBefore = load.calls;
    await dice.pick(acts)(dice);
    const own = crew.churned[n];
    if (own !== undefined) {
      if (dice.next() < 0.3) await load.delete(own);
      else await load.enroll(own, dice.pick([[], ["--replace"]]));
      await load.enrollTwiceAtOnce(`newcomer${n}-${turn}`);
    }
    const calls = Math.min(load.calls - callsBefore, 5);
    const rest = end - performance.now();
    await pause(Math.min(calls * pauseMs * dice.pick([0.5, 1, 1.5]), rest));
  }
}

function isAnybodyIn({ logins }: Load): boolean {
  return logins.some(({ answers }) => acceptedOf(answers).length > 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Who is enrolled is in the database, with the secret that was printed. */
async function checkUsers(
  db: string,
  books: Books,
  { everybody, contested }: Crew,
): Promise<void> {
  const enrolled = everybody.filter(({ printed }) => printed.length > 0);
  assert.deepEqual(
    [...books.enrolments.keys()],
    enrolled.map(({ username }) => username).toSorted(),
  );
  for (const { username, printed } of enrolled) {
    const shown = await admin(db, ["show", "--json", "--secret", username]);
    const { secret } = JSON.parse(shown.stdout);
    if (username === contested.username) assert(printed.includes(secret));
    else assert.equal(secret, printed.at(-1));
  }
}

/** Holds what OpenVPN was told against what was written down. */
async function checkLogins(
  logins: readonly Login[],
  books: Books,
  steady: Set<Member>,
): Promise<void> {
  const uses = new Set<string>();
  const rows = Map.groupBy(books.decisions, ({ address }) => address);
  for (const login of logins) {
    const { member, attempt, first, answers } = login;
    // What gives up has no line: nothing was written. Its 0 stands, whatever an answer beside it comes to.
    const decided = answers.filter(({ output }) => !hasGivenUp(output));
    const isSpoilt = decided.length < answers.length;
    // Two refusals that are alike are one row.
    const written = (rows.get(login.address) ?? []).flatMap(({ step, outcome, count }) =>
      Array<string>(Number(count)).fill(`${step} ${outcome}`)
    );
    checkTrail(login, decided, isSpoilt ? null : written);
    assert.equal(await attempt.pending() !== "", first.status === 2);
    const accepted = acceptedOf(answers);
    assert.equal(await attempt.control() === "1", accepted.length === 1);
    for (const { use } of accepted) {
      assert(use !== null && !uses.has(use), "a code counts once");
      uses.add(use);
    }
    if (!steady.has(member) || first.status !== 2 || isSpoilt) continue;
    const challenge = books.challenges.get(attempt.files.control);
    const answer = accepted.length > 0 ? "accepted" : decided.length > 0 ? "refused" : null;
    assert.equal(challenge?.answer, answer, "the challenge as it was settled");
    if (accepted.length === 0) continue;
    const { last_step, last_login_at } = books.enrolments.get(member.username)!;
    assert(last_step !== null && last_login_at !== null);
  }
  assert(uses.size > 0, "some codes were accepted");
}

/**
 * Holds a login's lines against the audit trail.
 *
 * @param decided the answers that did not give up
 * @param written what the trail has; null where that can't be told
 */
function checkTrail(
  { first, answers }: Login,
  decided: readonly Answer[],
  written: readonly string[] | null,
): void {
  const isSpoilt = decided.length < answers.length;
  for (const { stderr } of [first, ...decided.map(({ output }) => output)]) {
    if (hasGivenUp(first) || !/ reason=failure /.test(stderr)) continue;
    assert(isSpoilt && stderr.includes("already has an answer"), stderr);
  }
  const told = [
    ...hasGivenUp(first) ? [] : [`password ${outcomeOf(first.stderr)}`],
    ...decided.map(({ output }) => `code ${outcomeOf(output.stderr)}`),
  ];
  if (written !== null) {
    assert.deepEqual(written.toSorted(), told.toSorted(), "the audit trail");
  }
  assert.equal(first.status === 2, told[0] === "password challenged");
  const settling = decided.filter(({ output }) =>
    !/reason=(challenge_answered|no_challenge)/.test(output.stderr)
  );
  assert(settling.length <= 1, "a challenge takes one answer");
}

function acceptedOf(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ output }) => outcomeOf(output.stderr) === "accepted");
}

function outcomeOf(stderr: string): string {
  return stderr.match(/ outcome=(\w+) /)?.[1] ?? "none";
}

/** Tells of the load, beside calls of the same run that had the machine for themselves. */
function reportLoad(
  { logins, rekeys, gaveUp, mostAtOnce }: Load,
  latencies: Latencies,
  alone: Latencies,
  seconds: number,
): void {
  const count = Object.values(latencies).flat().length;
  report(
    `\n  ${AT_ONCE} workers for ${seconds} s, seed ${SEED}: ${count} calls, ` +
      `at most ${mostAtOnce} at once, ${logins.length} logins, ${rekeys} rekeys, ` +
      `${gaveUp.length} gave up`,
  );
  for (const [kind, times] of Object.entries(latencies)) {
    const base = quantile(alone[kind as keyof Latencies], 0.5);
    const figures = [0.5, 0.95, 1].map((share) => {
      const ms = quantile(times, share);
      return `${ms.toFixed(0)} ms (x${(ms / base).toFixed(1)})`;
    });
    report(
      `${kind}: alone ${base.toFixed(0)} ms; median, p95, max under load ` +
        figures.join(", "),
    );
  }
}
