import assert from "node:assert/strict";
import { readUnit } from "../../../../src/server_setup/systemd/read_unit.ts";
import {
  commandOf,
  isOn,
  lastOf,
  listOf,
  readUnitFile,
} from "../../../../src/server_setup/systemd/unit_file.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const unitOf = (text: string) => ({
  name: "openvpn-server@my-vpn.service",
  assignments: readUnitFile(text, "unit"),
});

Deno.test("a unit file's service section is read, with joined lines and comments", () => {
  const unit = unitOf(
    "[Unit]\nTasksMax=1\n[Service]\n# TasksMax=2\n TasksMax = 3\n;TasksMax=4\n" +
      "ExecStart=/usr/sbin/openvpn --cd /etc \\\n  # comment\n  --config %i.conf\n[Install]\nTasksMax=5\n",
  );
  assert.equal(lastOf(unit, "TasksMax")?.value, "3");
  assert.equal(lastOf(unit, "TasksMax")?.line, 5);
  assert.deepEqual(commandOf(unit)?.words, [
    "/usr/sbin/openvpn",
    "--cd",
    "/etc",
    "--config",
    "my-vpn.conf",
  ]);
});

Deno.test("an empty assignment forgets those before it", () => {
  const unit = unitOf(
    "[Service]\nExecStart=/a\nExecStart=\nExecStart=-/b \"x y\" 'z' %t %I %%\nUser=x\nUser=\n",
  );
  assert.deepEqual(commandOf(unit)?.words, ["/b", "x y", "z", "/run", "my/vpn", "%"]);
  assert.equal(lastOf(unit, "User"), null);
  assert.equal(listOf(unit, "ExecStart").length, 1);
  assert.equal(isOn(unitOf("[Service]\nPrivateTmp=Yes"), "PrivateTmp"), true);
  assert.equal(isOn(unitOf("[Service]\nPrivateTmp=0"), "PrivateTmp"), false);
});

Deno.test("drop-ins follow the unit's file by name, and the first directory wins for each", async () => {
  await using directory = await makeTestDirectory();
  const [etc, usr] = [`${directory.path}/etc`, `${directory.path}/usr`];
  const put = async (path: string, text: string) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, `[Service]\n${text}\n`);
  };
  await put(`${usr}/vpn@.service`, "TasksMax=1\nUser=a");
  await put(`${usr}/vpn@.service.d/20-x.conf`, "TasksMax=2");
  await put(`${etc}/vpn@.service.d/20-x.conf`, "TasksMax=3");
  await put(`${etc}/vpn@one.service.d/10-y.conf`, "TasksMax=4");
  await put(`${etc}/vpn@.service.d/readme.txt`, "TasksMax=5");
  const tasks = (name: string) => {
    const unit = readUnit(name, [etc, usr]);
    return unit?.assignments.map(({ value }) => value);
  };
  assert.deepEqual(tasks("vpn@one.service"), ["1", "a", "4", "3"]);
  assert.deepEqual(tasks("vpn@two.service"), ["1", "a", "3"]);
  assert.equal(tasks("other@one.service"), undefined);
  await put(`${etc}/vpn@two.service`, "User=b");
  assert.deepEqual(tasks("vpn@two.service"), ["b", "3"]);
});
