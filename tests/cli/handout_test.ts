import assert from "node:assert/strict";
import { admin, makeTestDirectory, on, PROGRAM } from "../lab/program.ts";
import { mustRun } from "../lab/command.ts";
import { rasterized, readQrCodes } from "../lab/qr_reader.ts";
import { testWith } from "../lab/requirements.ts";

/** Names of what is in a directory. */
function namesIn(path: string): string[] {
  return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
}

testWith(
  ["zbarimg", "rsvg-convert"],
  "enroll makes a picture and a page that only their owner can read; show makes them again",
  async () => {
    await using directory = await makeTestDirectory();
    const file = (name: string) => `${directory.path}/${name}`;
    const lines = (await mustRun("sh", [
      "-c",
      `umask 000; cd "$0"; exec "$@"`,
      directory.path,
      ...[PROGRAM, ...on(directory.db), "enroll", "root", "--recovery-codes"],
      ...["--qr", "root.png", "--sheet", "root.html"],
    ])).trimEnd().split("\n");
    const [, secret, uri, ...recoveryCodes] = lines;
    const page = await Deno.readTextFile(file("root.html"));
    assert.equal(recoveryCodes.length, 10);
    for (const code of recoveryCodes) {
      assert(page.includes(`<li>${code}</li>`), code);
    }

    const again = await admin(directory.db, [
      ...["show", "root", "--qr", file("again.svg")],
      ...["--sheet", file("again.html")],
    ]);
    assert.equal(again.status, 0, again.stderr);
    assert(!again.stdout.includes(secret!), "the secret wasn't asked for");
    for (const name of ["root.png", "root.html", "again.svg", "again.html"]) {
      assert.equal(Deno.statSync(file(name)).mode! & 0o777, 0o600, name);
    }
    const pageAgain = await Deno.readTextFile(file("again.html"));
    assert(!pageAgain.includes(recoveryCodes[0]!));
    for (const text of [page, pageAgain]) {
      const svg = file("page.svg");
      await Deno.writeTextFile(svg, text.match(/<svg.*<\/svg>/)![0]);
      const pictures = [
        file("root.png"),
        await rasterized(file("again.svg")),
        await rasterized(svg),
      ];
      assert.deepEqual(await readQrCodes(pictures), [uri, uri, uri]);
    }
  },
);

testWith(
  [],
  "a name whose ending says no kind of file is wrong usage, before anything is done",
  async () => {
    await using directory = await makeTestDirectory();
    const file = (name: string) => `${directory.path}/${name}`;
    const cases = [
      [
        "--qr",
        file("a.html"),
        /--qr is ".*a\.html", expected .* \.png or \.svg/,
      ],
      ["--qr", "", /--qr is "", expected/],
      ["--sheet", file("a.pdf"), /--sheet is ".*a\.pdf", expected .* \.html\n/],
    ] as const;
    for (const [option, path, line] of cases) {
      for (const command of ["enroll", "show"]) {
        const { status, stdout, stderr } = await admin(directory.db, [
          ...[command, "root", "--qr", file("good.png"), option, path],
        ]);
        assert.deepEqual([status, stdout], [2, ""]);
        assert.match(stderr, line);
      }
    }
    assert.deepEqual(namesIn(directory.path), []);
  },
);

testWith([], "one user's file is none for many", async () => {
  await using directory = await makeTestDirectory();
  const { status, stdout, stderr } = await admin(
    directory.db,
    ["enroll", "--from", "-", "--qr", `${directory.path}/a.png`],
    { stdin: "root\n" },
  );
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(
    stderr,
    /--qr and --sheet are for a single user: .* --sheets DIRECTORY/,
  );
  assert.deepEqual(namesIn(directory.path), []);
});

testWith(
  [],
  "nobody is enrolled whose files can't be made, and no file is left of an enrolment that fails",
  async () => {
    await using directory = await makeTestDirectory();
    const file = (name: string) => `${directory.path}/${name}`;
    const enroll = (...options: string[]) => admin(directory.db, ["enroll", "root", ...options]);
    await Deno.writeTextFile(file("mine.html"), "mine");

    const taken = await enroll(
      ...["--qr", file("a.png"), "--sheet", file("mine.html")],
    );
    assert.deepEqual([taken.status, taken.stdout], [1, ""]);
    assert.match(taken.stderr, /mine\.html" already exists/);
    const nowhere = await enroll("--sheet", file("nowhere/a.html"));
    assert.deepEqual([nowhere.status, nowhere.stdout], [1, ""]);
    assert.match(
      nowhere.stderr,
      /cannot write ".*nowhere\/a\.html": there is no directory ".*nowhere"$/m,
    );
    assert.deepEqual(namesIn(directory.path), ["mine.html"]);
    assert.equal(await Deno.readTextFile(file("mine.html")), "mine");

    assert.equal((await enroll()).status, 0);
    const before = namesIn(directory.path);
    const second = await enroll(
      "--qr",
      file("a.png"),
      "--sheet",
      file("a.html"),
    );
    assert.equal(second.status, 1);
    assert.match(second.stderr, /is already enrolled/);
    assert.deepEqual(namesIn(directory.path), before);
  },
);

testWith(
  ["script"],
  "a terminal that is too narrow for the QR code is told how to make a picture of it",
  async () => {
    await using directory = await makeTestDirectory();
    const command = [PROGRAM, ...on(directory.db), "enroll", "root"].join(" ");
    const output = await mustRun("script", [
      ...["--quiet", "--return", "--command"],
      `stty cols 40; ${command}`,
      "/dev/null",
    ]);
    assert.match(output, /too narrow for the QR code: .* show USER --qr FILE/);
    assert.doesNotMatch(output, /▄/);
  },
);

testWith([], "enroll --from makes a page for each user, or none", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const sheets = `${path}/sheets`;
  const names = ["alice", "b/o..b", "<c>", "..", "root"];
  const enroll = (...more: string[]) =>
    admin(db, ["enroll", "--from", "-", "--sheets", sheets, ...more], {
      stdin: names.join("\n"),
    });
  const { status, stdout } = await enroll("--json", "--recovery-codes");
  assert.equal(status, 0);
  assert.equal(Deno.statSync(sheets).mode! & 0o777, 0o700);
  for (const { username, secret, recoveryCodes } of JSON.parse(stdout)) {
    const file = `${sheets}/${encodeURIComponent(username)}.html`;
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    const page = await Deno.readTextFile(file);
    assert(
      page.includes(secret.slice(0, 4)) && page.includes(recoveryCodes[9]),
    );
  }
  assert.equal(namesIn(sheets).length, names.length);

  const again = await enroll("--replace");
  assert.equal(again.status, 1);
  assert.match(again.stderr, /sheets" already exists and was left alone/);
  names.push("x".repeat(256));
  await Deno.remove(sheets, { recursive: true });
  const tooLong = await enroll("--replace");
  assert.match(tooLong.stderr, /cannot write .*xx.*: File name too long/);
  assert.deepEqual(namesIn(path), ["db"]);
  const alone = await admin(db, ["enroll", "y", "--sheets", sheets]);
  assert.equal(alone.status, 2);
  assert.match(alone.stderr, /--sheets is for many users/);
});
