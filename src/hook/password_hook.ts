import { Memory, readVariableBytes } from "../ffi/libc.ts";
import { sealForeignCode } from "../ffi/libraries.ts";
import { Audit } from "../login/audit.ts";
import { passwordStep } from "../login/password_step.ts";
import { PlaceThrottle } from "../login/place_throttle.ts";
import type { PrimaryAuthentication } from "../login/primary_authentication.ts";
import {
  canAnswerChallenge,
  readAttempt,
  requireVariable,
} from "../openvpn/environment.ts";
import { readSessionToken } from "../openvpn/session_token.ts";
import { writePendingFile } from "../openvpn/answer_files.ts";
import {
  makeCredentials,
  readCredentialsFile,
} from "../openvpn/credentials.ts";
import { PamAuthentication } from "../pam/pam.ts";
import { choosePamService } from "../pam/service.ts";
import type { Credentials } from "../core/credentials.ts";
import type { PasswordVerdict } from "../core/verdict.ts";
import { readSettings, type Settings } from "../settings.ts";
import { openDatabase } from "../store/sqlite/database.ts";
import { SqliteLoginStore } from "../store/sqlite/login_store.ts";
import {
  BUSY_TIMEOUT_MS,
  ExitStatus,
  type HookCall,
  type HookResult,
  tellReason,
} from "./call.ts";

/** `auth-user-pass-verify`: username and password, then the request for a code. */
export async function passwordHook(call: HookCall): Promise<HookResult> {
  const { read } = call;
  const settings = readSettings(read);
  const primary = call.openPrimary(settings);
  const credentials = readCredentials(call);
  sealForeignCode();

  const { username, password } = credentials;
  try {
    const attempt = readAttempt(read, username);
    using database = await openDatabase(settings.tokenDbPath, {
      create: false,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
    });
    const verdict = await passwordStep({
      attempt,
      password,
      canAnswer: canAnswerChallenge(read),
      token: readSessionToken(read, password.reveal()),
    }, {
      primary,
      store: new SqliteLoginStore(database),
      audit: new Audit("password", attempt, settings.audit),
      throttle: new PlaceThrottle(settings.throttle, attempt),
      now: Date.now,
      challengeTimeoutSeconds: settings.challengeTimeout,
    });
    return {
      verdict,
      exitStatus: deliver(verdict, read, settings),
      loginName: username,
    };
  } finally {
    password.reveal().fill(0);
  }
}

/** PAM with its libraries bound, unless another factor decides about the password. */
export function openPrimary(settings: Settings): PrimaryAuthentication | null {
  return settings.primaryAuth === "pam"
    ? new PamAuthentication(
      choosePamService(settings.pamService),
      settings.pamTimeoutSeconds,
    )
    : null;
}

/** Tells OpenVPN; gives the exit status. */
function deliver(
  verdict: PasswordVerdict,
  read: HookCall["read"],
  settings: Settings,
): number {
  switch (verdict.outcome) {
    case "accepted":
      return ExitStatus.ACCEPT;
    case "challenged":
      writePendingFile(
        requireVariable("auth_pending_file", read),
        settings.challengeTimeout,
        settings.challengeText,
      );
      return ExitStatus.DEFER;
    case "refused":
      tellReason(verdict, read);
      return ExitStatus.REFUSE;
  }
}

/** By `via-env` OpenVPN sets `password`; by `via-file` it never does. */
function readCredentials({ args }: HookCall): Credentials {
  const file = args.at(-1);
  if (!isSet("password") && file !== undefined) {
    return readCredentialsFile(file);
  }
  const memory = new Memory();
  const [username, password] = ["username", "password"].map((name) =>
    readVariableBytes(memory, name)
  );
  Deno.env.delete("password");
  return makeCredentials(username ?? null, password ?? null);
}

/** Says so of a value that isn't UTF-8, too. */
function isSet(name: string): boolean {
  try {
    return Deno.env.has(name);
  } catch {
    return true;
  }
}
