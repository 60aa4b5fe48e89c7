import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import { executionOf, fileRulesIn } from "../../../../src/server_setup/apparmor/file_rules.ts";
import { withRules } from "../../../../src/server_setup/apparmor/local_text.ts";
import { needsOf, unmetBy } from "../../../../src/server_setup/apparmor/needs.ts";
import { allRulesIn } from "../../../../src/server_setup/apparmor/profile_text.ts";
import { readTexts } from "../../../../src/server_setup/apparmor/read_texts.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { compile, makeProfile } from "../../../lab/apparmor.ts";
import { mustRun } from "../../../lab/command.ts";
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

const PROGRAM = "/usr/local/bin/openvpn-totp";

/** Rules with which the parser refuses ours. */
const AT_ODDS = [
  `${PROGRAM} ix,`,
  `${PROGRAM} Px,`,
  `"${PROGRAM}" rUx,`,
  `${PROGRAM} PUx -> other,`,
  `owner ${PROGRAM} pUx,`,
  "/usr/{,local/}bin/openvpn-totp Px,",
  "/usr/local/bin/openvpn-{totp,x} ix,",
  "/usr/local//bin/openvpn-totp Cx -> ip,\nprofile ip {\n}",
  "/usr/local/bin/openvpn\\x2dtotp ix,",
  "/usr/local/bin/openvpn\\055totp ix,",
  "/usr/local/bin/openvpn\\-totp ix,",
  "@{V} ix,",
  `${PROGRAM}\n  # in two lines, with a comment\n  ix,`,
  `/srv/x r, ${PROGRAM} ix,`,
  `/srv/x r,${PROGRAM} ix,# mine`,
  `ix ${PROGRAM},`,
  ...["IX", "RiX", "pIx", "cX", "pux"].map((way) => `${PROGRAM} ${way},`),
  `safe ${PROGRAM} ix,`,
  `file unsafe ${PROGRAM} PUx,`,
  `other ${PROGRAM} ix,`,
  "include <mine.d>",
];

/** Rules that forbid the program. */
const DENYING = ["x", "X", "xX", "RwX"].map((mode) => `deny ${PROGRAM} ${mode},`).concat(
  `audit deny other ${PROGRAM} x,`,
  `deny safe X ${PROGRAM},`,
  "include <denying.d>",
);

const NOT_AT_ODDS = [
  `${PROGRAM} PUx,`,
  `${PROGRAM} rPUx,`,
  `${PROGRAM} r,`,
  `${PROGRAM} RPux,`,
  `safe ${PROGRAM} pUX,`,
  `other ${PROGRAM} PUx,`,
  `# ${PROGRAM} ix,`,
  ...DENYING,
  "include <passed_over.d>",
  "/usr/local/bin/* ix,",
  "/usr/local/bin/openvpn-totp{,?} PUx,",
  "/usr/local/bin/[o]penvpn-totp ix,",
  `profile ip {\n  ${PROGRAM} ix,\n}`,
  "/usr/{,local}bin/openvpn-totp ix,",
];

/** Directories that a profile includes, with what the parser passes over in them. */
async function makeDirectories(base: string): Promise<void> {
  const files = {
    "mine.d/one": `${PROGRAM} ix,\n`,
    "denying.d/one.dpkg-tmp": `deny ${PROGRAM} x,\n`,
    "passed_over.d/README": `${PROGRAM} ix,\n`,
    "passed_over.d/one.dpkg-old": `${PROGRAM} ix,\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = `${base}/${name}`;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
  await Deno.symlink(`${base}/mine.d`, `${base}/denying.d/link`);
  await mustRun("mkfifo", [`${base}/denying.d/pipe`]);
}

testWith(
  ["apparmor_parser"],
  "doctor and setup know the rules that AppArmor's parser refuses beside ours, and no others",
  async () => {
    await using directory = await makeTestDirectory();
    const { path: root } = directory;
    await makeProfile(root);
    const base = `${root}/etc/apparmor.d`;
    const local = `${base}/local/openvpn`;
    await Deno.writeTextFile(`${base}/tunables/global`, `@{V}=${PROGRAM}\n`, { append: true });
    await makeDirectories(base);
    for (const rule of [...AT_ODDS, ...NOT_AT_ODDS]) {
      await writeLocal(root, PROGRAM, "/tmp");
      await Deno.writeTextFile(local, `${rule}\r\n${await Deno.readTextFile(local)}`);
      const { error } = await compile(root);
      const [profile] = readTexts(root, "/etc/apparmor.d/openvpn");
      const { rules } = allRulesIn([{ ...profile!, level: 1 }], (path) => readTexts(root, path));
      const isAtOdds = executionOf(rules, PROGRAM) === "conflict";
      assert.deepEqual([isAtOdds, error !== ""], Array(2).fill(AT_ODDS.includes(rule)), rule);
      if (DENYING.includes(rule)) assert.equal(executionOf(rules, PROGRAM), "denied", rule);
      if (isAtOdds) assert.match(error, /conflicting x modifiers/, rule);
    }
  },
);
