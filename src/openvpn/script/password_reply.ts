import type { Challenged } from "../../core/verdict.ts";
import type { Reply } from "../../login/reply.ts";
import type { ReadVariable, Settings } from "../../settings.ts";
import { writeDynamicChallenge, writePendingFile } from "./answer_files.ts";
import { requireVariable } from "./environment.ts";
import { ExitStatus } from "./exit_status.ts";
import { tellReason } from "./tell_reason.ts";

/** What of a login its challenge shows the client. */
type Shown = Pick<Settings, "challengeText" | "challengeTimeoutSeconds"> & { loginName: string };

/** The reply to `auth-user-pass-verify`: mostly the exit status says it. */
export class PasswordReply implements Reply<ExitStatus> {
  readonly #read: ReadVariable;
  readonly #shown: Shown;

  constructor(read: ReadVariable, shown: Shown) {
    this.#read = read;
    this.#shown = shown;
  }

  /** @throws Failure when the request cannot be written: the login is refused then */
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

  /** No attempt has a verdict before its password: to leave things as they are is to refuse. */
  leave(): ExitStatus {
    return ExitStatus.REFUSE;
  }
}
