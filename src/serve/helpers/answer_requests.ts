import { Failure } from "../../core/failure.ts";
import { isUsername } from "../../core/username.ts";
import { decodeRequest, type HelperRequest } from "../../pam/helper/protocol.ts";
import { RequestReader } from "../../pam/helper/read_request.ts";
import { encodeReply, type HelperAnswer } from "../../pam/helper/reply.ts";
import type { PamResult } from "../../pam/pam_result.ts";
import type { PamService } from "../../pam/pam_service.ts";
import { Status } from "../../pam/status.ts";
import type { Accounts } from "../../system/accounts.ts";
import type { TakenStreams } from "../../system/standard_streams.ts";
import { hasControl } from "../../text/printable.ts";

/** After so many replies a helper ends: what modules leak goes with it. */
export const MAX_REQUESTS = 1000;

/** After so long a helper ends, too, in milliseconds: it has PAM's modules as they were at its start. */
export const MAX_AGE_MS = 60 * 60 * 1000;

/** What a helper answers with. */
export interface HelperParts {
  streams: TakenStreams;
  pam: Pick<PamService, "authenticate" | "checkAccount">;
  accounts: Pick<Accounts, "find">;
  /** Whom this process runs as; null where the system has no users. */
  uid: number | null;
  /** A clock, in milliseconds. */
  now(): number;
  /** Has this process ended by force in so many seconds; 0: not. */
  setAlarm(seconds: number): void;
  /** How long one request may take at the most, in seconds. */
  alarmSeconds: number;
}

/**
 * Answers requests, one after the other, until the input ends, nobody reads the replies, a module
 * hangs, or {@link MAX_REQUESTS} were answered.
 *
 * A request that was begun is finished, even if nobody waits for its reply any more: modules count
 * wrong passwords afterwards.
 *
 * @throws Failure `bad_call` for anything that is no request
 */
export async function answerRequests(parts: HelperParts): Promise<void> {
  const { streams, setAlarm, alarmSeconds } = parts;
  const uid = parts.uid === 0 ? null : parts.uid;
  const reader = new RequestReader(streams.read);
  const begunAt = parts.now();
  for (let count = 1; count <= MAX_REQUESTS; count++) {
    const body = reader.next(() => setAlarm(alarmSeconds));
    if (body === null) return;
    const answer = await answerTo(body, parts).finally(() => reader.wipe());
    const hangs = "result" in answer && answer.result.outcome === "no_answer";
    const isLast = hangs || count === MAX_REQUESTS || parts.now() - begunAt > MAX_AGE_MS;
    if (!streams.write(encodeReply({ ...answer, isLast, uid })) || isLast) return;
    setAlarm(0);
  }
}

async function answerTo(
  body: Uint8Array<ArrayBuffer>,
  { pam, accounts }: HelperParts,
): Promise<HelperAnswer> {
  const request = decodeRequest(body);
  if (request === null) throw new Failure("bad_call", "a request is not understood");
  if (request.kind === "account_name") {
    const { username } = request;
    return { accountName: username.includes("\0") ? null : accounts.find(username)?.name ?? null };
  }
  if (!isSound(request)) return { result: DENIED[request.kind] };
  const { username, rhost } = request;
  return {
    result: request.kind === "authenticate"
      ? await pam.authenticate(username, request.password, rhost)
      : await pam.checkAccount(username, rhost),
  };
}

/** The service lets none of these come so far, and C would cut them short. */
function isSound(request: Exclude<HelperRequest, { kind: "account_name" }>): boolean {
  const hasNul = request.kind === "authenticate" && request.password.reveal().includes(0);
  return isUsername(request.username) && !hasNul && !hasControl(request.rhost ?? "");
}

const DENIED: Record<"authenticate" | "check_account", PamResult> = {
  authenticate: { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR },
  check_account: { outcome: "denied", call: "pam_acct_mgmt", status: Status.USER_UNKNOWN },
};
