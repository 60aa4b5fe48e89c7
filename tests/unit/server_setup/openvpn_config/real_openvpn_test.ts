import assert from "node:assert/strict";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { run } from "../../../lab/command.ts";
import { Dice } from "../../../lab/dice.ts";
import { RUNS_FACTOR, SEED } from "../../../lab/fuzz.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

/** An option that OpenVPN does not know: it stops there and names the place. */
const LAST = "ovtotp-t-last";

const PIECES = [
  ..."a \t\"'\\#;<>-é\r\v",
  "bc",
  "  ",
  '"a b"',
  "'a b'",
  "\\\\",
  '\\"',
  "\\ ",
  '""',
  "''",
];

/** What each of the two readers makes of a file: the words of `echo` lines, and where it stops. */
async function readByBoth(path: string): Promise<[string, string]> {
  const read = (path: string) => Deno.readFileSync(path);
  const { directives, error } = readConfig(path, {
    directory: "/",
    readFile: read,
  });
  const last = directives.find(({ name }) => name === LAST);
  const words = directives.filter(({ name }) => name === "echo")
    .map(({ words }) => words.join(" "));
  const { stdout } = await run("openvpn", ["--config", path]);
  const echoes = stdout.matchAll(/^\S+ \S+ ECHO:([^\n]*)$/gm);
  const known = stdout.match(/in [^ \n]*:(\d+): ovtotp-t-last/)?.[1];
  const refused = stdout.match(/\.conf:(\d+)/)?.[1];
  // For a block without an end, OpenVPN names no line.
  const place = known ?? `error in ${refused ?? error?.line}`;
  return [
    [...words, error === null ? `${last?.line}` : `error in ${error.line}`]
      .join("\n"),
    [...[...echoes].map(([, words]) => words!), place].join("\n"),
  ];
}

testWith(
  ["openvpn"],
  "lines, blocks and includes are read as OpenVPN reads them",
  async () => {
    await using directory = await makeTestDirectory();
    const path = `${directory.path}/server.conf`;
    const long = (bytes: number) => `echo msg${" x".repeat(bytes)}`.slice(0, bytes);
    const rows = [
      "\ufeffecho msg mark",
      "\n\n  --echo msg dashes\n;echo msg no\n#echo msg no\n",
      "setenv opt echo msg opt",
      'echo "msg a" \'b "c\' # comment\necho msg a#b "c"d e\'f',
      "echo msg a\\ b \\# not a comment",
      "echo msg a\\#b",
      'echo msg "a\\"b\\\\"',
      'echo msg "open',
      "echo msg 'open",
      "echo msg back\\slash",
      "echo msg 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
      "<ca>\necho msg inside\n  </ca> rest\necho msg behind",
      "<ca>\n</c>\n",
      `${long(254)}\n`,
      `${long(255)}\n`,
      "echo msg crlf\r\n<key>\r\nx\r\n</key>\r\necho msg after\r\n",
      "echo msg nul\0 gone\necho msg next",
      `config ${directory.path}/other.conf\necho msg back`,
      `cd ${directory.path}\nconfig other.conf`,
      "config nowhere.conf",
      `config ${path}`,
    ];
    await Deno.writeTextFile(`${directory.path}/other.conf`, "echo msg other");
    for (const row of rows) {
      await Deno.writeTextFile(path, `${row}\n${LAST}\n`);
      const [ours, theirs] = await readByBoth(path);
      assert.equal(ours, theirs, row);
    }
  },
);

testWith(["openvpn"], "random lines read as OpenVPN reads them", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/server.conf`;
  const dice = new Dice(SEED);
  const counts = { read: 0, refused: 0 };
  for (let i = 0; i < 120 * RUNS_FACTOR; i++) {
    const length = Math.floor(dice.between(1, 8));
    const line = Array.from({ length }, () => dice.pick(PIECES)).join("");
    await Deno.writeTextFile(path, `echo msg ${line} z\n${LAST}\n`);
    const [ours, theirs] = await readByBoth(path);
    assert.equal(ours, theirs, line);
    counts[ours.includes("error") ? "refused" : "read"]++;
  }
  assert(counts.read > 20 && counts.refused > 10, JSON.stringify(counts));
});
