import assert from "node:assert/strict";
import { Failure } from "../../../../src/core/failure.ts";
import { needsOf } from "../../../../src/server_setup/apparmor/needs.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { changeFile } from "../../../../src/server_setup/setup/file_change.ts";
import {
  planApparmor,
  planWithoutApparmor,
} from "../../../../src/server_setup/setup/plan_apparmor.ts";
import { decodeLatin1, encodeLatin1 } from "../../../../src/text/latin1.ts";
import { makeProfile, OPENVPN_PROFILE } from "../../../lab/apparmor.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const NOBODY = 65534;

const NEEDS = needsOf({
  programs: [PROGRAM],
  config: readConfig("/c", { directory: "/", readFile: () => new Uint8Array() }),
  isService: false,
});

/** A root directory in which AppArmor has OpenVPN's profile, and the administrator's rules. */
async function makePlace() {
  const directory = await makeTestDirectory();
  const directoryOfRules = `${directory.path}/etc/apparmor.d/local`;
  const local = `${directoryOfRules}/openvpn`;
  await makeProfile(directory.path);
  await Deno.mkdir(directoryOfRules);
  const place = { config: "/c", root: directory.path, read: Deno.readFileSync };
  return Object.assign(directory, {
    directoryOfRules,
    local,
    write: (text: string) => Deno.writeFile(local, encodeLatin1(text)),
    plan: (config = "/c") => planApparmor(NEEDS, { ...place, config }),
    planWithout: () => planWithoutApparmor(place),
    refuses: (line: RegExp) =>
      assert.throws(() => planApparmor(NEEDS, place), (error) => {
        assert(error instanceof Failure, String(error));
        assert.match(error.message, line);
        return true;
      }),
  });
}

Deno.test("AppArmor's rules that are there stay, byte for byte", async () => {
  await using place = await makePlace();
  const odd = "# \xff\xfe not UTF-8\n\n/srv/x r,\n";
  await place.write(odd);
  const { change, command, notes } = place.plan();
  assert.deepEqual([command, notes], ["apparmor_parser -r /etc/apparmor.d/openvpn", []]);
  const text = decodeLatin1(change!.content);
  assert(text.startsWith(odd) && text.endsWith("# openvpn-totp: end\n"), text);
  await place.write(text);
  assert.deepEqual(place.plan(), { change: null, command: null, notes: [] });
  assert.equal(decodeLatin1(place.planWithout().change!.content), odd);
});

Deno.test("rules that somebody makes or changes while setup asks stay", async () => {
  await using place = await makePlace();
  const stays = async (text: string) => {
    const { change } = place.plan();
    await place.write(text);
    const message = /in the meantime and has been left alone: run setup again$/;
    assert.throws(() => changeFile(change!, "backup", Deno.readFileSync), message);
    assert.equal(await Deno.readTextFile(place.local), text);
    assert.deepEqual([...Deno.readDirSync(place.directoryOfRules)].length, 1);
  };
  await stays("/x r,\n");
  await stays("/y r,\n");
});

Deno.test("of two that make the file at once, one is told", async () => {
  await using place = await makePlace();
  const { change } = place.plan();
  // The other one makes it between the last look at the place and the new file.
  const { mkdirSync } = Deno;
  Deno.mkdirSync = (path, options) => {
    mkdirSync(path, options);
    Deno.writeTextFileSync(place.local, "/x r,\n");
  };
  try {
    assert.throws(
      () => changeFile(change!, "backup", Deno.readFileSync),
      /local\/openvpn" was made in the meantime and has been left alone: run setup again$/,
    );
  } finally {
    Deno.mkdirSync = mkdirSync;
  }
  assert.equal(await Deno.readTextFile(place.local), "/x r,\n");
  assert.deepEqual([...Deno.readDirSync(place.directoryOfRules)].length, 1);
});

Deno.test("a rule that AppArmor would not take ours beside is refused, and named", async () => {
  await using place = await makePlace();
  const rows: [rules: string, line: RegExp][] = [
    [
      `/x r,\n"${PROGRAM}" rix,\n`,
      /local\/openvpn:2 \(rix\) keeps "\S+totp" within OpenVPN's own profile, and AppArmor takes no/,
    ],
    [`${PROGRAM} RiX,\n`, /local\/openvpn:1 \(RiX\) keeps "/],
    [`other ${PROGRAM} ix,\n`, /local\/openvpn:1 \(ix\) contradicts another one for/],
    [`${PROGRAM} Cx,\n`, /local\/openvpn:1 \(Cx\) keeps "/],
    ["/x r, /usr/{,local/}bin/openvpn-totp\n ix,\n", /local\/openvpn:1 \(ix\) keeps "/],
    ["include <mine>\n", /apparmor\.d\/mine:1 \(ix\) keeps "/],
    [
      "deny /usr/** x,\n",
      /local\/openvpn:1 \(x\) forbids OpenVPN to run "\S+totp", which overrides every other rule: /,
    ],
    [`${PROGRAM} Ux,\n@{V} Px,\n`, /local\/openvpn:2 \(Px\) contradicts another one for/],
    ["/usr/local/bin/* Px,\n/usr/** Ux,\n", /local\/openvpn:2 \(Ux\) contradicts another one for/],
    [`deny ${PROGRAM} x,\n`, /local\/openvpn:1 \(x\) forbids OpenVPN to run/],
  ];
  const base = `${place.path}/etc/apparmor.d`;
  await Deno.writeTextFile(`${base}/mine`, `${PROGRAM} ix,\n`);
  await Deno.writeTextFile(`${base}/tunables/global`, `@{V}=${PROGRAM}\n`, { append: true });
  for (const [rules, line] of rows) {
    await place.write(rules);
    place.refuses(line);
  }
  for (const rule of [`${PROGRAM} PUx,`, "@{V} PUx,", "/usr/{,local/}bin/openvpn-totp Ux,"]) {
    await place.write(`${rule}\n`);
    assert(!decodeLatin1(place.plan().change!.content).includes(`${PROGRAM} PUx`, rule.length));
    assert.deepEqual(place.plan().notes, []);
  }
  await place.write(`${PROGRAM} Px,\n`);
  const { change, notes: [note, ...rest] } = place.plan();
  assert(!decodeLatin1(change!.content).includes("PUx"));
  assert.match(
    note!,
    /openvpn:1 \(Px\) lets OpenVPN run \S+ only in a profile of the program's own/,
  );
  assert.deepEqual(rest, []);
});

Deno.test("of the profiles in OpenVPN's file, its own must include the rules, and can be read", async () => {
  await using place = await makePlace();
  const before = "profile helper /usr/lib/helper {\n /a r,\n}\n";
  await makeProfile(place.path, OPENVPN_PROFILE.replace("profile openvpn", `${before}$&`));
  assert.deepEqual(place.plan().notes, []);
  await place.write("/x r,\n".repeat(20_001));
  place.refuses(/has more .* cannot be judged/);
  assert.equal(place.planWithout().change, null);
});

Deno.test("a note says if another server's rule is at odds with the administrator's", async () => {
  await using place = await makePlace();
  for (const config of ["/c", "/e"]) {
    await place.write(decodeLatin1(place.plan(config).change!.content));
  }
  const both = await Deno.readTextFile(place.local);
  const planned = async (rule: string) => {
    await place.write(`${rule}\n${both}`);
    return place.plan();
  };
  const { change, notes } = await planned(`${PROGRAM} Ux,`);
  assert.equal(decodeLatin1(change!.content).match(/PUx/g)!.length, 1);
  assert.equal(notes.length, 1);
  assert.match(
    notes[0]!,
    /openvpn:6 has setup's rule for the server of \/e, .* beside the one in \S+:1 \(Ux\): run setup /,
  );
  assert.deepEqual((await planned(`${PROGRAM} PUx,`)).notes, []);
  await place.write(decodeLatin1(change!.content));
  await place.write(decodeLatin1(place.plan("/e").change!.content));
  assert.deepEqual(place.plan().notes, []);
});

Deno.test("what cannot be read is named, and stays where AppArmor is left out", async () => {
  await using place = await makePlace();
  const profile = `${place.path}/etc/apparmor.d/openvpn`;
  await place.write(decodeLatin1(place.plan().change!.content));
  await Deno.remove(profile);
  for (const target of ["/gone", "/dev/null", place.directoryOfRules]) {
    await Deno.symlink(target, profile);
    assert.throws(() => place.plan(), /openvpn/, target);
    const { change, notes } = place.planWithout();
    assert.deepEqual([decodeLatin1(change!.content), notes], ["", []]);
    await Deno.remove(profile);
  }
  await Deno.remove(place.local);
  await Deno.symlink("/gone", place.local);
  const { change, notes } = place.planWithout();
  assert.equal(change, null);
  assert.match(notes[0]!, /rules stay as they are: .*local\/openvpn is a symbolic link/);
});

Deno.test("what is no AppArmor file is left alone", async () => {
  await using place = await makePlace();
  await place.write("/x r,\0\n");
  place.refuses(/is not an AppArmor file/);
  assert.equal(place.planWithout().change, null);
  await Deno.remove(place.local);
  await Deno.mkdir(place.local);
  place.refuses(/local\/openvpn" is not a regular file/);
});

testWith(["root"], "AppArmor's rules are not read where others could plant them", async () => {
  await using place = await makePlace();
  await Deno.symlink("/gone", place.local);
  place.refuses(/local\/openvpn is a symbolic link that leads nowhere/);
  await Deno.remove(place.local);
  await Deno.chown(place.directoryOfRules, NOBODY, NOBODY);
  place.refuses(/apparmor\.d\/local belongs to uid 65534/);
  await Deno.chown(place.directoryOfRules, 0, 0);
  await Deno.chmod(place.directoryOfRules, 0o777);
  place.refuses(/has mode 0777, so others can put files there/);
});
