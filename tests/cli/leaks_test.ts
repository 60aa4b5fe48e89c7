import assert from "node:assert/strict";
import { admin, base64, codeOf, enroll, keyFileOf, wrongCodeOf } from "../lab/program.ts";
import { withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

/** All files below a directory. */
function* filesIn(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) yield* filesIn(path);
    else yield path;
  }
}

/** Bytes as characters of the same numbers, to be searched. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** All strings of a trace by `strace -xx`. */
function writtenIn(trace: string): string {
  return [...trace.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)]
    .map(([, hex, isCut]) => {
      assert.equal(isCut, undefined, "strace has cut a string");
      return latin1(Uint8Array.fromHex(hex!.replaceAll("\\x", "")));
    }).join("\n");
}

testWith(
  ["root", "useradd", "strace"],
  "logins write neither passwords nor secrets nor codes anywhere",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const { directory } = user;
      const log = `${directory}/decisions.log`;
      const guess = `guess ${crypto.randomUUID()}`;
      const wrong = wrongCodeOf(secret);
      const right = codeOf(secret);
      const renewed = await enroll(db, `${username}x`);
      await admin(db, ["rekey"]);

      let written = "";
      for (const totpLog of [log, "stderr"]) {
        for (const code of [wrong, right, right]) {
          const attempt = await user.attempt({ totpLog });
          const trace = `${directory}/trace`;
          attempt.wrap = [
            ...["strace", "-f", "--seccomp-bpf", "-xx", "-s", "1000000", "-o", trace],
            ...["-e", "trace=write,pwrite64,writev,pwritev,sendto,sendmsg"],
          ];
          const calls = [
            () => attempt.password(username, guess),
            () => attempt.password(username, password),
            () => attempt.answer(base64(code)),
            () => attempt.answer(base64(code)),
          ];
          for (const call of calls) {
            const { stdout, stderr } = await call();
            written += stdout + stderr;
            written += writtenIn(await Deno.readTextFile(trace));
            await Deno.remove(trace);
          }
        }
      }
      for (const args of [["log"], ["log", "--json"], ["list"], ["show"]]) {
        const of = args[0] === "show" ? [username] : [];
        written += (await admin(db, [...args, ...of])).stdout;
      }
      const files = [...filesIn(directory)];
      for (const file of files) {
        if (file !== keyFileOf(db)) written += latin1(Deno.readFileSync(file));
      }
      for (const part of [log, db]) assert(files.includes(part));
      assert(written.includes("outcome=accepted"), "the run was looked at");
      assert(written.includes("SQLite format 3"), "the database, too");

      const hidden = {
        password,
        guess,
        wrong,
        right,
        answer: base64(right),
        secret,
        renewed,
        bytes: latin1(base32(secret)),
      };
      for (const [name, text] of Object.entries(hidden)) {
        assert.equal(written.includes(text), false, name);
      }
    });
  },
);

/** The bytes of a text in base32 (RFC 4648). */
function base32(text: string): Uint8Array {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(
    text,
    (character) => alphabet.indexOf(character).toString(2).padStart(5, "0"),
  ).join("");
  return Uint8Array.from(
    bits.match(/.{8}/g)!,
    (byte) => parseInt(byte, 2),
  );
}
