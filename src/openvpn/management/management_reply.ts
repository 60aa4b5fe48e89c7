import type { Challenged } from "../../core/verdict.ts";
import { Failure } from "../../core/failure.ts";
import type { Reply } from "../../login/reply.ts";
import type { Settings } from "../../settings.ts";
import { crText, dynamicChallenge } from "../challenge_text.ts";
import type { ClientKey } from "./client_event.ts";
import {
  clientAuth,
  clientDeny,
  clientPendingAuth,
  commandBytes,
  MAX_COMMAND_BYTES,
} from "./command.ts";

/** The parts of a login that its challenge shows to the client. */
type Shown = Pick<Settings, "challengeText" | "challengeTimeoutSeconds"> & { loginName: string };

/** The reply over the management interface: a command, or null for none. */
export class ManagementReply implements Reply<string | null> {
  readonly #key: ClientKey;
  readonly #shown: Shown;

  constructor(key: ClientKey, shown: Shown) {
    this.#key = key;
    this.#shown = shown;
  }

  /** @throws Failure `bad_username` if OpenVPN could not read the whole command */
  challenge(_by: Challenged["by"], stateId: string | null): string {
    const { challengeText: text, challengeTimeoutSeconds, loginName } = this.#shown;
    const command = stateId === null
      ? clientPendingAuth(this.#key, crText(text), challengeTimeoutSeconds)
      : clientDeny(
        this.#key,
        "challenged",
        dynamicChallenge({ stateId, username: loginName, text }),
      );
    if (commandBytes(command) <= MAX_COMMAND_BYTES) return command;
    throw new Failure(
      "bad_username",
      "the username and totpChallengeText together are too long for a challenge: shorten the text",
    );
  }

  accept(): string {
    return clientAuth(this.#key);
  }

  refuse(told: string | null): string {
    return clientDeny(this.#key, "refused", told);
  }

  leave(): null {
    return null;
  }
}
