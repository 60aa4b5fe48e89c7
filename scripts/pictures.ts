/**
 * `deno task pictures`: builds the program, runs real commands in a terminal of 80 columns, and draws
 * what they wrote into docs/pictures. As root: a user of the README's name is made up for these
 * commands alone, in a mount namespace; database and key lie in a directory that is removed again.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Browser } from "../tests/lab/browser.ts";
import { mustRun } from "../tests/lab/command.ts";
import { makeTestDirectory, on, PROGRAM } from "../tests/lab/program.ts";
import { missing } from "../tests/lab/requirements.ts";
import { terminalPicture } from "../tests/lab/terminal_picture.ts";

const USERNAME = "exampleuser";

/** What is run, one after the other on one database, and drawn as `NAME.svg`. */
const RUNS: readonly { name: string; args: readonly string[] }[] = [
  { name: "enroll", args: ["enroll", USERNAME] },
];

const PROMPT = "\x1b[32m$\x1b[0m ";

const PICTURES = fileURLToPath(new URL("../docs/pictures/", import.meta.url));

/** Runs a command in a terminal where the system knows the user; gives what it wrote there. */
function runInTerminal(
  directory: string,
  command: readonly string[],
): Promise<string> {
  return mustRun("unshare", [
    ...["--mount", "sh", "-c"],
    `mount --bind "$0" /etc/passwd && exec script --quiet --return --command "$1" /dev/null`,
    `${directory}/passwd`,
    `stty cols 80 rows 60; ${command.join(" ")}`,
  ]);
}

async function drawRuns(directory: string, db: string): Promise<void> {
  for (const { name, args } of RUNS) {
    const output = await runInTerminal(directory, [
      PROGRAM,
      ...on(db),
      ...args,
    ]);
    const shown = `${PROMPT}sudo openvpn-totp ${args.join(" ")}\r\n${output}`;
    await Deno.writeTextFile(`${PICTURES}${name}.svg`, terminalPicture(shown));
    say(`made docs/pictures/${name}.svg`);
  }
}

/** The page that `enroll --sheet` makes, as a browser shows it. */
async function drawSheet(directory: string, db: string): Promise<void> {
  const page = `${directory}/sheet.html`;
  await mustRun(PROGRAM, [...on(db), "show", USERNAME, "--sheet", page]);
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

const lacking = missing(["root", "script", "chromium"]);
if (lacking.length > 0) {
  say(`this machine lacks ${lacking.join("; ")}`);
  Deno.exit(1);
}
await mustRun(Deno.execPath(), ["task", "--quiet", "build"]);
await Deno.mkdir(PICTURES, { recursive: true });
await using directory = await makeTestDirectory();
await Deno.writeTextFile(
  `${directory.path}/passwd`,
  `${await Deno.readTextFile(
    "/etc/passwd",
  )}${USERNAME}:x:65000:65000::/:/bin/sh\n`,
);
await drawRuns(directory.path, directory.db);
await drawSheet(directory.path, directory.db);
