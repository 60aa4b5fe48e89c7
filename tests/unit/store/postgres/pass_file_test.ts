import assert from "node:assert/strict";
import { Failure } from "../../../../src/core/failure.ts";
import { type PassKey, readPassFile } from "../../../../src/store/postgres/pass_file.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

const KEY: PassKey = { host: "db.example", port: 5432, database: "vpn", user: "logins" };

Deno.test("the first line that fits has the password", async () => {
  const cases: [content: string, key: Partial<PassKey>, password: string | null][] = [
    ["db.example:5432:vpn:logins:right", {}, "right"],
    ["db.example:5432:vpn:logins:right\n", {}, "right"],
    ["db.example:5432:vpn:logins:right\r\n", {}, "right"],
    ["*:*:*:*:right", {}, "right"],
    ["other:5432:vpn:logins:no\n*:5432:vpn:logins:right\n*:*:*:*:no", {}, "right"],
    ["", {}, null],
    ["\n\n", {}, null],
    ["db.example:5433:vpn:logins:no", {}, null],
    ["db.example:5432:vpn2:logins:no", {}, null],
    ["db.example:5432:vpn:login:no", {}, null],
    ["db.example:5432:vpn:logins", {}, null],
    ["db.example:5432:vpn:*", {}, null],
    ["db.example:5432:vpn:logins:", {}, null],
    ["DB.example:5432:vpn:logins:no", {}, null],
    ["#db.example:5432:vpn:logins:no\n#:5432:vpn:logins:no", { host: "#" }, null],
    // libpq knows a `*` by itself only, and ends a password at a colon.
    ["db.*:5432:vpn:logins:no", {}, null],
    ["\\*:5432:vpn:logins:no", {}, null],
    ["\\*:5432:vpn:logins:right", { host: "*" }, "right"],
    ["*:*:*:*:right:more", {}, "right"],
    ["*:*:*:*:a\\:b\\\\c\\d", {}, "a:b\\cd"],
    ["*:*:*:*:end\\", {}, "end\\"],
    ["*:*:*:*: blank ", {}, " blank "],
    ["*:*:*:*:pässwörd☃", {}, "pässwörd☃"],
    ["*:*:a\\:b:c\\\\d:right", { database: "a:b", user: "c\\d" }, "right"],
    ["2001\\:db8\\:\\:1:*:*:*:right", { host: "2001:db8::1" }, "right"],
    // Sockets.
    ["localhost:*:*:*:right", { host: "/var/run/postgresql" }, "right"],
    ["localhost:*:*:*:right", { host: "/run/postgresql" }, "right"],
    ["localhost:*:*:*:right", { host: "/tmp" }, "right"],
    ["localhost:*:*:*:no", { host: "/srv/sockets" }, null],
    ["/srv/sockets:*:*:*:right", { host: "/srv/sockets" }, "right"],
    ["/run/postgresql:*:*:*:right", { host: "/run/postgresql" }, "right"],
    ["localhost:*:*:*:right", { host: "localhost" }, "right"],
    ["localhost:*:*:*:no", { host: "127.0.0.1" }, null],
  ];
  await using place = await makeTestDirectory();
  const path = `${place.path}/pass`;
  for (const [content, key, password] of cases) {
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    const found = readPassFile(path, { ...KEY, ...key });
    assert.equal(found?.reveal() ?? null, password, JSON.stringify([content, key]));
    assert.equal(String(found ?? "[redacted]"), "[redacted]");
  }
});

Deno.test("a passfile that others may read, or could have put there, is refused", async () => {
  await using place = await makeTestDirectory();
  const path = `${place.path}/pass`;
  Deno.writeTextFileSync(path, "*:*:*:*:geheim");
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610]) {
    Deno.chmodSync(path, mode);
    refuses(path, "untrusted_path", /users other than its owner have access: chmod 600/);
  }
  Deno.chmodSync(path, 0o600);
  Deno.chmodSync(place.path, 0o777);
  refuses(path, "untrusted_path", /others can put files there/);
  Deno.chmodSync(place.path, 0o700);
  Deno.chmodSync(path, 0o400);
  assert.equal(readPassFile(path, KEY)?.reveal(), "geheim");
});

Deno.test("a passfile that is no file, or too large, is refused", async () => {
  await using place = await makeTestDirectory();
  const path = `${place.path}/pass`;
  refuses(path, "database_refused", /cannot use the passfile .*: there is no such file/);
  Deno.mkdirSync(path);
  refuses(path, "database_refused", /not a regular file/);
  Deno.removeSync(path);
  await new Deno.Command("mkfifo", { args: ["-m", "600", path] }).output();
  refuses(path, "database_refused", /not a regular file/);
  Deno.removeSync(path);
  Deno.writeTextFileSync(path, "*:*:*:*:geheim\n".padEnd(1024 * 1024 + 1, "#"), { mode: 0o600 });
  refuses(path, "database_refused", /larger than 1048576 bytes/);
});

testWith(["root"], "a passfile of another user is refused", async () => {
  await using place = await makeTestDirectory();
  const path = `${place.path}/pass`;
  Deno.writeTextFileSync(path, "*:*:*:*:geheim", { mode: 0o600 });
  Deno.chownSync(path, 65534, 65534);
  refuses(path, "untrusted_path", /belongs to uid 65534/);
});

function refuses(path: string, code: string, message: RegExp): void {
  assert.throws(() => readPassFile(path, KEY), (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("geheim"));
    return true;
  });
}
