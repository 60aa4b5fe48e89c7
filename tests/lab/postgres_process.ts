import { Lines } from "./lines.ts";
import { postgresBinary } from "./postgres_binaries.ts";
import { asServersAccount, type PostgresHome } from "./postgres_home.ts";

/** How long PostgreSQL may take to end after it was asked to, in milliseconds. */
const DEAF_MS = 20_000;

/** How PostgreSQL is asked to end: clients are sent away, or it stops as after a crash. */
const ENDS = { fast: "SIGINT", immediate: "SIGQUIT" } as const;

/** How a server is ended. */
export type PostgresEnd = keyof typeof ENDS;

/** A running PostgreSQL: the postmaster, whose children serve one connection each. */
export class PostgresProcess {
  readonly pid: number;
  readonly #lines: Lines;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  /** @param log gets the server's log */
  constructor(home: PostgresHome, data: string, log: Lines) {
    const command = [postgresBinary("postgres"), "-D", data];
    const [program, ...args] = asServersAccount(home, command);
    this.#child = new Deno.Command(program!, {
      args,
      cwd: "/",
      env: { LC_ALL: "C" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#lines = new Lines("PostgreSQL's log", log);
    this.#reading = this.#lines.readFrom(this.#child.stderr);
  }

  /**
   * Waits until connections are accepted.
   *
   * @throws Error with the log if the server ends before
   */
  async ready(): Promise<void> {
    await this.#lines.waitFor(/ready to accept (read.only )?connections/);
    const taken = this.#lines.seen.find((line) => /could not bind IPv4/.test(line));
    if (taken !== undefined) throw new Error(taken);
  }

  /** Has the server read its configuration and certificates again; connections from now on use them. */
  async reload(): Promise<void> {
    const from = this.#lines.seen.length;
    this.#child.kill("SIGHUP");
    await this.#lines.waitFor(/received SIGHUP, reloading/, from);
  }

  /** Stops the server and its children as they are, so that nothing of it answers. */
  pause(): void {
    // The postmaster is first, so that no child is born meanwhile.
    for (const pid of [this.pid, ...this.children()]) signal(pid, "SIGSTOP");
  }

  /** Lets the server go on after a pause. */
  resume(): void {
    for (const pid of [...this.children(), this.pid]) signal(pid, "SIGCONT");
  }

  /** The processes of the server that serve connections or work for themselves. */
  children(): number[] {
    return [...Deno.readDirSync("/proc")].map((entry) => Number(entry.name))
      .filter((pid) => Number.isInteger(pid) && parentOf(pid) === this.pid);
  }

  /** Ends the server, and waits until it and its children have ended. */
  async end(how: PostgresEnd): Promise<void> {
    signal(this.pid, ENDS[how]);
    this.resume();
    const late = setTimeout(() => this.#kill(), DEAF_MS);
    await this.#child.status;
    await this.#reading;
    clearTimeout(late);
  }

  #kill(): void {
    for (const pid of [...this.children(), this.pid]) signal(pid, "SIGKILL");
  }
}

/** The parent of a process; null if there is no such process. */
function parentOf(pid: number): number | null {
  try {
    const [, parent] = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^PPid:\s*(\d+)$/m) ?? [];
    return Number(parent);
  } catch {
    return null;
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
