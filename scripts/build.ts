/**
 * `deno task build` compiles main.ts to dist/openvpn-totp, with the manual page in it, which is also
 * left in dist/openvpn-totp.8.
 *
 * `--target aarch64-unknown-linux-gnu` builds for the other supported architecture. Two builds of the
 * same sources with the same base binary give the same bytes, wherever and whenever they are made.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { BUILD_RECORD, type BuildRecord, originText } from "../src/admin/build_record.ts";
import { type Base, type Target, targetOf } from "./base/base.ts";
import { findBase } from "./base/find_base.ts";
import { type Bundle, bundle } from "./build/bundle.ts";
import { sourceDate } from "./build/source_date.ts";
import { makeTemporaryDirectory } from "./build/temporary_directory.ts";
import { programPage } from "./man_page/program_page.ts";

/** Where the program and its manual page are put. */
const OUTPUT = "./dist/openvpn-totp";
const MAN_PAGE = "./dist/openvpn-totp.8";

/** The variables that the program reads: its settings, OpenVPN's variables, and commander's. */
const VARIABLES = [
  "script_type",
  "username",
  "password",
  "common_name",
  "untrusted_ip",
  "untrusted_ip6",
  "untrusted_port",
  "trusted_ip",
  "trusted_ip6",
  "session_id",
  "session_state",
  "auth_control_file",
  "auth_pending_file",
  "auth_failed_reason_file",
  "IV_SSO",
  "IV_VER",
  "IV_GUI_VER",
  "totp*",
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "PGPASSFILE",
  // The library for PostgreSQL insists on reading these two.
  "PGAPPNAME",
  "PGTARGETSESSIONATTRS",
  // With these, Deno would trust more authorities than those that a database's URL names.
  "DENO_TLS_CA_STORE",
  "DENO_CERT",
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR_FORCE",
];

/**
 * The smallest set of permissions that works. Reading and writing are not limited to a list, because
 * the configuration decides where the database, the log and OpenVPN's temporary files are. Foreign
 * code is not limited either, because Deno allows callbacks, which PAM needs, only without a list. So
 * the program opens libraries only by absolute path, and gives that permission up before it decides
 * about a login. There is no permission for child processes or for imports.
 */
const PERMISSIONS = [
  "--no-prompt",
  `--allow-env=${VARIABLES.join(",")}`,
  // OpenVPN's management interface and the service's own status, on this machine alone; and a
  // PostgreSQL server, which may be anywhere. A hook call without one gives it up.
  "--allow-net",
  // The number of processors, from which `serve` works out how many PAM helpers it has; and the name
  // that tells attempts at several servers apart.
  "--allow-sys=uid,cpus,hostname",
  "--allow-ffi",
  "--allow-read",
  "--allow-write",
];

/** What a build is made of, for those who have to tell others. */
export interface Build {
  target: Target;
  base: Base;
  bundle: Bundle;
  /** The program's path, which is this build's alone. */
  program: string;
}

/** What else is to be done during a build. */
export interface BuildSteps {
  /** Throws if the base binary is not to be used. */
  accept?(base: Base): void;
  /** Works with what the program was made of, before that is removed. */
  use?(build: Build): Promise<void>;
}

/**
 * Builds the program, and leaves it and its manual page in dist.
 *
 * @throws Error if there is no base binary, or the program does not run
 */
export async function build(
  target: Target,
  { accept, use }: BuildSteps = {},
): Promise<void> {
  await using temporary = await makeTemporaryDirectory({ prefix: "openvpn-totp-build-" });
  const { path: directory } = temporary;
  const base = await findBase(target, directory);
  accept?.(base);
  report(`base: denort ${base.deno}, ${originText(base)}, SHA-256 ${base.sha256}`);
  const made = await bundle(directory);
  await Deno.mkdir("dist", { recursive: true });
  await addFiles(made.directory, base);
  await using place = await makeTemporaryDirectory({ dir: "dist", prefix: "build-" });
  const program = `${place.path}/openvpn-totp`;
  await compile(made.directory, program, target, { DENORT_BIN: base.path });
  if (target === Deno.build.target) await tryProgram(program);
  await use?.({ target, base, bundle: made, program });
  const { size } = await Deno.stat(program);
  await Deno.rename(program, OUTPUT);
  report(`made ${OUTPUT} (${(size / 1e6).toFixed(1)} MB)`);
}

/** Puts the manual page and the build's record beside the bundle's modules, and dates all of them. */
async function addFiles(directory: string, { path: _, ...base }: Base): Promise<void> {
  const page = programPage(sourceDate());
  await Deno.writeTextFile(MAN_PAGE, page);
  await Deno.chmod(MAN_PAGE, 0o644);
  await Deno.writeTextFile(`${directory}/openvpn-totp.8`, page);
  const record: BuildRecord = { base };
  await Deno.writeTextFile(`${directory}/${BUILD_RECORD}`, JSON.stringify(record));
  // `deno compile` embeds the files' dates.
  for (const { name } of Deno.readDirSync(directory)) {
    await Deno.utime(`${directory}/${name}`, sourceDate(), sourceDate());
  }
}

async function compile(
  directory: string,
  output: string,
  target: Target,
  environment: Record<string, string>,
): Promise<void> {
  await deno(environment, [
    "compile",
    "--quiet",
    // The bundle is complete, so nothing has to be resolved any more.
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--no-check",
    // Otherwise the program reads V8 code from a file in the temp directory, which others can write.
    "--no-code-cache",
    // One thread rather than one for each processor, since service units limit threads. And no code
    // that is compiled while the program runs, for which some systems give no memory.
    "--v8-flags=--single-threaded,--jitless",
    ...PERMISSIONS,
    ...["--target", target],
    // Beside the modules, where `man` and `--version --verbose` look for them.
    ...["--include", `${directory}/openvpn-totp.8`],
    ...["--include", `${directory}/${BUILD_RECORD}`],
    ...["--output", output],
    `${directory}/main.js`,
  ]);
}

/** Runs the program once: with a wrong base binary it does not run. */
async function tryProgram(program: string): Promise<void> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args: ["--version"],
      stderr: "null",
    }).output();
    const version = new TextDecoder().decode(stdout);
    if (success && version.startsWith("openvpn-totp ")) return;
  } catch {
    // It does not even start: the same as one that runs and fails.
  }
  throw new Error(
    "the program doesn't run: its base binary isn't a denort that fits " +
      `Deno ${Deno.version.deno} (DENORT_BIN)`,
  );
}

async function deno(env: Record<string, string>, args: string[]): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, env })
    .spawn().status;
  if (code !== 0) throw new Error(`deno ${args[0]} ended with status ${code}`);
}

function report(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`build: ${line}\n`));
}

if (import.meta.main) {
  try {
    const { target } = parseArgs({ options: { target: { type: "string" } } }).values;
    await build(targetOf(target));
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
