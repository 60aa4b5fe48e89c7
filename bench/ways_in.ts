import { fileURLToPath } from "node:url";
import { mustRun } from "../tests/lab/command.ts";
import { FakeOpenvpn } from "../tests/lab/fake_openvpn.ts";
import { playAttempt } from "../tests/lab/hook_call.ts";
import { Lines } from "../tests/lab/lines.ts";
import { base64, codeOf } from "../tests/lab/program.ts";
import { HOOK, managementIn, PLUGIN, PLUGIN_DEFERRED, PYTHON, SERVICE } from "./contender.ts";
import type { Person } from "./people.ts";
import type { Rig } from "./rig.ts";
import { startService } from "./service_process.ts";

const SCRIPT = fileURLToPath(new URL("login.py", import.meta.url));
const PLUGIN_HOST = fileURLToPath(new URL("plugin_host.c", import.meta.url));

/** What clients tell of themselves. */
const CLIENT = {
  IV_VER: "2.6.14",
  IV_PROTO: "990",
  IV_SSO: "webauth,crtext",
  untrusted_port: "1194",
};

/** A contender without an OpenVPN: as many logins as are wanted, and clients cost nothing. */
export interface WayIn extends AsyncDisposable {
  name: string;
  /** Sends a right password (with its code, if there is no step of its own for it). */
  password(person: Person): Promise<SecondStep>;
}

/** Sends the right code; null where it came with the password. */
export type SecondStep = (() => Promise<void>) | null;

/** How each way in is opened. */
export const WAYS_IN: readonly ((rig: Rig) => Promise<WayIn>)[] = [
  openService,
  (rig) => Promise.resolve(openScript(HOOK.name, rig, rig.settings, [])),
  (rig) =>
    Promise.resolve(openScript(PYTHON.name, rig, {
      totpTokenDbPath: rig.pythonDb,
      totpPamService: rig.passwordService,
    }, [SCRIPT])),
  openPlugin,
];

async function openService(rig: Rig): Promise<WayIn> {
  await using stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir({ dir: rig.directory });
  const openvpn = stack.use(FakeOpenvpn.start(managementIn(directory)));
  stack.use(await startService(rig, directory, managementIn(directory)));
  await openvpn.connected;
  const rest = stack.move();
  const word = async (key: string, wanted: string) => {
    const words = await openvpn.word(key);
    if (words[0] !== wanted) throw new Error(`${SERVICE.name}: ${words.join(" ")}`);
  };
  let clients = 0;
  return {
    name: SERVICE.name,
    async password(person) {
      const { username, password, secret } = person;
      const client = String(clients++);
      const key = `${client} 1`;
      const more = { ...CLIENT, untrusted_ip: addressOf(person), common_name: username };
      openvpn.logIn(key, username, password, more);
      await word(key, "client-pending-auth");
      return async () => {
        openvpn.answer(key, codeOf(secret), username, more);
        await word(key, "client-auth-nt");
        openvpn.leave(client);
      };
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** OpenVPN runs one script at a time, and waits for it. */
function openScript(
  name: string,
  { directory }: Rig,
  settings: Record<string, string>,
  wrap: string[],
): WayIn {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  return {
    name,
    async password(person) {
      const attempt = await playAttempt(directory, settings);
      attempt.env.untrusted_ip = addressOf(person);
      // The script takes its last argument, and so doesn't mind our program's path before it.
      attempt.wrap = wrap;
      const { status } = await inTurn(() => attempt.password(person.username, person.password));
      if (status !== 2) throw new Error(`${name} gave ${status} for a right password`);
      return async () => {
        const { status } = await inTurn(() => attempt.answer(base64(codeOf(person.secret))));
        if (status !== 0) throw new Error(`${name} gave ${status} for a right code`);
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openPlugin({ directory, bothService }: Rig): Promise<WayIn> {
  const program = `${directory}/plugin_host`;
  await mustRun("gcc", ["-O2", "-o", program, PLUGIN_HOST, "-ldl"]);
  const files = await Deno.makeTempDir({ dir: directory });
  const child = new Deno.Command(program, {
    args: [PLUGIN, bothService, files, "deferred"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const lines = new Lines("the plugin's verdicts");
  const reading = lines.readFrom(child.stdout);
  let number = 0;
  return {
    name: PLUGIN_DEFERRED.name,
    async password({ username, password, secret }) {
      const mine = ++number;
      const sent = `SCRV1:${base64(password)}:${base64(codeOf(secret))}`;
      await input.write(new TextEncoder().encode(`${mine}\t${username}\t${sent}\n`));
      const [, verdict] = await lines.waitFor(new RegExp(`^${mine} ([01])$`));
      if (verdict !== "1") throw new Error(`${PLUGIN_DEFERRED.name} refused a right login`);
      return null;
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await child.status;
      await reading;
    },
  };
}

/** An address of the person's own. */
function addressOf({ username }: Person): string {
  const n = Number(username.split("-").at(-1));
  return `198.51.${100 + (n >> 8)}.${n & 255}`;
}
