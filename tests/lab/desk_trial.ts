import assert from "node:assert/strict";
import type { Attempt } from "../../src/core/challenge.ts";
import type { DeskRig } from "./desk_rig.ts";
import type { LoginModel } from "./login_model.ts";
import { LoginTrial } from "./login_trial.ts";

/** The trial of logins with the service. */
export class DeskTrial extends LoginTrial {
  declare readonly rig: DeskRig;

  constructor(model: LoginModel, rig: DeskRig) {
    super(model, rig);
  }

  override get reachable(): Attempt[] {
    return this.attempts.filter(({ id }) => !this.rig.isGone(id));
  }

  /** What comes after a verdict, or beside an answer that was looked at, is not decided about. */
  override async code(
    attempt: Attempt,
    code: string | null,
    isNewConnection = this.isDynamic(attempt),
  ): Promise<void> {
    if (this.rig.isGone(attempt.id) && !isNewConnection) return;
    if (!isNewConnection && this.rig.isOver(attempt)) this.rig.answerInVain(attempt, code);
    else await super.code(attempt, code, isNewConnection);
  }

  override assertSound(): void {
    assert.deepEqual(this.rig.wrongs, []);
    for (const { keys } of this.rig.servers) assert.deepEqual(keys.mistakes, []);
  }
}
