/**
 * `deno task build` compiles main.ts to dist/openvpn-totp, with the manual page in it, which is also
 * left in dist/openvpn-totp.8.
 *
 * `--target aarch64-unknown-linux-gnu` builds for the other supported architecture.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { stop, transform } from "esbuild";
import { makeProgram } from "../src/admin/program.ts";
import { systemContext } from "../src/admin/system_context.ts";
import type { EpochMs } from "../src/core/epoch.ts";
import type { Services } from "../src/service_options.ts";
import { withBaseBinary } from "./base_binary.ts";
import { manPage } from "./man_page/man_page.ts";

const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];
const OUTPUT = "./dist/openvpn-totp";
const MAN_PAGE = "./dist/openvpn-totp.8";

/** The manual page starts nothing. */
const NO_SERVICES: Services = {
  serve: () => Promise.resolve(1),
  pamHelper: () => Promise.resolve(1),
};

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

async function build(): Promise<void> {
  const { target } = parseArgs({ options: { target: { type: "string" } } })
    .values;
  if (target !== undefined && !TARGETS.includes(target)) {
    throw new Error(`--target is "${target}", expected ${TARGETS.join(" or ")}`);
  }
  await Deno.mkdir("dist", { recursive: true });
  await Deno.writeTextFile(MAN_PAGE, manPage(makeProgram(systemContext(NO_SERVICES)), pageDate()));
  const directory = await Deno.makeTempDir({ prefix: "openvpn-totp-bundle-" });
  try {
    await bundle(directory);
    await Deno.copyFile(MAN_PAGE, `${directory}/openvpn-totp.8`);
    await withBaseBinary(target, (environment) => compile(directory, target, environment));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  if (target === undefined || target === Deno.build.target) await tryOutput();
  const { size } = await Deno.stat(OUTPUT);
  report(`made ${OUTPUT} (${(size / 1e6).toFixed(1)} MB)`);
}

/**
 * The manual page's date: today, or what a reproducible build sets (SOURCE_DATE_EPOCH, in seconds).
 */
function pageDate(): EpochMs {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  return epoch ? Number(epoch) * 1000 : Date.now();
}

/**
 * Makes one set of small files: without it, modules and packages make each start some 5 ms slower. Each
 * of the hooks is one file by itself, as each file that a call loads costs OpenVPN's clients time: what
 * they share with the commands is there again.
 */
async function bundle(directory: string): Promise<void> {
  const BUNDLE = ["bundle", "--quiet", "--frozen", "--no-remote"];
  await deno({}, [...BUNDLE, "--code-splitting", "--outdir", directory, "main.ts"]);
  for (const hook of ["file_hook", "server_hook"]) {
    const name = bundledName(directory, hook);
    await deno({}, [...BUNDLE, "--output", `${directory}/${name}`, `src/hook/${hook}.ts`]);
  }
  await shorten(directory);
}

/** The file that `deno bundle` made of a module, by which main.ts loads it. */
function bundledName(directory: string, module: string): string {
  const form = new RegExp(`^${module}-\\w+\\.js$`);
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => form.test(name));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new Error(
    `deno bundle made no file ${module}-….js, or several: main.ts loads it by that name`,
  );
}

/**
 * Shortens the bundle's files. `deno bundle --minify`, and esbuild by itself, put the value of a
 * variable that is used once in the variable's place, and so lose `using`: what should be closed or
 * given back never would be.
 */
async function shorten(directory: string): Promise<void> {
  try {
    for (const { name } of Deno.readDirSync(directory)) {
      const path = `${directory}/${name}`;
      const { code } = await transform(await Deno.readTextFile(path), {
        minify: true,
        format: "esm",
        target: "esnext",
        // Written out, it survives.
        supported: { using: false },
        legalComments: "none",
      });
      await Deno.writeTextFile(path, code);
    }
  } finally {
    await stop();
  }
}

async function compile(
  directory: string,
  target: string | undefined,
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
    ...(target === undefined ? [] : ["--target", target]),
    // Beside the modules, where `man` looks for it.
    "--include",
    `${directory}/openvpn-totp.8`,
    "--output",
    OUTPUT,
    `${directory}/main.js`,
  ]);
}

/** Runs the output once: with a wrong base binary it does not run. */
async function tryOutput(): Promise<void> {
  try {
    const { success, stdout } = await new Deno.Command(OUTPUT, {
      args: ["--version"],
      stderr: "null",
    }).output();
    const version = new TextDecoder().decode(stdout);
    if (success && version.startsWith("openvpn-totp ")) return;
  } catch {
    // It does not even start: the same as one that runs and fails.
  }
  await Deno.remove(OUTPUT);
  throw new Error(
    `${OUTPUT} doesn't run: its base binary isn't a denort that fits ` +
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

try {
  await build();
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
