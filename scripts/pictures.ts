/**
 * `deno task pictures` builds the program, runs real commands in a terminal of 80 columns, and draws
 * what they wrote into docs/pictures. It must run as root. The commands run in a mount namespace, with
 * their own configuration, database, key and user (of the README's name) in a directory that is
 * removed again.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Browser } from "../tests/lab/browser.ts";
import { mustRun } from "../tests/lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../tests/lab/program.ts";
import { missing } from "../tests/lab/requirements.ts";
import { terminalPicture } from "../tests/lab/terminal_picture.ts";

const USERNAME = "exampleuser";

/** A configuration in which doctor finds something of each level. */
const SERVER_CONF = `port 1194
proto udp
dev tun
server 10.8.0.0 255.255.255.0
script-security 2
auth-user-pass-verify /usr/local/bin/openvpn-totp via-file
reneg-sec 0
verb 3
`;

/** The commands whose output is drawn as `NAME.svg`, run one after the other on one stage. */
const RUNS: readonly {
  name: string;
  /** Shell lines that run first and are not shown. */
  before?: string;
  args: readonly string[];
}[] = [
  { name: "enroll", args: ["enroll", USERNAME] },
  { name: "doctor", args: ["doctor"] },
  {
    name: "list",
    before: `
      printf 'anna\nbertil\ncecilia\ndavid\n' |
        openvpn-totp enroll --from - >/dev/null 2>&1
      sqlite3 /var/lib/openvpn-totp/token_index.sqlite3 "
        UPDATE enrolments SET enrolled_at = enrolled_at - 8640000000;
        UPDATE enrolments SET last_login_at = unixepoch() * 1000 - 5400000
          WHERE username = '${USERNAME}';
        UPDATE enrolments SET last_login_at = unixepoch() * 1000 - 7776000000
          WHERE username = 'bertil';
        UPDATE enrolments SET last_login_at = unixepoch() * 1000 - 600000,
          failures = 5, locks = 1, locked_until = unixepoch() * 1000 + 60000
          WHERE username = 'anna';"
      openvpn-totp disable david >/dev/null
      openvpn-totp exempt branch-office --from 192.0.2.0/24 >/dev/null`,
    args: ["list", "--sort", "last-login"],
  },
];

const PROMPT = "\x1b[32m$\x1b[0m ";

const PICTURES = fileURLToPath(new URL("../docs/pictures/", import.meta.url));

/** Directories that the stage has its own copies of, for the commands run on it. */
const STAGED = ["/etc", "/var/lib", "/usr/local/bin"];

/** Makes the stage: a server with OpenVPN, the program and a user, and no data of this machine. */
async function makeStage(stage: string): Promise<void> {
  for (const path of STAGED) await mustRun("mkdir", ["-p", stage + path]);
  await mustRun("cp", ["-a", "/etc/.", `${stage}/etc`]);
  await mustRun("rm", [
    "-rf",
    `${stage}/etc/openvpn`,
    `${stage}/etc/openvpn-totp`,
  ]);
  await mustRun("mkdir", ["-p", `${stage}/etc/openvpn/server`]);
  await Deno.writeTextFile(
    `${stage}/etc/openvpn/server/server.conf`,
    SERVER_CONF,
  );
  await Deno.writeTextFile(
    `${stage}/etc/passwd`,
    `${USERNAME}:x:65000:65000::/:/bin/sh\n`,
    { append: true },
  );
  await mustRun("cp", [PROGRAM, `${stage}/usr/local/bin`]);
}

/** Runs shell lines on the stage. */
function onStage(stage: string, lines: string): Promise<string> {
  const mounts = STAGED.map((path) => `mount --bind "$0${path}" ${path}`);
  return mustRun("unshare", [
    ...["--mount", "sh", "-ec", `${mounts.join("\n")}\n${lines}`, stage],
  ]);
}

async function drawRuns(stage: string): Promise<void> {
  for (const { name, before, args } of RUNS) {
    const command = `openvpn-totp ${args.join(" ")}`;
    if (before !== undefined) await onStage(stage, before);
    const output = await onStage(
      stage,
      // `script` hides doctor's exit status, which says that something was found.
      `script --quiet --command "stty cols 80 rows 60; ${command}" /dev/null`,
    );
    const shown = `${PROMPT}sudo ${command}\r\n${output}`;
    await Deno.writeTextFile(`${PICTURES}${name}.svg`, terminalPicture(shown));
    say(`made docs/pictures/${name}.svg`);
  }
}

/** Draws the page that `enroll --sheet` makes, as a browser shows it. */
async function drawSheet(directory: string, stage: string): Promise<void> {
  const page = `${directory}/sheet.html`;
  await onStage(stage, `openvpn-totp show ${USERNAME} --sheet ${page}`);
  await using browser = await Browser.start(directory);
  await browser.open(page);
  await Deno.writeFile(
    `${PICTURES}sheet.png`,
    await browser.screenshot({ width: 900 }),
  );
  say("made docs/pictures/sheet.png");
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`pictures: ${line}\n`));
}

const lacking = missing(["root", "script", "chromium", "openvpn", "sqlite3"]);
if (lacking.length > 0) {
  say(`this machine lacks ${lacking.join("; ")}`);
  Deno.exit(1);
}
await mustRun(Deno.execPath(), ["task", "--quiet", "build"]);
await Deno.mkdir(PICTURES, { recursive: true });
await using directory = await makeTestDirectory();
const stage = `${directory.path}/stage`;
await makeStage(stage);
await drawRuns(stage);
await drawSheet(directory.path, stage);
