import assert from "node:assert/strict";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { run } from "../lab/command.ts";
import { testWith } from "../lab/requirements.ts";

const NOBODY = 65534;

/** The directories of a machine that others rely on, and those that a test made in their likeness. */
async function makePlaces() {
  const directory = await makeTestDirectory();
  const { path } = directory;
  await Deno.chmod(path, 0o755);
  const make = async (name: string, mode: number, uid = 0) => {
    const made = `${path}/${name}`;
    await Deno.mkdir(made);
    await Deno.chown(made, uid, uid);
    await Deno.chmod(made, mode);
    return made;
  };
  return Object.assign(directory, {
    sticky: await make("sticky", 0o1777),
    others: await make("others", 0o755, NOBODY),
    shared: await make("shared", 0o2775),
    closed: await make("closed", 0o700),
    ours: await make("openvpn-totp", 0o770),
  });
}

/** Commands that a text proposes for a path or something above it. */
function commandsIn(text: string, path: string): string[] {
  const commands = text.match(/\b(chmod|chown|chgrp|rm|rmdir|mv|setfacl) [^:,;()"\n]*/g) ?? [];
  return commands.filter((command) =>
    command.split(" ").some((word) => word.startsWith("/") && `${path}/`.startsWith(`${word}/`))
  );
}

/** What the commands say about a database and a key file in a directory. */
async function saysOf(directory: string, config: string): Promise<string[]> {
  const key = `${directory}/key`;
  const db = `${directory}/db`;
  await Deno.writeTextFile(
    config,
    [
      "script-security 2",
      `auth-user-pass-verify ${PROGRAM} via-file`,
      `setenv totpTokenDbPath ${db}`,
      `setenv totpKeyFile ${key}`,
      `tmp-dir ${directory}`,
      "",
    ].join("\n"),
  );
  const outputs = [
    await run(PROGRAM, ["--db", db, "--key", `${config}.key`, "enroll", "exampleuser"]),
    await run(PROGRAM, ["--db", `${config}.db`, "--key", key, "enroll", "exampleuser"]),
    await run(PROGRAM, ["doctor", "--config", config, "--json"]),
    await run(PROGRAM, ["doctor", "--config", config, "--all"]),
  ];
  await Deno.writeTextFile(`${config}.user`, `${await Deno.readTextFile(config)}user daemon\n`);
  outputs.push(
    await run(PROGRAM, ["doctor", "--config", `${config}.user`, "--all"]),
  );
  return outputs.map(({ stdout, stderr }) => stdout + stderr);
}

testWith(
  ["root"],
  "no message proposes to change a directory that is not openvpn-totp's alone",
  async () => {
    await using places = await makePlaces();
    const { path, sticky, others, shared } = places;
    for (const directory of [sticky, others, shared]) {
      const said = await saysOf(directory, `${path}/server.conf`);
      for (const text of said) assert.deepEqual(commandsIn(text, directory), [], text);
      const [db = "", key = ""] = said;
      assert.match(key, /choose another place/);
      // Root's command acts as the user whose directory it is, who cannot get at root's key file.
      assert.match(db, directory === others ? /key.* belongs to/ : /choose another place/);
    }
  },
);

testWith(
  ["root"],
  "doctor proposes another place where OpenVPN's user cannot get at the files, not another owner",
  async () => {
    await using places = await makePlaces();
    const { path, closed } = places;
    const db = `${closed}/vpn/db`;
    await run(PROGRAM, ["--db", db, "--key", `${closed}/vpn/key`, "enroll", "exampleuser"]);
    for (const one of ["", "/db", "/key"]) await Deno.chown(`${closed}/vpn${one}`, 1, 1);
    const config = `${path}/server.conf`;
    await Deno.writeTextFile(
      config,
      `user daemon\nsetenv totpPrimaryAuth external\nsetenv totpTokenDbPath ${db}\n` +
        `setenv totpKeyFile ${closed}/vpn/key\n`,
    );
    const { stdout } = await run(PROGRAM, ["doctor", "--config", config]);
    assert.match(stdout.replace(/\s+/g, " "), /daemon, who cannot enter \S+closed: choose another/);
    assert.deepEqual(commandsIn(stdout, closed), []);
  },
);

testWith(
  ["root"],
  "a directory of openvpn-totp's own is to be closed to others, as the message says",
  async () => {
    await using places = await makePlaces();
    const { ours } = places;
    const [said = ""] = await saysOf(ours, `${places.path}/server.conf`);
    const [command = ""] = commandsIn(said, ours);
    assert.equal(command, `chmod go-w ${ours}`);
    await Deno.chmod(ours, 0o750);
    const [db = ""] = await saysOf(ours, `${places.path}/server.conf`);
    assert.match(db, /^exampleuser\n/);
  },
);

testWith(
  ["root"],
  "no message proposes to move away or close another program's file without a doubt",
  async () => {
    await using places = await makePlaces();
    const { path } = places;
    const foreign = `${path}/closed/other`;
    await Deno.writeTextFile(foreign, "another program's\n");
    await Deno.chmod(foreign, 0o640);
    const asKey = await run(PROGRAM, ["--db", `${path}/closed/db`, "--key", foreign, "list"]);
    const asDb = await run(PROGRAM, ["--db", foreign, "--key", `${path}/closed/key`, "list"]);
    assert.match(asDb.stderr, /left alone: choose another path \(--db, totpTokenDbPath\), or, if /);
    const enrolled = await run(PROGRAM, [
      ...["--db", `${path}/closed/db`, "--key", foreign, "enroll", "exampleuser"],
    ]);
    assert.match(
      enrolled.stderr,
      /chmod 600 \S+ \(if it is openvpn-totp's alone; otherwise, choose another file\)/,
    );
    assert.equal(asKey.status, 1);
    assert.equal(await Deno.readTextFile(foreign), "another program's\n");
  },
);
