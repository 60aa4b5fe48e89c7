import assert from "node:assert/strict";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";
import {
  serversIn,
  serviceUnit,
  statusOf,
} from "../../../../src/server_setup/units/service_unit.ts";
import { serviceFiles } from "../../../../src/server_setup/units/service_files.ts";
import { originOf, signed } from "../../../../src/server_setup/units/written_file.ts";
import { mustRun, run } from "../../../lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

const SERVERS = [
  { socket: "/run/openvpn-totp/a.sock", proxy: null },
  { socket: "/run/openvpn-totp/b.sock", proxy: "127.0.0.1:7505" },
  { socket: "/run/openvpn-totp/c.sock", proxy: null },
];

/** Writes all files below a directory, and returns the paths of the units. */
async function writeFiles(root: string, reachesNetwork = false): Promise<string[]> {
  const options = { program: PROGRAM, servers: SERVERS, writable: ["/srv/totp"], reachesNetwork };
  const files = serviceFiles(options);
  for (const { path, text } of files) {
    await Deno.mkdir(`${root}${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
    await Deno.writeTextFile(root + path, text);
  }
  return files.map(({ path }) => root + path).filter((path) => /\.(service|socket)$/.test(path));
}

testWith(["systemd-analyze"], "systemd takes the units without a word", async () => {
  for (const reachesNetwork of [false, true]) {
    await using directory = await makeTestDirectory();
    const [service, socket, helper] = await writeFiles(directory.path, reachesNetwork);
    const instance = helper!.replace("@.", "@1.");
    const args = ["verify", "--man=no", service!, socket!, instance];
    const output = await run("systemd-analyze", args);
    assert.deepEqual(output, { status: 0, stdout: "", stderr: "" });
  }
});

Deno.test("the unit lets the service reach a database's server elsewhere, and nobody otherwise", () => {
  const options = { program: "/p", servers: SERVERS, writable: [] };
  const [here, elsewhere] = [false, true].map((reachesNetwork) =>
    serviceUnit({ ...options, reachesNetwork }).split("\n")
  );
  assert(here!.includes("IPAddressDeny=any") && here!.includes("IPAddressAllow=localhost"));
  assert(!here!.join().includes("network-online"));
  assert(!elsewhere!.some((line) => line.startsWith("IPAddress")));
  for (const key of ["After", "Wants"]) {
    assert(elsewhere!.includes(`${key}=openvpn-totp-pam.socket network-online.target`), key);
  }
});

testWith(["systemd-analyze"], "systemd finds the units hardened", async () => {
  await using directory = await makeTestDirectory();
  const [service, , helper] = await writeFiles(directory.path);
  const most = [[service!, "15"], [helper!, "30"]];
  for (const [unit, threshold] of most) {
    const args = ["security", "--offline=true", `--threshold=${threshold}`, unit!];
    const { status, stdout, stderr } = await run("systemd-analyze", args);
    assert.equal(status, 0, `${unit}: ${stderr}${stdout.split("\n").at(-2)}`);
  }
});

testWith(["systemd-sysusers"], "systemd makes the user and the directories", async () => {
  await using directory = await makeTestDirectory();
  const root = directory.path;
  await writeFiles(root);
  await mustRun("systemd-sysusers", [`--root=${root}`, "openvpn-totp.conf"]);
  const passwd = await Deno.readTextFile(`${root}/etc/passwd`);
  assert.match(
    passwd,
    /^openvpn-totp:x:\d+:\d+:[^:]*:\/var\/lib\/openvpn-totp:\/usr\/sbin\/nologin$/m,
  );
  if (Deno.uid() !== 0) return;
  await mustRun("systemd-tmpfiles", [`--root=${root}`, "--create", "openvpn-totp.conf"]);
  const [, gid] = (await Deno.readTextFile(`${root}/etc/group`)).match(/^openvpn-totp:x:(\d+):/m)!;
  for (const path of ["run/openvpn-totp", "etc/openvpn-totp"]) {
    const info = await Deno.stat(`${root}/${path}`);
    assert.deepEqual([info.uid, info.gid, info.mode! & 0o7777], [0, Number(gid), 0o750], path);
  }
});

Deno.test("serversIn reads what serviceUnit wrote", () => {
  const unit = (servers: typeof SERVERS) =>
    serviceUnit({ program: PROGRAM, servers, writable: [] });
  const [a, b, c] = SERVERS;
  // Proxies belong to the first sockets.
  assert.deepEqual(serversIn(unit(SERVERS)), [b, a, c]);
  assert.deepEqual(serversIn(unit([a!])), [a]);
  assert.deepEqual(serversIn(""), []);
  const status = (text: string) => statusOf(readUnitFile(text, "openvpn-totp.service"));
  assert.equal(status(unit(SERVERS)), "/run/openvpn-totp-serve/status.sock");
  const moved =
    "[Service]\nExecStart=\nExecStart=/x serve --management /m --status=127.0.0.1:9099\n";
  assert.equal(status(unit(SERVERS) + moved), "127.0.0.1:9099");
  assert.equal(status("[Service]\nExecStart=/x serve --management /m\n"), null);
  assert.deepEqual(
    serversIn("[Service]\nExecStart=/x serve --management=/run/openvpn-totp/a.sock --status /s\n"),
    [a],
  );
});

Deno.test("originOf tells who wrote a file", () => {
  const text = signed("[Unit]\nDescription=x\n");
  assert.equal(originOf(text), "as_written");
  assert.equal(originOf(text.replace("x\n", "y\n")), "changed");
  assert.equal(originOf(`${text}\n`), "changed");
  assert.equal(originOf(`# mine\n${text}`), "foreign");
  assert.equal(originOf("[Unit]\n"), "foreign");
  assert.equal(originOf(""), "foreign");
  assert.equal(originOf(null), "absent");
});
