import assert from "node:assert/strict";
import { appArmorLines } from "../../../../scripts/release/apparmor.ts";
import { needsOf, unmetBy } from "../../../../src/server_setup/apparmor/needs.ts";
import { allRulesIn } from "../../../../src/server_setup/apparmor/profile_text.ts";
import { readTexts } from "../../../../src/server_setup/apparmor/read_texts.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { compile, makeProfile } from "../../../lab/apparmor.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

const PROGRAMS = ["/usr/bin/openvpn-totp", "/usr/local/bin/openvpn-totp"];

/** What the usual set-ups need: hooks, and the service with the socket where Debian's unit has it. */
const NEEDS = ["", "management /run/openvpn-server/server.sock unix"].flatMap((line) => {
  const config = readConfig("/c", {
    directory: "/",
    readFile: () => new TextEncoder().encode(line),
  });
  return needsOf({ programs: PROGRAMS, config, isService: line !== "" });
});

testWith(["apparmor_parser"], "a package's lines for AppArmor meet what servers need", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  await makeProfile(root);
  await Deno.mkdir(`${root}/etc/apparmor.d/local`);
  await Deno.writeTextFile(`${root}/etc/apparmor.d/local/openvpn`, appArmorLines());
  assert.equal((await compile(root)).error, "");
  const [profile] = readTexts(root, "/etc/apparmor.d/openvpn");
  const { rules } = allRulesIn([{ ...profile!, level: 1 }], (path) => readTexts(root, path));
  assert.equal(NEEDS.length, 4);
  assert.deepEqual(unmetBy(rules, NEEDS), []);
});
