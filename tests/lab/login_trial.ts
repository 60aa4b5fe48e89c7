import assert from "node:assert/strict";
import { Secret } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";
import type { DecisionRecord, Step } from "../../src/core/decision.ts";
import { Failure } from "../../src/core/failure.ts";
import {
  type CodeVerdict,
  type PasswordVerdict,
  REASONS,
} from "../../src/core/verdict.ts";
import { codeAt, type LoginModel, type Sent } from "./login_model.ts";
import type { LoginRig } from "./login_rig.ts";

/** Does the same with the model and with the real steps, and compares what comes of it. */
export class LoginTrial {
  readonly model: LoginModel;
  readonly rig: LoginRig;
  /** All attempts so far, oldest first. */
  readonly attempts: Attempt[] = [];
  #decisions = 0;
  #secrets = 0;

  constructor(model: LoginModel, rig: LoginRig) {
    this.model = model;
    this.rig = rig;
    rig.now = model.now;
  }

  /** Moves the clock; back, with less than nothing. */
  pass(ms: number): void {
    this.model.now += ms;
    this.rig.now = this.model.now;
  }

  begin(from: Omit<Attempt, "id">): Attempt {
    const attempt = { id: `/run/acf${this.attempts.length}`, ...from };
    this.attempts.push(attempt);
    return attempt;
  }

  async password(attempt: Attempt, sent: Sent): Promise<void> {
    const expected = this.model.password(attempt, sent);
    const verdict = await this.rig.password(attempt, sent);
    await this.#compare("password", attempt, verdict, expected);
  }

  async token(attempt: Attempt, loginAt: number | null): Promise<void> {
    const expected = this.model.token(attempt, loginAt);
    const verdict = await this.rig.token(attempt, loginAt);
    await this.#compare("password", attempt, verdict, expected);
  }

  async code(attempt: Attempt, code: string | null): Promise<void> {
    const expected = this.model.code(attempt, code);
    const verdict = await this.rig.code(attempt, code);
    await this.#compare("code", attempt, verdict, expected);
  }

  async enrol(username: string): Promise<void> {
    const bytes = new Uint8Array(20).fill(7);
    new DataView(bytes.buffer).setUint32(0, this.#secrets++);
    const secret = new Secret({ buffer: bytes.buffer }).base32;
    this.model.enrol(username, secret);
    await this.rig.enrol(username, secret);
  }

  async delete(username: string): Promise<void> {
    const isThere = this.model.users.has(username);
    this.model.delete(username);
    assert.equal(await this.rig.enrolments.delete(username), isThere);
  }

  async unlock(username: string): Promise<void> {
    const isThere = this.model.users.has(username);
    this.model.unlock(username);
    assert.equal(await this.rig.enrolments.unlock(username), isThere);
  }

  /** The secret that an attempt's answer is about; of nobody's user, some secret. */
  secretFor({ id, loginName }: Attempt): string {
    const username = this.model.challenges.get(id)?.user ?? loginName;
    return this.model.users.get(username)?.secret ?? "A".repeat(32);
  }

  /** The nth code of those that are wrong for minutes around now. */
  wrongCode(attempt: Attempt, n: number): string {
    const secret = this.secretFor(attempt);
    const right = Array.from(
      { length: 21 },
      (_, i) => codeAt(secret, this.model.now, i - 10),
    );
    let code: string;
    do code = String(n++).padStart(6, "0"); while (right.includes(code));
    return code;
  }

  async #compare(
    step: Step,
    attempt: Attempt,
    verdict: PasswordVerdict | CodeVerdict | Failure,
    expected: string,
  ): Promise<void> {
    const pages = await Array.fromAsync(this.rig.enrolments.decisions({}));
    const rows = pages.flat();
    if (verdict instanceof Failure) {
      // Not decided: the hook refuses, and writes its own row.
      assert.equal(`failure ${verdict.code}`, expected);
      assert.equal(rows.length, this.#decisions);
      return;
    }
    assert.equal(wordsOf(verdict), expected);
    assert.equal(rows.length, ++this.#decisions);
    assertSame(rows.at(-1)!, step, attempt, verdict, this.model.now);
    this.#assertTold(step, verdict);
    await this.#assertState();
  }

  /** Before the password is known to be right, a refusal tells nothing of it. */
  #assertTold(step: Step, verdict: PasswordVerdict | CodeVerdict): void {
    if (verdict.outcome !== "refused") return;
    const { reason, told = REASONS[verdict.reason] } = verdict;
    const isUnproven = step === "code" && this.model.rules.mode === "external";
    if (reason === "too_many_failures") {
      const [, seconds] = told!.match(/^TEMP\[backoff (\d+),advance no\]: /)!;
      assert(
        0 < Number(seconds) &&
          Number(seconds) <= this.model.rules.maxWaitSeconds,
      );
    } else if (isUnproven) {
      assert.equal(told, "");
    } else if (step === "password") {
      // What a client hears that no way reaches, whatever its password.
      if (told === REASONS.client_without_method) return;
      const isTold = reason === "codes_locked";
      assert.equal(told !== null, isTold, reason);
    }
  }

  /** What an administrator would see. */
  async #assertState(): Promise<void> {
    const { rig, model } = this;
    const open = await rig.enrolments.openChallenges(model.now);
    assert.deepEqual(open.map(({ id }) => id).sort(), model.openChallenges());
    for (
      const { username, lastStep, failures } of await rig.enrolments.list()
    ) {
      const user = model.users.get(username)!;
      assert.equal(lastStep, user.lastStep);
      assert.equal(failures.count, user.wrongCodes);
      assert.equal(failures.lockedUntil ?? 0, user.lockedUntil);
    }
  }
}

function wordsOf(verdict: PasswordVerdict | CodeVerdict): string {
  const by = "by" in verdict ? verdict.by : undefined;
  const reason = "reason" in verdict ? verdict.reason : undefined;
  return [verdict.outcome, by, reason].filter(Boolean).join(" ");
}

/** A row of the audit trail says what was decided. */
function assertSame(
  row: DecisionRecord,
  step: Step,
  { loginName, address, commonName }: Attempt,
  verdict: PasswordVerdict | CodeVerdict,
  now: number,
): void {
  const { username: _, ...rest } = row;
  assert.deepEqual(rest, {
    ...{ at: now, step, loginName, address, commonName },
    outcome: verdict.outcome,
    by: "by" in verdict ? verdict.by : null,
    reason: "reason" in verdict ? verdict.reason : null,
    detail: "detail" in verdict ? verdict.detail : null,
  });
}
