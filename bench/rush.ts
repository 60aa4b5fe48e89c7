import { mustRun } from "../tests/lab/command.ts";
import { type Login, OpenvpnClient } from "../tests/lab/openvpn_client.ts";
import type { OpenvpnServer } from "../tests/lab/openvpn_server.ts";
import { connected, enter, loginOf } from "./client_login.ts";
import { type Contender, CONTENDERS, startServer } from "./contender.ts";
import { hashText, type HashTime, leastTime } from "./hash_time.ts";
import { figure } from "./numbers.ts";
import type { Person } from "./people.ts";
import type { Section } from "./report.ts";
import type { Rig } from "./rig.ts";
import { longestGap, PACE_MS, spanOf, Traffic } from "./traffic.ts";

/** A login that has been challenged, let in, refused, or has to be begun anew. */
const NEXT = /^>INFOMSG:CR_TEXT:|^>STATE:\d+,CONNECTED,SUCCESS|^>PASSWORD:Verification F|^>HOLD:/;

/** What a rush was like. */
interface Rush {
  ms: number;
  gapMs: number;
  /** Processor time of all clients together. */
  clientsMs: number;
  /** Clients that began again, since the server had not answered them in time. */
  repeats: number;
}

/** Measures how long it takes when many real clients come at once. */
export async function measureRush(rig: Rig, count: number, hash: HashTime): Promise<Section> {
  const floor = leastTime(count, hash);
  const rows: string[][] = [];
  for (const contender of CONTENDERS) {
    const { ms, gapMs, clientsMs, repeats } = await rushOn(contender, rig, count);
    rows.push([
      contender.name,
      contender.code === "step" ? "challenged" : "in",
      figure(ms / 1000, "s"),
      contender.code === "none" ? "–" : figure(ms / floor),
      figure(gapMs, "ms"),
      figure(clientsMs / 1000, "s"),
      String(repeats),
    ]);
  }
  return {
    title: `${count} real clients at once`,
    text: [
      `As after a restart: ${count} OpenVPN clients on the same machine send their right passwords at ` +
      "the same moment. How long until the last of them is challenged, or in if it sends its code " +
      `with the password; and the longest gap meanwhile in the traffic of a client that was there ` +
      `before (a packet every ${PACE_MS} ms).`,
      `${hashText(count, hash)} The clients' own processor time is taken from the same processors.`,
    ],
    head: [
      "",
      "until all are",
      "time",
      "× hashes alone",
      "longest gap",
      "clients' own",
      "began anew",
    ],
    rows,
  };
}

async function rushOn(contender: Contender, rig: Rig, count: number): Promise<Rush> {
  rig.forget();
  await using stack = new AsyncDisposableStack();
  const { server } = stack.use(await startServer(contender, rig));
  const [watched, ...others] = rig.people;
  const first = stack.use(await OpenvpnClient.connect(server, loginOf(contender, watched!)));
  const address = await enter(contender, first, watched!);
  const traffic = stack.use(Traffic.start(server.network, address));
  const clients = await prepareAll(contender, server, others.slice(0, count), stack);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = await processorMs(server);
  let repeats = 0;
  const span = await spanOf(async () => {
    const each = await Promise.all(clients.map(({ client, login }) => knock(client, login)));
    repeats = each.reduce((sum, more) => sum + more, 0);
  });
  const clientsMs = await processorMs(server) - before;
  const gapMs = longestGap(await traffic.end(), span);
  return { ms: span.to - span.from, gapMs, clientsMs, repeats };
}

/** Starts clients that send nothing yet; they end together. */
async function prepareAll(
  contender: Contender,
  server: OpenvpnServer,
  people: readonly Person[],
  stack: AsyncDisposableStack,
): Promise<{ client: OpenvpnClient; login: Login }[]> {
  const clients: { client: OpenvpnClient; login: Login }[] = [];
  stack.defer(async () => {
    await Promise.all(clients.map(({ client }) => client[Symbol.asyncDispose]()));
  });
  for (const person of people) {
    const login = loginOf(contender, person);
    clients.push({ client: await OpenvpnClient.prepare(server, login), login });
  }
  return clients;
}

/**
 * Sends a client's password, again if the client gives up in between.
 *
 * @returns how many times it was sent again
 */
async function knock(client: OpenvpnClient, login: Login): Promise<number> {
  for (let repeats = 0;; repeats++) {
    const from = client.events.seen.length;
    await client.begin(login);
    const [line] = await client.events.waitFor(NEXT, from);
    if (line.startsWith(">PASSWORD:")) await connected(client);
    if (!line.startsWith(">HOLD:")) return repeats;
    const held = client.events.seen.length;
    await client.release();
    await client.events.waitFor(/^>PASSWORD:Need 'Auth'/, held);
  }
}

/** Processor time of everything in the clients' network so far, in milliseconds. */
async function processorMs({ network: { client } }: OpenvpnServer): Promise<number> {
  const pids = (await mustRun("ip", ["netns", "pids", client.namespace])).trim().split("\n");
  let ticks = 0;
  for (const pid of pids) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    // proc_pid_stat(5): utime and stime are fields 14 and 15; the name before may have blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * 10;
}
