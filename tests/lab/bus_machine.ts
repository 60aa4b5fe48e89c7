import { mustRun, type Output, run } from "./command.ts";
import { Lines } from "./lines.ts";
import { Terminal } from "./terminal.ts";

const HOSTNAME = "org.freedesktop.hostname1";

/**
 * Gives the machine sockets that it shares with no other one, and a bus. The bus itself starts the
 * service that knows the machine's name, since there is no systemd.
 */
const BEGIN = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/dbus /run/systemd
# NetworkManager does not wait for udev where this can't be written.
mount -o remount,bind,ro /sys
printf '%s\\n' '[D-BUS Service]' Name=${HOSTNAME} User=root \\
  Exec=/usr/lib/systemd/systemd-hostnamed >/run/hostname
mount --bind /run/hostname /usr/share/dbus-1/system-services/${HOSTNAME}.service
exec dbus-daemon --system --nofork --nopidfile --nosyslog --print-address`;

/**
 * A client's machine, in a network namespace, with a system bus of its own (dbus-daemon(1)) that
 * starts services as they are asked for. All that runs there ends with it.
 */
export class BusMachine implements AsyncDisposable {
  readonly #bus: Deno.ChildProcess;
  readonly #log = new Lines("the system bus");
  readonly #reading: Promise<unknown>[];

  private constructor(namespace: string) {
    this.#bus = new Deno.Command("ip", {
      args: [
        ...["netns", "exec", namespace, "unshare", "--mount", "--pid", "--mount-proc"],
        ...["--fork", "--kill-child=KILL", "sh", "-c", BEGIN],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#bus;
    this.#reading = [stdout, stderr].map((stream) => this.#log.readFrom(stream));
  }

  /** Starts the machine in a network namespace, and waits until its bus can be used. */
  static async start(namespace: string): Promise<BusMachine> {
    const machine = new BusMachine(namespace);
    try {
      await machine.#log.waitFor(/^unix:path=/);
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** The process id of the machine's first process; null if it has ended. */
  get #first(): number | null {
    const { pid } = this.#bus;
    try {
      return Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`)) || null;
    } catch {
      return null;
    }
  }

  /** What nsenter(1) needs to run a command on the machine. */
  #words(command: readonly string[]): string[] {
    return ["--target", `${this.#first}`, "--mount", "--net", "--pid", ...command];
  }

  /** Runs a command on the machine to its end. */
  run(...command: string[]): Promise<Output> {
    return run("nsenter", this.#words(command));
  }

  /** Runs a command on the machine that must succeed; gives its standard output. */
  mustRun(...command: string[]): Promise<string> {
    return mustRun("nsenter", this.#words(command));
  }

  /** Starts a command on the machine that runs as long as the machine does. */
  start(...command: string[]): void {
    const child = new Deno.Command("nsenter", {
      args: this.#words(command),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading.push(this.#log.readFrom(child.stderr), child.status.then(() => {}));
  }

  /** Starts a command on the machine that asks its user. */
  terminal(...command: string[]): Terminal {
    return new Terminal(["nsenter", ...this.#words(command)].join(" "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const first = this.#first;
    if (first !== null) Deno.kill(first, "SIGKILL");
    await this.#bus.status;
    await Promise.all(this.#reading);
  }
}
