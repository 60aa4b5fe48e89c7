import { PROGRAM } from "../tests/lab/program.ts";
import type { Rig } from "./rig.ts";

/** How long a process may take to end by itself, in milliseconds. */
const DEAF_MS = 10_000;

/** Starts the service on a management socket, and what starts its PAM helpers. */
export async function startService(rig: Rig, management: string): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const id = crypto.randomUUID().slice(0, 8);
  const settings = `${rig.directory}/serve-${id}.conf`;
  const log = `${rig.directory}/serve-${id}.log`;
  const lines = Object.entries({ ...rig.settings, totpLog: log });
  await Deno.writeTextFile(settings, lines.map((line) => `${line.join(" ")}\n`).join(""));
  const pamSocket = `${rig.directory}/pam-${id}.sock`;
  const helper = [PROGRAM, "pam-helper", "--settings", settings];
  stack.use(
    startProcess("systemd-socket-activate", ["--accept", "--inetd", "-l", pamSocket, ...helper]),
  );
  while (!exists(pamSocket)) await new Promise((resolve) => setTimeout(resolve, 10));
  stack.use(startProcess(PROGRAM, [
    ...["serve", "--management", management, "--pam-socket", pamSocket, "--settings", settings],
  ]));
  const rest = stack.move();
  return { [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** Starts a process that is ended at the end of the scope. */
function startProcess(command: string, args: readonly string[]): AsyncDisposable {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      kill(child, "SIGTERM");
      const late = setTimeout(() => kill(child, "SIGKILL"), DEAF_MS);
      await child.status;
      clearTimeout(late);
    },
  };
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
