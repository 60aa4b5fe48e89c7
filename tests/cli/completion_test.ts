import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import { DatabaseSync } from "node:sqlite";
import { OUTCOMES } from "../../src/core/decision.ts";
import { mustRun, run, type RunOptions } from "../lab/command.ts";
import {
  copyProgram,
  enroll,
  makeTestDirectory,
  on,
  PROGRAM,
  type TestDirectory,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { Terminal } from "../lab/terminal.ts";

const SHELL_NAMES = ["bash", "zsh", "fish"] as const;

/** Each name, and how a user may begin to type it. */
const NAMES: [name: string, typed: string][] = [
  ["ali ce", "al"],
  ["b$(touch pwned)", "b"],
  ["c`touch pwned`", "c"],
  ["d;touch pwned", "d"],
  ["e'quote", "e"],
  ['f"quote', "f"],
  ["g!bang", "g"],
  ["h*star?[x]", "h"],
  ["i\\back", "i"],
  ["j:colon=x", "j:co"],
  ["k@example.com", "k@ex"],
  ["l&|<>(){}#~^,%", "l"],
  ["mañana", "ma"],
  ["山田", "山"],
  ["~tilde", "\\~t"],
  ["o p q", "o\\ "],
  ["r s t", "'r s"],
  ["u v $w", '"u v'],
];

type ShellName = typeof SHELL_NAMES[number];

/** What each shell needs to know the completion, and how it is started without anybody's own set-up. */
const SHELLS: Record<
  ShellName,
  {
    file: string;
    rc: [name: string, content: string];
    start: string;
  }
> = {
  bash: {
    file: "openvpn-totp",
    rc: ["bashrc", `PS1='ready> '\nsource ./openvpn-totp\n`],
    start: "bash --noprofile --rcfile bashrc -i",
  },
  zsh: {
    file: "_openvpn-totp",
    rc: [
      ".zshrc",
      "PS1='ready> '\nfpath=($PWD $fpath)\nautoload -Uz compinit\ncompinit -u -D\n" +
      // Without it a Tab is a Tab when more is typed already, as no person does.
      "zstyle ':completion:*' insert-tab false\n",
    ],
    start: "ZDOTDIR=$PWD zsh -i",
  },
  fish: {
    file: "completions.fish",
    rc: [
      "rc.fish",
      `function fish_prompt\n  echo -n 'ready> '\nend\nfunction fish_greeting\nend\nset -g fish_autosuggestion_enabled 0\nsource ./completions.fish\n`,
    ],
    start: "fish --no-config -i -C 'source rc.fish'",
  },
};

const environment = (directory: TestDirectory) => ({
  HOME: directory.path,
  XDG_CONFIG_HOME: directory.path,
  XDG_DATA_HOME: directory.path,
  XDG_RUNTIME_DIR: directory.path,
  TERM: "xterm",
  NO_COLOR: "1",
  LC_ALL: "C.UTF-8",
  PATH: `${dirname(PROGRAM)}:${Deno.env.get("PATH")}`,
});

/** A database with these users: one is enrolled, whose row the others get. */
async function makeUsers(db: string): Promise<void> {
  const [[first], ...others] = NAMES as [typeof NAMES[0], ...typeof NAMES];
  await enroll(db, first);
  using database = new DatabaseSync(db);
  const insert = database.prepare(
    `INSERT INTO enrolments (username, secret, issuer, enrolled_at)
     SELECT ?, secret, issuer, enrolled_at FROM enrolments WHERE username = ?`,
  );
  for (const [name] of others) insert.run(name, first);
}

/** An interactive shell that has the completion, and nobody's own set-up. */
async function startShell(
  shell: ShellName,
  directory: TestDirectory,
): Promise<Terminal> {
  const { file, rc: [name, content], start } = SHELLS[shell];
  const cwd = directory.path;
  const script = await mustRun(PROGRAM, ["completion", shell]);
  await Deno.writeTextFile(`${cwd}/${file}`, script);
  await Deno.writeTextFile(`${cwd}/${name}`, content);
  return new Terminal(`cd ${cwd} && ${start}`, environment(directory));
}

for (const shell of SHELL_NAMES) {
  testWith(
    ["script", shell],
    `${shell} completes users whatever their names, and runs none of them`,
    async () => {
      await using directory = await makeTestDirectory();
      await makeUsers(directory.db);
      await using terminal = await startShell(shell, directory);
      const line = `openvpn-totp ${on(directory.db).join(" ")} show`;
      for (const [name, typed] of NAMES) {
        await terminal.press(/ready> /, `${line} --json ${typed}\t\r`);
        const screen = await terminal.shows(
          /"username": ".*",\r?\n|openvpn-totp: /,
        );
        assert(screen.includes(`"username": ${JSON.stringify(name)}`), screen);
      }
      await terminal.shows(/ready> /);
      assert.throws(() => Deno.statSync(`${directory.path}/pwned`));
    },
  );

  testWith(
    ["script", shell],
    `${shell} completes commands, options, choices and files`,
    async () => {
      await using directory = await makeTestDirectory();
      await Deno.writeTextFile(`${directory.path}/no $(id) database`, "");
      await using terminal = await startShell(shell, directory);
      const wrong = /\/no \$\(id\) database (yet|is not|is empty|has)/;
      const cases: [keys: string, expected: RegExp][] = [
        ["openvpn-totp --vers\t\r", /openvpn-totp \d+\.\d+\.\d+\r?\n/],
        ["openvpn-totp help unl\t\r", /Usage: openvpn-totp unlock /],
        ["openvpn-totp reco\t--he\t\r", /Usage: openvpn-totp recovery /],
        [
          "openvpn-totp comple\tfi\t\r",
          /# Completion of openvpn-totp for fish/,
        ],
        ["openvpn-totp list --sort las\t--idle x\r", /--idle is "x", expected/],
        ["openvpn-totp list --sort=las\t--idle x\r", /--idle is "x", expected/],
        ["openvpn-totp list --db no\t\r", wrong],
        ["openvpn-totp list --db=no\t\r", wrong],
      ];
      for (const [keys, expected] of cases) {
        await terminal.press(/ready> /, keys);
        await terminal.shows(expected);
      }
    },
  );
}

testWith(["fish"], "fish shows what each command does", async () => {
  await using directory = await makeTestDirectory();
  const script = `${directory.path}/completion.fish`;
  await Deno.writeTextFile(
    script,
    await mustRun(PROGRAM, ["completion", "fish"]),
  );
  const stdout = await mustRun("fish", [
    ...["--no-config", "-c"],
    `source ${script}; complete -C "openvpn-totp un"`,
  ], { env: environment(directory) });
  assert.match(stdout, /^unlock\tend the lock on a user's codes/);
});

testWith(
  ["bash"],
  "bash is told of each word that may stand there",
  async () => {
    await using directory = await makeTestDirectory();
    const words = async (line: string) => {
      const stdout = await mustRun("bash", [
        ...["--norc", "-c"],
        'eval "$(openvpn-totp completion bash)"; COMP_LINE=$0 COMP_POINT=${#0}; ' +
        '_openvpn_totp openvpn-totp "${0##* }"; echo "${COMPREPLY[@]}"',
        line,
      ], { env: environment(directory) });
      return stdout.trim();
    };
    assert.equal(await words("openvpn-totp e"), "enroll enable exempt export");
    assert.equal(await words("openvpn-totp compl"), "completion");
    assert.equal(
      await words("openvpn-totp log --outcome "),
      OUTCOMES.join(" "),
    );
    assert.equal(await words("openvpn-totp help dis"), "disable");
    assert.equal(await words("openvpn-totp --db"), "--db");
    assert.equal(await words("openvpn-totp rekey --js"), "--json");
  },
);

testWith(
  ["root"],
  "users that can't be read are none, and nothing is said of it",
  async () => {
    await using directory = await makeTestDirectory();
    const { path, db } = directory;
    await enroll(db, "root");
    await enroll(db, "\u202e");
    await enroll(db, "--dash");
    const program = await copyProgram(path);
    await Deno.chmod(path, 0o755);
    const users = async (before: string[], options: RunOptions = {}) => {
      const args = ["complete", "--", "zsh", "", ...before];
      const { status, stdout, stderr } = await run(program, args, options);
      assert.equal(status, 0);
      assert.equal(stderr, "");
      const [kind, ...names] = stdout.trimEnd().split("\n");
      assert.equal(kind, "words");
      return names;
    };
    assert.deepEqual(await users(["--db", db, "show"]), ["root"]);
    assert.deepEqual(await users([`--db=${db}`, "log", "--user"]), ["root"]);
    assert.deepEqual(await users(["show", "--db", db, "--"]), [
      "--dash",
      "root",
    ]);
    const env = { totpTokenDbPath: db };
    assert.deepEqual(await users(["show"], { env }), ["root"]);
    assert.deepEqual(
      await users(["show", "root"], { env }).then((all) => all.some((word) => word === "root")),
      false,
    );

    assert.deepEqual(await users(["--db", db, "show"], { uid: 65534 }), []);
    assert.deepEqual(await users(["--db", `${path}/none`, "show"]), []);
    assert.deepEqual(await users(["--db", program, "show"]), []);
    assert.deepEqual(await users(["--db", "", "show"]), []);
    using other = new DatabaseSync(db);
    other.exec("BEGIN EXCLUSIVE");
    assert.deepEqual(await users(["--db", db, "show"]), []);
  },
);
