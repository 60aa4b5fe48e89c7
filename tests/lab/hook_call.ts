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
  const files = await makeFiles(path);
  const env = environmentOf(files, settings);
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
    control: () => Deno.readTextFile(files.control),
    pending: () => Deno.readTextFile(files.pending),
    reason: () => Deno.readTextFile(files.reason),
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
      await Deno.writeFile(file, bytesOf(content));
      return await call("client-crresponse", file);
    },
  };
  return attempt;
}

/** OpenVPN's files of an attempt: empty, and its own; the client's answer comes later. */
async function makeFiles(path: (kind: string) => string): Promise<PlayedAttempt["files"]> {
  const files = { control: path("acf"), pending: path("apf"), reason: path("afr") };
  for (const file of Object.values(files)) {
    await Deno.writeTextFile(file, "", { mode: 0o600 });
  }
  return { ...files, response: path("cr") };
}

function environmentOf(
  files: PlayedAttempt["files"],
  settings: Record<string, string>,
): Record<string, string> {
  const { totpTokenDbPath: db } = settings;
  return {
    auth_control_file: files.control,
    auth_pending_file: files.pending,
    auth_failed_reason_file: files.reason,
    untrusted_ip: "192.0.2.7",
    untrusted_port: "50000",
    common_name: "client1",
    IV_SSO: "webauth,crtext",
    // However slow the machine is, the code that a test computes is good until it is looked at.
    totpDriftSteps: "10",
    // As with auth-gen-token.
    session_id: "c2Vzc2lvbg==",
    ...db === undefined ? {} : { totpKeyFile: keyFileOf(db) },
    ...settings,
  };
}

function credentialLines(username: string, password: string | Uint8Array): Uint8Array {
  return new Uint8Array([
    ...new TextEncoder().encode(`${username}\n`),
    ...bytesOf(password),
    0x0a,
  ]);
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}
