import type { Output } from "../lab/command.ts";
import type { Dice } from "../lab/dice.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import { admin, base64, codeOf, wrongCodeOf } from "../lab/program.ts";

/** Somebody who is enrolled, or may be. */
export interface Member {
  username: string;
  /** The account's password; null where another factor than PAM decides. */
  password: string | null;
  /** Secrets in the order in which `enroll` printed them; none since a `delete`. */
  printed: string[];
}

/** An answer, and what came of it. */
export interface Answer {
  /** Names secret and time step: what may be accepted once. */
  use: string | null;
  output: Output;
}

/** One attempt to log in, as far as OpenVPN sees it. */
export interface Login {
  member: Member;
  attempt: PlayedAttempt;
  /** No other attempt's: the audit trail tells attempts apart by it. */
  address: string;
  first: Output;
  answers: Answer[];
}

/** Milliseconds of calls that did not give up, by what they were. */
export type Latencies = Record<"external" | "pam" | "code" | "admin", number[]>;

/** What a call for a code sends back. */
export const ANSWERS = ["right", "wrong", "garbage", "twice", "both"] as const;

/** Calls of the program against one database, and what each one came to. */
export class Load {
  readonly logins: Login[] = [];
  /** Commands that failed, with what they said; not those that gave up. */
  readonly complaints: string[] = [];
  /** Calls that gave up before they had decided anything, and how long they took. */
  readonly gaveUp: { ms: number; output: Output }[] = [];
  calls = 0;
  /** The most calls that were under way at once. */
  mostAtOnce = 0;
  rekeys = 0;
  #latencies = noLatencies();
  readonly #directory: string;
  readonly #db: string;
  #addresses = 0;
  #underWay = 0;

  constructor(directory: string, db: string) {
    this.#directory = directory;
    this.#db = db;
  }

  /** A whole login: the first step, then what `dice` make of the answer. */
  async logIn(
    member: Member,
    dice: Dice,
    answer: typeof ANSWERS[number] = dice.pick(ANSWERS),
  ): Promise<void> {
    const login = await this.#begin(member);
    const secret = member.printed.at(-1);
    if (login.first.status !== 2 || secret === undefined) return;
    const step = dice.pick([-1, 0, 1]);
    const right = () => this.#answer(login, "r", secret, step);
    const wrong = () => this.#answer(login, "w", wrongCodeOf(secret));
    if (answer === "right") await right();
    else if (answer === "wrong") await wrong();
    else if (answer === "garbage") await this.#answer(login, "g", "no code");
    else if (answer === "both") await Promise.all([right(), wrong()]);
    else await Promise.all([right(), this.#answer(login, "2", secret, step)]);
  }

  /** Two challenges that are answered at once with one code. */
  async logInTwice(member: Member, dice: Dice): Promise<void> {
    const logins = await Promise.all([
      this.#begin(member),
      this.#begin(member),
    ]);
    const secret = member.printed.at(-1);
    if (secret === undefined) return;
    const step = dice.pick([-1, 0, 1]);
    await Promise.all(
      logins.filter(({ first }) => first.status === 2).map((login) =>
        this.#answer(login, "r", secret, step)
      ),
    );
  }

  /** Enrols; several at once where nobody keeps them apart. */
  async enroll(member: Member, options: string[] = []): Promise<Output> {
    const output = await this.command(["enroll", ...options, member.username]);
    const secret = output.stdout.split("\n")[1];
    if (output.status === 0) member.printed.push(secret!);
    return output;
  }

  async delete(member: Member): Promise<void> {
    const { status } = await this.command(["delete", member.username]);
    if (status === 0) member.printed.length = 0;
  }

  /** Of two who enrol one user at once, one does; the user is deleted then. */
  async enrollTwiceAtOnce(username: string): Promise<void> {
    const member: Member = { username, password: null, printed: [] };
    const both = await Promise.all([this.enroll(member), this.enroll(member)]);
    const done = both.filter(({ status }) => status === 0).length;
    if (done !== 1 && !both.some(isLocked)) {
      this.complaints.push(`${done} of two enrolled ${username}`);
    }
    for (let i = 0; i < 9 && member.printed.length > 0; i++) {
      await this.delete(member);
    }
  }

  /** The secret of somebody who is never enrolled anew. */
  async show({ username, printed }: Member): Promise<void> {
    const output = await this.command(["show", "--secret", username]);
    const isRight = output.stdout.includes(printed[0]!) || isLocked(output);
    if (!isRight) this.complaints.push(`another secret of ${username}`);
  }

  async rekey(): Promise<void> {
    const { status } = await this.command(["rekey"]);
    if (status === 0) this.rekeys++;
  }

  async command(args: string[]): Promise<Output> {
    const output = await this.#timed("admin", () => admin(this.#db, args));
    if (output.status !== 0 && !isLocked(output)) {
      this.complaints.push(`${args.join(" ")}: ${output.stderr}`);
    }
    return output;
  }

  /** What was measured since the last time. */
  takeLatencies(): Latencies {
    const taken = this.#latencies;
    this.#latencies = noLatencies();
    return taken;
  }

  async #begin(member: Member): Promise<Login> {
    // Each login comes from a network of its own: failures of others there would make it wait.
    const n = ++this.#addresses;
    const address = `10.${(n >> 8) & 255}.${n & 255}.1`;
    const attempt = await playAttempt(this.#directory, {
      totpTokenDbPath: this.#db,
      totpChallengeTimeout: "86400",
      untrusted_ip: address,
      ...member.password === null ? { totpPrimaryAuth: "external" } : {},
    });
    const kind = member.password === null ? "external" : "pam";
    const first = await this.#timed(
      kind,
      () => attempt.password(member.username, member.password ?? "x"),
    );
    const login = { member, attempt, address, first, answers: [] };
    this.logins.push(login);
    return login;
  }

  /** Answers with the code of a time step, or with a text as it is. */
  async #answer(
    login: Login,
    n: string,
    secret: string,
    step?: number,
  ): Promise<void> {
    const code = step === undefined ? secret : codeOf(secret, step);
    const output = await this.#timed(
      "code",
      () => login.attempt.answer(base64(code), n),
    );
    const use = step === undefined ? null : `${secret} ${code}`;
    login.answers.push({ use, output });
  }

  async #timed(
    kind: keyof Latencies,
    call: () => Promise<Output>,
  ): Promise<Output> {
    const start = performance.now();
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    const output = await call();
    const ms = performance.now() - start;
    this.#underWay--;
    this.calls++;
    if (hasGivenUp(output)) this.gaveUp.push({ ms, output });
    else this.#latencies[kind].push(ms);
    return output;
  }
}

/**
 * Says whether a call gave up before it had decided anything: a lock did not come free, or the user's
 * secret was changed, or sealed anew, each time that it was checked.
 */
export function hasGivenUp(output: Output): boolean {
  return isLocked(output) || output.stderr.includes("secret_changed");
}

/** Says whether a call gave up waiting for the database. */
export function isLocked({ stderr }: Output): boolean {
  return /database_locked|is locked by another process/.test(stderr);
}

function noLatencies(): Latencies {
  return { external: [], pam: [], code: [], admin: [] };
}
