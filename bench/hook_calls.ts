import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { makeAccount } from "../tests/lab/accounts.ts";
import { mustRun } from "../tests/lab/command.ts";
import {
  base64,
  codeOf,
  enroll,
  keyFileOf,
  makeTestDirectory,
  PROGRAM,
} from "../tests/lab/program.ts";
import { targetOf } from "../scripts/base/base.ts";
import { findBase } from "../scripts/base/find_base.ts";
import { isFile } from "../src/system/present_files.ts";
import { median } from "./numbers.ts";

const ROUNDS = 30;
const SCRIPT = fileURLToPath(new URL("login.py", import.meta.url));

/** Prints the peak memory of a command, in KiB, on a line of its own. */
const TIME = "/usr/bin/time";

interface Contender {
  program: string;
  db: string;
  /** SQL that forgets which codes were used, and wrong passwords. */
  forget: string;
}

interface Sample {
  ms: number;
  status: number;
}

function requireAll(): void {
  const lacking = [
    Deno.uid() === 0 ? null : "root: run as root (sudo)",
    isFile(TIME) ? null : `${TIME}: apt-get install time`,
    isPythonReady() ? null : "pyotp for /usr/bin/python3: apt-get install python3-pyotp",
  ].filter((advice) => advice !== null);
  if (lacking.length > 0) {
    throw new Error(`this machine lacks ${lacking.join("; ")}`);
  }
}

function isPythonReady(): boolean {
  try {
    return new Deno.Command("/usr/bin/python3", {
      args: ["-c", "import pyotp"],
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs a call to its end and times the whole process. */
function time(
  program: string,
  args: string[],
  env: Record<string, string>,
): Sample {
  const command = new Deno.Command(program, {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const start = performance.now();
  const { code } = command.outputSync();
  return { ms: performance.now() - start, status: code };
}

/** Median of the ratios within each pair, which a machine's changing speed doesn't touch. */
function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / b[i]!));
}

/**
 * Measures the time and memory of each hook call as a whole process, beside the same call of a plain
 * Python script (bench/login.py) and an empty Deno program, in pairs within one run.
 */
export async function benchHookCalls(print: (line: string) => void): Promise<void> {
  requireAll();
  await using directory = await makeTestDirectory();
  await using account = await makeAccount();
  const { username, password } = account;
  const empty = `${directory.path}/empty`;
  await makeEmptyProgram(directory.path, empty);

  const secret = await enroll(directory.db, username);
  const ours: Contender = {
    program: PROGRAM,
    db: directory.db,
    forget: "UPDATE enrolments SET last_step = NULL; DELETE FROM place_failures",
  };
  const python: Contender = {
    program: SCRIPT,
    db: `${directory.path}/python.sqlite3`,
    forget: "UPDATE tokens SET step = NULL",
  };
  const pythonDatabase = new DatabaseSync(python.db);
  pythonDatabase.exec(
    "CREATE TABLE tokens (username TEXT PRIMARY KEY, secret TEXT, step INTEGER)",
  );
  pythonDatabase.prepare("INSERT INTO tokens VALUES (?, ?, NULL)")
    .run(username, secret);
  pythonDatabase.close();

  const credentials = `${directory.path}/credentials`;
  const wrongCredentials = `${directory.path}/wrong-credentials`;
  Deno.writeTextFileSync(credentials, `${username}\n${password}\n`);
  Deno.writeTextFileSync(wrongCredentials, `${username}\nwrong\n`);

  /** One attempt of one contender: all three calls, timed. */
  const attempt = (contender: Contender, wrap: string[] = []) => {
    const database = new DatabaseSync(contender.db);
    database.exec(contender.forget);
    database.close();
    const id = crypto.randomUUID();
    const file = (kind: string) => `${directory.path}/${kind}-${id}`;
    for (const kind of ["acf", "apf", "afr"]) {
      Deno.writeTextFileSync(file(kind), "");
    }
    const env = {
      username,
      auth_control_file: file("acf"),
      auth_pending_file: file("apf"),
      auth_failed_reason_file: file("afr"),
      untrusted_ip: "192.0.2.1",
      untrusted_port: "1194",
      common_name: "client",
      IV_SSO: "crtext",
      totpTokenDbPath: contender.db,
      totpKeyFile: keyFileOf(contender.db),
      totpPamService: "login",
    };
    const [program, ...before] = [...wrap, contender.program];
    const call = (script_type: string, path: string, expected: number) => {
      const sample = time(program!, [...before, path], { ...env, script_type });
      if (sample.status !== expected) {
        throw new Error(
          `${contender.program} ${script_type} gave ${sample.status}, not ${expected}`,
        );
      }
      return sample.ms;
    };
    const right = call("user-pass-verify", credentials, 2);
    Deno.writeTextFileSync(file("cr"), base64(codeOf(secret)));
    const code = call("client-crresponse", file("cr"), 0);
    return {
      right,
      code,
      wrong: () => call("user-pass-verify", wrongCredentials, 1),
    };
  };

  const samples = {
    empty: [] as number[],
    hash: [] as number[],
    right: { ours: [] as number[], python: [] as number[] },
    code: { ours: [] as number[], python: [] as number[] },
    wrong: { ours: [] as number[], python: [] as number[] },
  };
  attempt(ours);
  attempt(python);
  for (let round = 0; round < ROUNDS; round++) {
    samples.empty.push(time(empty, [], {}).ms);
    samples.hash.push(await timeOfPam(username, password));
    for (const [name, contender] of Object.entries({ ours, python })) {
      const timed = attempt(contender);
      samples.right[name as "ours"].push(timed.right);
      samples.code[name as "ours"].push(timed.code);
      samples.wrong[name as "ours"].push(timed.wrong());
    }
  }

  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const hash = median(samples.hash);
  const start = median(samples.empty);
  const rows = [
    ["right password, then the challenge", samples.right, true],
    ["right code, then the verdict", samples.code, false],
    ["wrong password", samples.wrong, true],
  ] as const;
  print(
    `Whole processes, medians of ${ROUNDS} paired runs, PAM service login\n`,
  );
  print("| call | openvpn-totp | Python script | ratio | our own part |");
  print("|---|---|---|---|---|");
  for (const [name, { ours, python }, withPam] of rows) {
    const own = median(
      ours.map((value, i) => value - samples.empty[i]! - (withPam ? samples.hash[i]! : 0)),
    );
    const ratio = medianRatio(ours, python).toFixed(2);
    print(
      `| ${name} | ${ms(median(ours))} | ${ms(median(python))} | ${ratio} | ${ms(own)} |`,
    );
  }
  const memory = {
    ours: await peakMemory(ours, attempt),
    python: await peakMemory(python, attempt),
    empty: await peakOf(empty),
  };
  const mb = (kib: number) => `${(kib / 1024).toFixed(0)} MiB`;
  print(
    `\nAn empty Deno program takes ${ms(start)} and PAM with the password's hash ${ms(hash)}: ` +
      "our own part is all beyond them.",
  );
  print(
    `Peak memory: openvpn-totp ${mb(memory.ours)} (an empty Deno program ${
      mb(memory.empty)
    }), Python script ${mb(memory.python)}.`,
  );
}

/**
 * PAM alone, in a process of its own, since loading the modules is part of it.
 *
 * @returns milliseconds of the one call
 */
async function timeOfPam(username: string, password: string): Promise<number> {
  const script = fileURLToPath(new URL("pam.ts", import.meta.url));
  const args = ["run", "--allow-all", "--no-check", script, username];
  return Number(await mustRun(Deno.execPath(), args, { stdin: password }));
}

/** Compiled with the same base and flags as the program. */
async function makeEmptyProgram(
  directory: string,
  output: string,
): Promise<void> {
  await Deno.writeTextFile(`${directory}/empty.ts`, "");
  const { path } = await findBase(targetOf(), directory);
  await mustRun(Deno.execPath(), [
    ...["compile", "--quiet", "--no-config", "--no-lock", "--no-code-cache"],
    ...["--v8-flags=--single-threaded,--jitless", "--output", output],
    `${directory}/empty.ts`,
  ], { env: { DENORT_BIN: path } });
}

/** The higher of both calls' peaks, in KiB. */
async function peakMemory(
  contender: Contender,
  attempt: (contender: Contender, wrap: string[]) => unknown,
): Promise<number> {
  const file = await Deno.makeTempFile({ prefix: "ovtotp-t" });
  try {
    attempt(contender, [TIME, "--quiet", "-a", "-o", file, "-f", "%M"]);
    const peaks = (await Deno.readTextFile(file)).trim().split("\n");
    return Math.max(...peaks.map(Number));
  } finally {
    await Deno.remove(file);
  }
}

async function peakOf(program: string): Promise<number> {
  const file = await Deno.makeTempFile({ prefix: "ovtotp-t" });
  try {
    await mustRun(TIME, ["-o", file, "-f", "%M", program]);
    return Number(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(file);
  }
}
