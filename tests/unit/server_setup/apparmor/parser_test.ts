import assert from "node:assert/strict";
import { fileRulesIn } from "../../../../src/server_setup/apparmor/file_rules.ts";
import { withRules } from "../../../../src/server_setup/apparmor/local_text.ts";
import { needsOf, unmetBy } from "../../../../src/server_setup/apparmor/needs.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { compile, makeProfile } from "../../../lab/apparmor.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

/** Paths that may be in a configuration, and how the parser shows each in a compiled rule. */
const PATHS: Record<string, string> = {
  "/usr/local/bin/openvpn-totp": "/usr/local/bin/openvpn-totp",
  '/opt/a b"{c}': '/opt/a\\ b"{c}',
  "/opt/all*?": "/opt/all\\*?",
  "/opt/set[x]^y": "/opt/set\\[x\\]^y",
  "/opt/@{run}/x": "/opt/@{run}/x",
  "/opt/{,s}bin": "/opt/{,s}bin",
  "/opt/back\\slash": "/opt/back\\slash",
  "/opt/end\\x": "/opt/end\\x",
  "/opt/com,ma,": "/opt/com,ma,",
  "/opt/#hash": "/opt/#hash",
  "/opt/(x)$|+": "/opt/\\(x\\)$\\|\\+",
  "/opt/ü": "/opt/\\xc3\\xbc",
};

function configOf(text: string) {
  return readConfig("/c", { directory: "/", readFile: () => new TextEncoder().encode(text) });
}

/** The local rules for a program and a directory, below a root. */
async function writeLocal(root: string, program: string, directory: string): Promise<void> {
  const config = configOf("");
  const directives = [{
    ...{ name: "tmp-dir", words: [directory], isInline: false },
    ...{ file: "/c", line: 1, lastLine: 1 },
  }];
  const needs = needsOf({
    programs: [program],
    config: { ...config, directives },
    isService: false,
  });
  const text = withRules("", "/c", needs.map(({ rule }) => rule));
  assert.deepEqual(unmetBy(fileRulesIn(text), needs), [], text);
  await Deno.mkdir(`${root}/etc/apparmor.d/local`, { recursive: true });
  await Deno.writeTextFile(`${root}/etc/apparmor.d/local/openvpn`, text);
}

testWith(
  ["apparmor_parser"],
  "AppArmor's parser takes the rules for any path, and takes them for that path alone",
  async () => {
    await using directory = await makeTestDirectory();
    const { path: root } = directory;
    await makeProfile(root);
    const before = await compile(root);
    assert.equal(before.error, "");
    for (const [path, shown] of Object.entries(PATHS)) {
      await writeLocal(root, path, path);
      const { error, paths } = await compile(root);
      assert.equal(error, "", path);
      const added = paths.filter((one) => !before.paths.includes(one)).sort();
      assert.deepEqual(added, [shown, `${shown}/openvpn_([^\\x0/])*\\.tmp`].sort(), path);
    }
  },
);

testWith(
  ["apparmor_parser"],
  "AppArmor's parser refuses a rule beside ours that setup refuses, and no other",
  async () => {
    await using directory = await makeTestDirectory();
    const { path: root } = directory;
    await makeProfile(root);
    const local = `${root}/etc/apparmor.d/local/openvpn`;
    const program = "/usr/local/bin/openvpn-totp";
    const beside = async (rule: string) => {
      await writeLocal(root, program, "/tmp");
      await Deno.writeTextFile(local, `${rule}\r\n${await Deno.readTextFile(local)}`);
      return (await compile(root)).error;
    };
    for (const rule of ["/usr/local/bin/* ix,", `${program} r,`, `${program} PUx,`]) {
      assert.equal(await beside(rule), "", rule);
    }
    for (const rule of [`${program} ix,`, `${program} Px,`, `"${program}" rUx,`]) {
      assert.match(await beside(rule), /conflicting x modifiers/, rule);
    }
  },
);
