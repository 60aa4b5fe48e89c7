import type { Reply } from "../../login/reply.ts";
import type { ReadVariable } from "../../settings.ts";
import { writeVerdict } from "./answer_files.ts";
import { requireVariable } from "./environment.ts";
import { ExitStatus } from "./exit_status.ts";
import { tellReason } from "./tell_reason.ts";

/** The reply to `client-crresponse`: a verdict in `auth_control_file`, and the exit status. */
export class CodeReply implements Reply<ExitStatus> {
  readonly #read: ReadVariable;

  constructor(read: ReadVariable) {
    this.#read = read;
  }

  /** An answer never leads to another challenge. */
  challenge(): ExitStatus {
    return this.refuse(null);
  }

  /** @throws Failure if the verdict cannot be written: the login is then refused */
  accept(): ExitStatus {
    writeVerdict(requireVariable("auth_control_file", this.#read), true);
    return ExitStatus.ACCEPT;
  }

  /**
   * Gives reason, verdict and exit status. The exit status alone also refuses, so writing the files
   * may fail.
   */
  refuse(told: string | null): ExitStatus {
    tellReason(told, this.#read);
    try {
      writeVerdict(requireVariable("auth_control_file", this.#read), false);
    } catch {
      // The exit status still refuses.
    }
    return ExitStatus.REFUSE;
  }

  /** Accepts, because a refusal would end the connection that an earlier answer opened. */
  leave(): ExitStatus {
    return ExitStatus.ACCEPT;
  }
}
