import type { Challenged } from "../../core/verdict.ts";
import type { Reply } from "../../login/reply.ts";
import type { ReadVariable, Settings } from "../../settings.ts";
import { writeDynamicChallenge, writePendingFile } from "./answer_files.ts";
import { requireVariable } from "./environment.ts";
import { ExitStatus } from "./exit_status.ts";
import { tellReason } from "./tell_reason.ts";

/** The parts of a login that its challenge shows to the client. */
type Shown = Pick<Settings, "challengeText" | "challengeTimeoutSeconds"> & { loginName: string };

/** The reply to `auth-user-pass-verify`: mostly just the exit status. */
export class PasswordReply implements Reply<ExitStatus> {
  readonly #read: ReadVariable;
  readonly #shown: Shown;

  constructor(read: ReadVariable, shown: Shown) {
    this.#read = read;
    this.#shown = shown;
  }

  /** @throws Failure if the request cannot be written: the login is then refused */
  challenge(_by: Challenged["by"], stateId: string | null): ExitStatus {
    const { challengeText, challengeTimeoutSeconds, loginName } = this.#shown;
    if (stateId === null) {
      const path = requireVariable("auth_pending_file", this.#read);
      writePendingFile(path, challengeTimeoutSeconds, challengeText);
      return ExitStatus.DEFER;
    }
    const path = requireVariable("auth_failed_reason_file", this.#read);
    writeDynamicChallenge(path, { stateId, username: loginName, text: challengeText });
    return ExitStatus.REFUSE;
  }

  accept(): ExitStatus {
    return ExitStatus.ACCEPT;
  }

  refuse(told: string | null): ExitStatus {
    tellReason(told, this.#read);
    return ExitStatus.REFUSE;
  }

  /** Refuses, because no attempt has a verdict before its password step. */
  leave(): ExitStatus {
    return ExitStatus.REFUSE;
  }
}
