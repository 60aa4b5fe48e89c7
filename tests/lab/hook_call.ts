import { type Output, run } from "./command.ts";
import { keyFileOf, PROGRAM } from "./program.ts";

/** One login attempt in which the test plays OpenVPN's part. */
export interface PlayedAttempt {
  /** The environment of both calls; a test may change it to simulate something else. */
  env: Record<string, string>;
  /** A command that runs the program given in its arguments, such as `strace`. */
  wrap: string[];
  /** Calls `auth-user-pass-verify … via-file` with these two lines. */
  password(username: string, password: string | Uint8Array): Promise<Output>;
  /**
   * Calls `client-crresponse` with this content in the response file; a different `n` uses another
   * file.
   */
  answer(content: string | Uint8Array, n?: string): Promise<Output>;
  /** What OpenVPN would read afterwards. */
  control(): Promise<string>;
  pending(): Promise<string>;
  reason(): Promise<string>;
  /** Paths of the attempt's files. */
  files: { control: string; pending: string; reason: string; response: string };
}

let attempts = 0;

/**
 * Prepares a login attempt as OpenVPN does: three empty files, mode 0600, and the environment.
 *
 * @param directory where the files go
 * @param settings variables set by `setenv`, such as `totpTokenDbPath`
 */
export async function playAttempt(
  directory: string,
  settings: Record<string, string>,
): Promise<PlayedAttempt> {
  const id = `${++attempts}-${crypto.randomUUID()}`;
  const path = (kind: string) => `${directory}/openvpn_${kind}_${id}.tmp`;
  const files = {
    control: path("acf"),
    pending: path("apf"),
    reason: path("afr"),
    response: path("cr"),
  };
  for (const file of [files.control, files.pending, files.reason]) {
    await Deno.writeTextFile(file, "", { mode: 0o600 });
  }
  const env: Record<string, string> = {
    auth_control_file: files.control,
    auth_pending_file: files.pending,
    auth_failed_reason_file: files.reason,
    untrusted_ip: "192.0.2.7",
    untrusted_port: "50000",
    common_name: "client1",
    IV_SSO: "webauth,crtext",
    // A code that a test computes stays valid until it is checked, however slow the machine is.
    totpDriftSteps: "10",
    // OpenVPN sets this with auth-gen-token.
    session_id: "c2Vzc2lvbg==",
    ...settings.totpTokenDbPath === undefined
      ? {}
      : { totpKeyFile: keyFileOf(settings.totpTokenDbPath) },
    ...settings,
  };
  const call = (scriptType: string, file: string) => {
    const [command, ...args] = [...attempt.wrap, PROGRAM, file];
    return run(command!, args, {
      clearEnv: true,
      env: { ...attempt.env, script_type: scriptType },
    });
  };
  const attempt: PlayedAttempt = {
    env,
    wrap: [],
    files,
    async password(username, password) {
      env.username = username;
      const file = path("up");
      await Deno.writeFile(file, credentialLines(username, password));
      try {
        return await call("user-pass-verify", file);
      } finally {
        await Deno.remove(file);
      }
    },
    async answer(content, n = "") {
      const file = files.response + n;
      await Deno.writeFile(
        file,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return await call("client-crresponse", file);
    },
    control: () => Deno.readTextFile(files.control),
    pending: () => Deno.readTextFile(files.pending),
    reason: () => Deno.readTextFile(files.reason),
  };
  return attempt;
}

function credentialLines(
  username: string,
  password: string | Uint8Array,
): Uint8Array {
  const bytes = typeof password === "string" ? new TextEncoder().encode(password) : password;
  return new Uint8Array([
    ...new TextEncoder().encode(`${username}\n`),
    ...bytes,
    0x0a,
  ]);
}
