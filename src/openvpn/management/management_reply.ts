import type { Challenged } from "../../core/verdict.ts";
import { Failure } from "../../core/failure.ts";
import type { Reply } from "../../login/reply.ts";
import type { Settings } from "../../settings.ts";
import { crText, dynamicChallenge } from "../challenge_text.ts";
import type { ClientKey } from "./client_event.ts";
import { clientAuth, clientDeny, clientPendingAuth, MAX_PARAMETER_BYTES } from "./command.ts";

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

  /** @throws Failure `bad_username` if OpenVPN could not read the challenge */
  challenge(_by: Challenged["by"], stateId: string | null): string {
    const { challengeText: text, challengeTimeoutSeconds, loginName: username } = this.#shown;
    if (stateId === null) {
      return clientPendingAuth(this.#key, crText(text), challengeTimeoutSeconds);
    }
    const empty = dynamicChallenge({ stateId, username, text: "" });
    const room = MAX_PARAMETER_BYTES - empty.length;
    if (room < 0) {
      throw new Failure("bad_username", "the username is too long for a dynamic challenge");
    }
    return clientDeny(this.#key, "challenged", empty + beginning(text, room));
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

/** As much of a text as has no more bytes than that; the username takes the room that is lacking. */
function beginning(text: string, bytes: number): string {
  const buffer = new Uint8Array(bytes);
  const { read } = new TextEncoder().encodeInto(text, buffer);
  return text.slice(0, read);
}
