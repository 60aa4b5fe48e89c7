import assert from "node:assert/strict";
import { Secret } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";
import type { LoginStep } from "../../src/core/decision.ts";
import { Failure } from "../../src/core/failure.ts";
import {
  type CodeVerdict,
  type PasswordVerdict,
  REASONS,
  refused,
} from "../../src/core/verdict.ts";
import type { LoginModel } from "./login_model.ts";
import type { LoginRig } from "./login_rig.ts";
import { codeAt, pamNameOf, type Sent } from "./login_rules.ts";
import { LoginTrail } from "./login_trail.ts";
import type { Exempted } from "./login_users.ts";

/** A code, described relative to its user. */
export type Typed =
  /** The app's code, some steps from now. */
  | { step: number }
  /** The nth of the codes that are wrong for minutes around now. */
  | { wrong: number }
  /** A recovery code, counted from the newest, including used and replaced ones. */
  | { recovery: number }
  /** No code, or something that is not a code. */
  | null;

/** How many recovery codes a user is given at a time. */
const RECOVERY_CODES = 2;

/** Does the same with the model and with the real steps, and compares the results. */
export class LoginTrial {
  readonly model: LoginModel;
  readonly rig: LoginRig;
  /**
   * The attempts that answers may be for, oldest first. An attempt with a dynamic challenge is
   * listed again with the state id as its id.
   */
  readonly attempts: Attempt[] = [];
  readonly #stateIds = new Set<string>();
  readonly #recoveryCodes = new Map<string, string[]>();
  readonly #trail = new LoginTrail();
  #secrets = 0;

  constructor(model: LoginModel, rig: LoginRig) {
    this.model = model;
    this.rig = rig;
    rig.now = model.now;
  }

  /** Asserts what holds after each act, besides what the model says; here, nothing. */
  assertSound(): void {}

  /** Moves the clock forward, or back by a negative number. */
  pass(ms: number): void {
    this.model.now += ms;
    this.rig.now = this.model.now;
  }

  /** The attempts whose clients can still send something. */
  get reachable(): Attempt[] {
    return this.attempts;
  }

  begin(from: Omit<Attempt, "id">): Attempt {
    const attempt = { id: `/run/acf${this.attempts.length}`, ...from };
    this.attempts.push(attempt);
    return attempt;
  }

  async password(attempt: Attempt, sent: Sent): Promise<void> {
    const stateId = `state ${this.attempts.length}`;
    this.#forgetEarlier(attempt);
    const expected = this.model.password(attempt, sent, stateId);
    const verdict = await this.rig.password(attempt, sent, stateId);
    if ("stateId" in verdict) {
      assert.equal(verdict.stateId!.reveal(), stateId);
      this.#stateIds.add(stateId);
      this.attempts.push({ ...attempt, id: stateId });
    }
    await this.#compare("password", attempt, verdict, expected);
  }

  #forgetEarlier(attempt: Attempt): void {
    if (!this.rig.forgetsEarlier || this.isDynamic(attempt)) return;
    this.model.challenges.delete(attempt.id);
  }

  async token(attempt: Attempt, loginAt: number | null): Promise<void> {
    this.#forgetEarlier(attempt);
    const expected = this.model.token(attempt, loginAt);
    const verdict = await this.rig.token(attempt, loginAt);
    await this.#compare("password", attempt, verdict, expected);
  }

  /** Says whether the answer for an attempt comes on a new connection. */
  isDynamic({ id }: Attempt): boolean {
    return this.#stateIds.has(id);
  }

  async code(
    attempt: Attempt,
    code: string | null,
    isNewConnection = this.isDynamic(attempt),
  ): Promise<void> {
    const expected = this.model.code(attempt, code, isNewConnection);
    const verdict = await this.rig.code(attempt, code, isNewConnection);
    await this.#compare("code", attempt, verdict, expected);
  }

  async enrol(username: string): Promise<void> {
    const bytes = new Uint8Array(20).fill(7);
    new DataView(bytes.buffer).setUint32(0, this.#secrets++);
    const secret = new Secret({ buffer: bytes.buffer }).base32;
    this.model.enrol(username, secret);
    await this.rig.enrol(username, secret);
  }

  async rekey(): Promise<void> {
    this.model.known.changeKey();
    await this.rig.rekey();
  }

  async delete(username: string): Promise<void> {
    const isThere = this.model.users.has(username) ||
      this.model.exemptions.has(username);
    this.model.delete(username);
    const deleted = await this.rig.enrolments.delete(username, this.model.now);
    assert.equal(deleted !== null, isThere);
  }

  async unlock(username: string): Promise<void> {
    const isThere = this.model.users.has(username);
    this.model.unlock(username);
    assert.equal(await this.rig.enrolments.unlock(username), isThere);
  }

  async setDisabled(username: string, isDisabled: boolean): Promise<void> {
    const isThere = this.model.users.has(username);
    this.model.setDisabled(username, isDisabled);
    const at = isDisabled ? this.model.now : null;
    assert.equal(await this.rig.enrolments.setDisabled(username, at), isThere);
  }

  async replaceRecoveryCodes(username: string): Promise<void> {
    const codes = Array.from(
      { length: RECOVERY_CODES },
      () => `RC${String(this.#secrets++).padStart(8, "0")}`,
    );
    const earlier = this.#recoveryCodes.get(username) ?? [];
    this.#recoveryCodes.set(username, [...earlier, ...codes]);
    const user = this.model.users.get(username);
    if (user !== undefined) user.recoveryCodes = new Set(codes);
    const isThere = await this.rig.replaceRecoveryCodes(username, codes);
    assert.equal(isThere, user !== undefined);
  }

  async exempt(
    username: string,
    { until, from }: Omit<Exempted, "since">,
  ): Promise<void> {
    const exempted = { since: this.model.now, until, from };
    this.model.exemptions.set(username, exempted);
    await this.rig.enrolments.exempt({ username, ...exempted });
  }

  async endExemption(username: string): Promise<void> {
    const isThere = this.model.exemptions.delete(username);
    assert.equal(await this.rig.enrolments.endExemption(username), isThere);
  }

  /**
   * What is typed as an attempt's code; if the attempt has no user, it is computed from an
   * arbitrary secret.
   */
  codeFor({ id, loginName }: Attempt, typed: Typed): string | null {
    if (typed === null) return null;
    const { challenges, rules: { mode }, users, now } = this.model;
    const username = challenges.get(id)?.user ??
      (mode === "pam" ? pamNameOf(loginName) : loginName);
    const secret = users.get(username)?.secret ?? "A".repeat(32);
    if ("recovery" in typed) {
      const codes = this.#recoveryCodes.get(username) ?? [];
      return codes.at(-1 - typed.recovery) ?? "NEVERG1VEN";
    }
    if ("step" in typed) return codeAt(secret, now, typed.step);
    const right = Array.from(
      { length: 21 },
      (_, i) => codeAt(secret, now, i - 10),
    );
    let code: string;
    let n = typed.wrong;
    do code = String(n++).padStart(6, "0"); while (right.includes(code));
    return code;
  }

  async #compare(
    step: LoginStep,
    attempt: Attempt,
    verdict: PasswordVerdict | CodeVerdict | Failure,
    expected: string,
  ): Promise<void> {
    if (verdict instanceof Failure) {
      assert.equal(`failure ${verdict.code}`, expected);
      // Nothing was decided: the way in refuses, and records the refusal itself.
      const refusal = refused("failure", `${verdict.code}: ${verdict.message}`);
      const { now } = this.model;
      if (this.rig.recordsFailures) {
        this.#trail.add(step, attempt, refusal, { username: null, now });
      }
    } else {
      assert.equal(wordsOf(verdict), expected);
      if (this.rig.hasTold) this.#assertTold(step, verdict);
      const isInWait = expected === "refused too_many_failures";
      const { about, now } = this.model;
      // A refusal inside a wait leaves no trace.
      if (!isInWait) this.#trail.add(step, attempt, verdict, { username: about, now });
    }
    const rows = (await Array.fromAsync(this.rig.enrolments.decisions({}))).flat();
    assert.deepEqual(rows, this.#trail.rows);
    await this.#assertState();
  }

  /** Asserts that a refusal reveals nothing about the password until it is known to be right. */
  #assertTold(step: LoginStep, verdict: PasswordVerdict | CodeVerdict): void {
    if (verdict.outcome !== "refused") return;
    const { mode } = this.model.rules;
    const { reason, told = REASONS[verdict.reason] } = verdict;
    if (reason === "too_many_failures" && !(mode === "external" && step === "code")) {
      const [, seconds] = told!.match(/^TEMP\[backoff (\d+),advance no\]: /)!;
      assert.equal(Number(seconds), this.model.waitSeconds);
    } else if (told === REASONS.client_without_method) {
      // A client that cannot be asked for a code is always told this, whatever its password.
    } else if (mode === "external") {
      assert(!told, reason);
    } else if (step === "password") {
      const isOfCodes = [
        "codes_locked",
        "wrong_code",
        "malformed_code",
        "code_used",
      ]
        .includes(reason);
      assert.equal(Boolean(told), isOfCodes, reason);
    }
  }

  /** Compares what an administrator would see. */
  async #assertState(): Promise<void> {
    const { rig: { enrolments }, model } = this;
    const open = await enrolments.openChallenges(model.now);
    const expected = await Promise.all(
      model.openChallenges().map((id) => this.rig.storedId(id, this.#stateIds.has(id))),
    );
    assert.deepEqual(open.map(({ id }) => id).sort(), expected.sort());
    for (const enrolment of await enrolments.list()) {
      const { failures, disabledAt } = enrolment;
      const user = model.users.get(enrolment.username)!;
      assert.equal(enrolment.lastTimeStep, user.lastTimeStep);
      assert.equal(failures.count, user.wrongCodes);
      assert.equal(failures.lockedUntil ?? 0, user.lockedUntil);
      assert.equal(disabledAt !== null, user.isDisabled);
      assert.equal(enrolment.recoveryCodes, user.recoveryCodes.size);
      assert.equal(enrolment.tokensValidFrom, user.tokensFrom);
    }
    await this.#assertPlaceCodes();
  }

  async #assertPlaceCodes(): Promise<void> {
    const places = await this.rig.enrolments.placeCodes();
    const held = this.model.known.all()
      .filter(({ held }) => held.wrongCodes > 0 || held.lockedUntil > 0)
      .map(({ user, held }) => [user, held.wrongCodes, held.lockedUntil].join());
    const stored = places.map(({ username, failures }) =>
      [username, failures.count, failures.lockedUntil ?? 0].join()
    );
    assert.deepEqual(stored.sort(), held.sort());
  }
}

function wordsOf(verdict: PasswordVerdict | CodeVerdict): string {
  const by = "by" in verdict ? verdict.by : undefined;
  const reason = "reason" in verdict ? verdict.reason : undefined;
  return [verdict.outcome, by, reason].filter(Boolean).join(" ");
}
