import { Failure } from "../core/failure.ts";
import { choosePamService } from "../pam/choose_pam_service.ts";
import { PamService } from "../pam/pam_service.ts";
import type { PamHelperOptions } from "../service_options.ts";
import { Accounts } from "../system/accounts.ts";
import { sealForeignCode } from "../system/libraries.ts";
import { Memory } from "../system/memory.ts";
import { guardProcess, openAlarm } from "../system/process_guard.ts";
import { takeStandardStreams } from "../system/standard_streams.ts";
import { messageOf } from "../text/message_of.ts";
import { PROGRAM } from "../text/program_name.ts";
import { answerRequests, type HelperParts } from "./helpers/answer_requests.ts";
import { readServiceSettings } from "./settings_file.ts";

/** How long a request may take in addition to PAM, in seconds: usually it takes some milliseconds. */
const SLACK_SECONDS = 5;

/** What the program may do, but a helper need not once it has begun. */
const NOT_NEEDED = ["net", "read", "write", "env", "sys"] as const;

/**
 * Checks passwords for the service, on standard input and output; see `pam/helper/protocol.ts`.
 * PAM's service and time limit are this process's own settings, whatever the service asks for.
 *
 * Once modules may run, it ends this process itself: nothing that they have registered may run then,
 * or change the exit status.
 *
 * @returns only before that
 * @throws Failure for settings with which it cannot begin
 */
export async function pamHelper({ settings: path }: PamHelperOptions): Promise<number> {
  const { parts, exitAtOnce } = openHelper(path);
  exitAtOnce(await answerAll(parts));
  return 1;
}

async function answerAll(parts: HelperParts): Promise<number> {
  try {
    await answerRequests(parts);
    return 0;
  } catch (error) {
    const line = `${PROGRAM}: pam-helper: ${messageOf(error)}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
    return 1;
  }
}

/** Opens all that it needs, and gives up the right to open more. */
function openHelper(
  path: string | null,
): { parts: HelperParts; exitAtOnce: (status: number) => void } {
  const settings = readServiceSettings(path, (name) => Deno.env.get(name));
  if (settings.primaryAuth === "external") {
    throw new Failure(
      "bad_setting",
      "totpPrimaryAuth is external, so PAM is not asked and pam-helper has nothing to do: " +
        "stop openvpn-totp-pam.socket, or set totpPrimaryAuth pam",
    );
  }
  if (Deno.stdin.isTerminal()) {
    throw new Failure(
      "bad_call",
      "pam-helper answers the service on standard input, not people: systemd starts it for each " +
        "connection to openvpn-totp-pam.socket",
    );
  }
  const memory = new Memory();
  const service = choosePamService(settings.pamService);
  const pam = new PamService(service, settings.pamTimeoutSeconds, memory);
  pam.keepModulesLoaded();
  const parts = {
    pam,
    accounts: new Accounts(memory),
    uid: Deno.uid(),
    now: () => performance.now(),
    streams: takeStandardStreams(),
    setAlarm: openAlarm(),
    alarmSeconds: settings.pamTimeoutSeconds + SLACK_SECONDS,
  };
  const exitAtOnce = guardProcess(0);
  sealForeignCode();
  for (const name of NOT_NEEDED) Deno.permissions.revokeSync({ name });
  return { parts, exitAtOnce };
}
