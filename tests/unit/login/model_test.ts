import fc from "fast-check";
import type { Attempt } from "../../../src/core/challenge.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { holds } from "../../lab/fuzz.ts";
import {
  BLOCKED,
  codeAt,
  LoginModel,
  type Rules,
  type Sent,
} from "../../lab/login_model.ts";
import { LoginRig } from "../../lab/login_rig.ts";
import { LoginTrial } from "../../lab/login_trial.ts";
import { makeTestDirectory, memoryDirectory } from "../../lab/program.ts";

/** What somebody does, by whose effect the model tells right from wrong. */
class Act implements fc.AsyncCommand<LoginTrial, LoginTrial> {
  readonly #words: string;
  readonly #act: (trial: LoginTrial) => Promise<void> | void;

  constructor(
    words: string,
    act: (trial: LoginTrial) => Promise<void> | void,
  ) {
    this.#words = words;
    this.#act = act;
  }

  check = () => true;

  async run(_: LoginTrial, trial: LoginTrial): Promise<void> {
    await this.#act(trial);
  }

  toString(): string {
    return this.#words;
  }
}

const act = (
  words: string,
  value: unknown,
  doIt: (trial: LoginTrial) => Promise<void> | void,
) => new Act(`${words}(${JSON.stringify(value)})`, doIt);

const RIGHT: Sent = { password: "right", canAnswer: true };

/** PAM knows Alice as alice; carol isn't enrolled at first. */
const loginName = fc.oneof(
  { arbitrary: fc.constantFrom("alice", "alice", "Alice"), weight: 9 },
  { arbitrary: fc.constantFrom("bob", "carol", BLOCKED, ""), weight: 3 },
);
const username = fc.constantFrom("alice", "alice", "bob", "carol", BLOCKED);
const from = fc.record({
  loginName,
  commonName: fc.constantFrom(null, "laptop", "phone"),
  address: fc.constantFrom(
    ...["192.0.2.1", "192.0.2.1", "192.0.2.2", null],
    ...["2001:db8::1", "2001:db8::2"],
  ),
});
/** Which attempt, counted from the newest: of those with an open challenge, or of all. */
const which = fc.oneof(
  {
    arbitrary: fc.record({ back: fc.nat(1), isOpen: fc.constant(true) }),
    weight: 4,
  },
  {
    arbitrary: fc.record({ back: fc.nat(6), isOpen: fc.constant(false) }),
    weight: 1,
  },
);
const few = fc.integer({ min: 1, max: 6 });

/** An attempt of before, or one that nobody was challenged in. */
function attemptOf(
  { attempts, model }: LoginTrial,
  { back, isOpen }: { back: number; isOpen: boolean },
): Attempt {
  const open = model.openChallenges();
  const among = attempts.filter(({ id }) => !isOpen || open.includes(id));
  return among.at(-1 - back) ?? {
    ...{ id: "/run/none", loginName: "alice" },
    ...{ commonName: null, address: null },
  };
}

const connect = fc.record({ from }).map((it) =>
  act("connect", it, (trial) => trial.password(trial.begin(it.from), RIGHT))
);
const connectOtherwise = fc.record({
  from,
  sent: fc.record<Sent>({
    password: fc.constantFrom("wrong", "right", "PAM fails", "has a NUL"),
    canAnswer: fc.constantFrom(true, true, true, false),
  }),
}).map((it) =>
  act("connect", it, (trial) => trial.password(trial.begin(it.from), it.sent))
);
const guessPasswords = fc.record({ from, times: few }).map((it) =>
  act("guessPasswords", it, async (trial) => {
    const sent: Sent = { password: "wrong", canAnswer: true };
    for (let i = 0; i < it.times; i++) {
      await trial.password(trial.begin(it.from), sent);
    }
  })
);
/** A whole network's failures, and somebody's right password among them. */
const guessNames = fc.record({ from, times: few, more: few }).map((it) =>
  act("guessNames", it, async (trial) => {
    for (let i = 0; i <= it.times + it.more; i++) {
      const isGuess = i !== it.times;
      const loginName = isGuess ? `guest${trial.attempts.length}` : "bob";
      const attempt = trial.begin({ ...it.from, loginName });
      const password = isGuess ? "wrong" : "right";
      await trial.password(attempt, { password, canAnswer: true });
    }
  })
);
const connectAgain = fc.record({ which }).map((it) =>
  act(
    "connectAgain",
    it,
    (trial) => trial.password(attemptOf(trial, it.which), RIGHT),
  )
);
const token = fc.record({
  from,
  secondsAgo: fc.option(fc.constantFrom(-1, 0, 1, 60, 7200)),
}).map((it) =>
  act("token", it, (trial) => {
    const { now } = trial.model;
    // A token counts whole seconds.
    const loginAt = it.secondsAgo === null
      ? null
      : (Math.floor(now / 1000) - it.secondsAgo) * 1000;
    return trial.token(trial.begin(it.from), loginAt);
  })
);
const answer = fc.record({
  which,
  step: fc.oneof(
    { arbitrary: fc.constant(0), weight: 3 },
    { arbitrary: fc.integer({ min: -4, max: 4 }), weight: 2 },
  ),
  from: fc.oneof(
    { arbitrary: fc.constant({}), weight: 8 },
    fc.record({ address: fc.constantFrom("192.0.2.9", null) }),
    fc.record({ loginName: fc.constantFrom("alice", "Alice", "bob") }),
    fc.record({ commonName: fc.constantFrom("alice", "Alice", "x", null) }),
  ),
}).map((it) =>
  act("answer", it, (trial) => {
    const attempt = attemptOf(trial, it.which);
    const secret = trial.secretFor(attempt);
    const code = codeAt(secret, trial.model.now, it.step);
    return trial.code({ ...attempt, ...it.from }, code);
  })
);
const answerWrong = fc.record({ which, n: fc.option(fc.nat(2)) }).map((it) =>
  act("answerWrong", it, (trial) => {
    const attempt = attemptOf(trial, it.which);
    const code = it.n === null ? null : trial.wrongCode(attempt, it.n);
    return trial.code(attempt, code);
  })
);
const login = fc.record({ from, step: fc.integer({ min: -1, max: 1 }) })
  .map((it) =>
    act("login", it, async (trial) => {
      const attempt = trial.begin(it.from);
      await trial.password(attempt, RIGHT);
      const secret = trial.secretFor(attempt);
      await trial.code(attempt, codeAt(secret, trial.model.now, it.step));
    })
  );
const guessCodes = fc.record({
  from,
  times: few,
  n: fc.nat(20),
  isOneCode: fc.boolean(),
  pauseSeconds: fc.constantFrom(0, 0, 1, 40, 100),
}).map((it) =>
  act("guessCodes", it, async (trial) => {
    for (let i = 0; i < it.times; i++) {
      const attempt = trial.begin(it.from);
      await trial.password(attempt, RIGHT);
      const n = it.isOneCode ? it.n : it.n + i;
      await trial.code(attempt, trial.wrongCode(attempt, n));
      trial.pass(it.pauseSeconds * 1000);
    }
  })
);
const administer = fc.record({
  what: fc.constantFrom("enrol", "delete", "unlock", "rekey"),
  username,
}).map((it) =>
  act(
    "administer",
    it,
    (trial) =>
      it.what === "rekey"
        ? trial.rig.rekey()
        : trial[it.what as "enrol" | "delete" | "unlock"](it.username),
  )
);
/** Seconds to hours, and moments about which something ends. */
const seconds = fc.oneof(
  fc.constantFrom(
    1,
    29.999,
    30,
    30,
    59,
    60,
    61,
    120,
    599.999,
    600,
    3600,
    90_000,
  ),
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 0, max: 8000 }),
);
const wait = seconds.map((it) =>
  act("wait", it, (trial) => trial.pass(it * 1000))
);
const setBack = seconds.map((it) =>
  act("setBack", it, (trial) => trial.pass(-it * 1000))
);

const acts = fc.commands([
  ...[connect, connect, connectOtherwise, connectAgain, token],
  ...[guessPasswords, guessNames],
  ...[login, login, login, answer, answer, answer, answer, answerWrong],
  ...[guessCodes, guessCodes, administer, wait, wait, wait, wait, setBack],
], { maxCommands: 60, size: "max" });

const rulesIn = (mode: Rules["mode"]) =>
  fc.record<Rules>({
    mode: fc.constant(mode),
    challengeSeconds: fc.constantFrom(30, 120, 300, 4000),
    driftSteps: fc.integer({ min: 0, max: 2 }),
    maxFailures: fc.constantFrom(1, 2, 3, 5, 5),
    lockoutSeconds: fc.constantFrom(1, 60, 1000, 3600),
    freeFailures: fc.constantFrom(1, 3, 100, 100),
    maxWaitSeconds: fc.constantFrom(1, 20, 300, 3600),
  });

async function play(
  rules: Rules,
  acts: Iterable<fc.AsyncCommand<LoginTrial, LoginTrial>>,
): Promise<void> {
  await using directory = await makeTestDirectory(memoryDirectory());
  using database = await openDatabase(directory.db, {
    ...{ create: true, busyTimeoutMs: 0 },
  });
  const rig = new LoginRig(database, `${directory.path}/key`, rules);
  const trial = new LoginTrial(new LoginModel(rules), rig);
  for (const name of ["alice", "bob", BLOCKED]) await trial.enrol(name);
  trial.pass(5000);
  await fc.asyncModelRun(() => ({ model: trial, real: trial }), acts);
}

Deno.test("logins come to what the model says, whatever happens in whatever order", async () => {
  await holds(fc.asyncProperty(rulesIn("pam"), acts, play), 60);
});

Deno.test("so they do where another factor decides about the password", async () => {
  await holds(fc.asyncProperty(rulesIn("external"), acts, play), 60);
});
