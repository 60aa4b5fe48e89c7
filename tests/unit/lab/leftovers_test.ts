import assert from "node:assert/strict";
import { makeAccount } from "../../lab/accounts.ts";
import { removeLeftovers } from "../../lab/leftovers.ts";
import { makeNetwork } from "../../lab/network.ts";
import { makePamService, PAM_SERVICES } from "../../lab/pam_service.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { testWith } from "../../lab/requirements.ts";
import { isAbandoned, OWNER_VARIABLE } from "../../lab/owner.ts";

const LAB = new URL("../../lab/", import.meta.url).href;

/** Makes one thing of each kind in another process, reports them, and waits to be killed. */
const VICTIM = `
  import { makeAccount } from "${LAB}accounts.ts";
  import { mustRun } from "${LAB}command.ts";
  import { makeNetwork } from "${LAB}network.ts";
  import { makePamService } from "${LAB}pam_service.ts";
  import { makeTestDirectory } from "${LAB}program.ts";
  const { path } = await makeTestDirectory();
  const { username } = await makeAccount();
  const { server, client } = await makeNetwork();
  const { name } = await makePamService([]);
  const mount = path + "/mount";
  await Deno.mkdir(mount);
  await mustRun("mount", ["-t", "tmpfs", "none", mount]);
  await Deno.writeTextFile(mount + "/file", "a line");
  const start = async (command, ...args) => {
    const child = new Deno.Command(command, { args, stdout: "piped" }).spawn();
    // Once it has printed something, it runs where it should.
    await child.stdout.getReader().read();
    return child.pid;
  };
  const pids = [
    await start("tail", "-f", mount + "/file"),
    await start("ip", "netns", "exec", server.namespace, "sh", "-c", "echo; exec sleep 1000"),
  ];
  console.log(JSON.stringify({
    path, username, pids, service: name, namespaces: [server.namespace, client.namespace],
  }));
  await Deno.stdin.read(new Uint8Array(1));
`;

/** The things that exist of a run. */
interface Things {
  path: string;
  username: string;
  service: string;
  namespaces: string[];
  pids: number[];
}

/** Lists which of the things exist. */
function present({ path, username, service, namespaces, pids }: Things): string[] {
  const isUser = Deno.readTextFileSync("/etc/passwd").includes(`\n${username}:`);
  const files = [
    path,
    `${PAM_SERVICES}/${service}`,
    ...namespaces.map((name) => `/run/netns/${name}`),
    ...pids.map((pid) => `/proc/${pid}/exe`),
  ];
  return [...isUser ? [username] : [], ...files.filter(isThere)];
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    // Nothing can be read about a process that has ended and that its parent has not waited for.
    if (path.startsWith("/proc/")) Deno.readLinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Lets another process make things as tests do, and kills it before it can remove anything. */
async function leaveThings(): Promise<Things> {
  const child = new Deno.Command("env", {
    args: ["-u", OWNER_VARIABLE, Deno.execPath(), "eval", VICTIM],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const things: Things = JSON.parse(value!);
  assert.equal(present(things).length, 7);
  child.kill("SIGKILL");
  await child.status;
  await child.stdin.abort().catch(() => {});
  await reader.cancel();
  return things;
}

testWith(
  ["root", "useradd", "ip"],
  "removeLeftovers removes everything that a killed run has left, and nothing of a living one",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    await using network = await makeNetwork();
    await using service = await makePamService([]);
    const own = {
      path: directory.path,
      username: account.username,
      service: service.name,
      pids: [],
      namespaces: [network.server.namespace, network.client.namespace],
    };
    const things = await leaveThings();
    await removeLeftovers(isAbandoned);
    assert.deepEqual(present(things), []);
    assert.equal(present(own).length, 5);
  },
);
