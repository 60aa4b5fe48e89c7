import assert from "node:assert/strict";
import type { EpochMs } from "../../../../src/core/epoch.ts";
import { readDenials } from "../../../../src/server_setup/apparmor/denials.ts";
import { gatherApparmor } from "../../../../src/server_setup/doctor/apparmor_facts.ts";
import { makeProfile, OPENVPN_PROFILE } from "../../../lab/apparmor.ts";
import { mustRun } from "../../../lab/command.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { JOURNAL_WRITER, testWith } from "../../../lab/requirements.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";

/** After all refusals here. */
const NOW = 2_000_000_000_000 as EpochMs;

/** What the kernel says about a refusal, after what a log puts in front. */
function record(second: number, name = `"${PROGRAM}"`, profile = "openvpn"): string {
  return `audit(${second}.123:${second % 1000}): apparmor="DENIED" operation="exec" class="file" ` +
    `profile="${profile}" name=${name} pid=42 comm="openvpn" requested_mask="x" denied_mask="x" ` +
    "fsuid=0 ouid=0";
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
}

/** Whatever a kernel with AppArmor says, below a root. */
async function makeKernel(root: string, profiles: string | null): Promise<void> {
  await write(`${root}/sys/module/apparmor/parameters/enabled`, "Y\n");
  if (profiles === null) return;
  await write(`${root}/sys/kernel/security/apparmor/profiles`, profiles);
}

Deno.test("facts on AppArmor: whether the kernel uses it, and its profiles", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  assert.equal(gatherApparmor(() => [], NOW, root), null);
  await makeKernel(root, null);
  const bare = gatherApparmor(() => [], NOW, root)!;
  assert.deepEqual([bare.profile, bare.loaded, bare.denials], [null, null, []]);
  assert.equal(bare.hasFile, false);
  await makeProfile(root, "# nothing\n");
  const empty = gatherApparmor(() => [], NOW, root)!;
  assert.deepEqual([empty.profile, empty.hasFile], [null, true]);

  await makeProfile(root);
  await write(`${root}/etc/apparmor.d/local/openvpn`, `${PROGRAM} PUx,\n`);
  await makeKernel(root, "man (enforce)\nopenvpn (complain)\n/usr/sbin/x y (enforce)\n");
  const facts = gatherApparmor(() => [], NOW, root)!;
  assert.deepEqual([...facts.loaded!], [
    ["man", "enforce"],
    ["openvpn", "complain"],
    ["/usr/sbin/x y", "enforce"],
  ]);
  assert.equal(facts.profile!.name, "openvpn");
  const patterns = facts.profile!.rules.map(({ pattern }) => pattern);
  for (const one of ["/dev/net/tun", "/etc/hosts", PROGRAM]) assert(patterns.includes(one), one);
  assert.deepEqual(facts.profile!.attachments, ["/usr/sbin/openvpn"]);
  const before = "profile helper /usr/lib/helper {\n /a r,\n}\n";
  await makeProfile(root, OPENVPN_PROFILE.replace("profile openvpn", `${before}$&`));
  assert.deepEqual(
    gatherApparmor(() => [], NOW, root)!.profile!.rules.map(({ pattern }) => pattern),
    patterns,
  );
  await makeProfile(root, "@{bin}=/bin/ /usr/bin/\nprofile openvpn @{bin}/openvpn {\n}\n");
  const { attachments } = gatherApparmor(() => [], NOW, root)!.profile!;
  assert.deepEqual(attachments, ["/bin/openvpn", "/usr/bin/openvpn"]);
});

Deno.test("rules that cannot be read, or are too many, are not judged", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  await makeKernel(root, "openvpn (enforce)\n");
  const header = "profile openvpn /usr/sbin/openvpn {\n";
  await makeProfile(root, `${header}include if exists <gone>\ninclude <x.d>\n${PROGRAM} PUx,\n}\n`);
  await write(`${root}/etc/apparmor.d/x.d/one`, "/x r,\n");
  const whole = gatherApparmor(() => [], NOW, root)!;
  assert.deepEqual([whole.trouble, whole.profile!.rules.length], [null, 2]);
  await Deno.symlink("/nowhere", `${root}/etc/apparmor.d/x.d/two`);
  const unread = gatherApparmor(() => [], NOW, root)!;
  assert.match(unread.trouble!, /^AppArmor's rules in "\S+\/x\.d" cannot be read: /);
  const { profile } = unread;
  assert.deepEqual(profile, { ...whole.profile!, rules: [] });
  await makeProfile(root, `${header}${"/x r,\n".repeat(20_001)}}\n`);
  assert.match(gatherApparmor(() => [], NOW, root)!.trouble!, /has more .* cannot be judged/);
});

Deno.test("refusals count that are younger than the rules, and not of the future", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  await makeKernel(root, "openvpn (enforce)\n");
  await makeProfile(root);
  const local = `${root}/etc/apparmor.d/local/openvpn`;
  await write(local, "");
  // As a package or a copy leaves them: the content is older than the file.
  const last = `${root}/etc/apparmor.d/openvpn`;
  for (const path of [local, last]) await Deno.utime(path, 500, 500);
  const changed = Math.floor(Deno.statSync(last).ctime!.getTime() / 1000);
  await write(
    `${root}/var/log/kern.log`,
    [501, changed - 1, changed + 1, changed + 3, 99_999_999_999].map((second) =>
      `kernel: audit: type=1400 ${record(second)}\n`
    ).join(""),
  );
  const { denials } = gatherApparmor(() => [], (changed + 2) * 1000 as EpochMs, root)!;
  assert.deepEqual(denials, [{ second: changed + 1, operation: "exec", name: PROGRAM }]);
});

Deno.test("refusals are read from the ends of logs, each once, whatever else is there", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  const hex = new TextEncoder().encode("/tmp/openvpn_\x1b\n.tmp").toHex().toUpperCase();
  await write(
    `${root}/var/log/syslog`,
    [
      `Nov 26 host kernel: [1.2] audit: type=1400 ${record(1001)}`,
      `Nov 26 host kernel: [1.2] audit: type=1400 ${record(1002, hex)}`,
      `Nov 26 host kernel: ${record(1003, '"/x"', "other")}`,
      `Nov 26 host kernel: ${record(1004).replace("DENIED", "ALLOWED")}`,
      `Nov 26 host evil: audit(99999999999999.1:1): ${record(1)}`,
      'Nov 26 host evil: audit(1005.123:5): apparmor="DENIED" profile="openvpn" name=\x1b[2J',
      "\xff\0\n",
    ].join("\n"),
  );
  await write(`${root}/var/log/audit/audit.log`, `type=AVC msg=${record(1001)}\n`);
  await Deno.mkdir(`${root}/var/log/kern.log`);
  assert.deepEqual(readDenials("openvpn", root), [
    { second: 1, operation: "exec", name: PROGRAM },
    { second: 1001, operation: "exec", name: PROGRAM },
    { second: 1002, operation: "exec", name: "/tmp/openvpn_\x1b\n.tmp" },
    { second: 1005, operation: "", name: "" },
  ]);

  const filler = "x".repeat(5 * 1024 * 1024);
  await write(`${root}/var/log/syslog`, `${record(1010)}\n${filler}\n${record(1011)}\n`);
  const seconds = readDenials("openvpn", root).map(({ second }) => second);
  assert.deepEqual(seconds, [1001, 1011]);
});

Deno.test("of a flood of refusals, the last ones are kept", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  const records = Array.from(
    { length: 25_000 },
    (_, i) => `audit(${1_000 + i}.123:1): apparmor="DENIED" profile="openvpn"\n`,
  );
  await write(`${root}/var/log/syslog`, records.join(""));
  const denials = readDenials("openvpn", root);
  assert.deepEqual([denials.length, denials[0]?.second], [10_000, 16_000]);
  assert.equal(denials.at(-1)?.second, 25_999);
});

testWith(["journal"], "refusals are read from a journal's file", async () => {
  await using directory = await makeTestDirectory();
  const { path: root } = directory;
  const journal = `${root}/var/log/journal/0123456789abcdef0123456789abcdef/system.journal`;
  await Deno.mkdir(journal.slice(0, journal.lastIndexOf("/")), { recursive: true });
  const entries = [1001, 1002, 1003].map((second) =>
    [
      `__REALTIME_TIMESTAMP=${second}000000`,
      `__MONOTONIC_TIMESTAMP=${second}`,
      "_BOOT_ID=0123456789abcdef0123456789abcdef",
      "_TRANSPORT=kernel",
      `MESSAGE=audit: type=1400 ${record(second)}`,
      "",
      "",
    ].join("\n")
  );
  await mustRun(JOURNAL_WRITER, ["-o", journal, "-"], { stdin: entries.join("") });
  assert.deepEqual(
    readDenials("openvpn", root).map(({ second, name }) => [second, name]),
    [1001, 1002, 1003].map((second) => [second, PROGRAM]),
  );
  // One that is cut off, or no journal at all, says nothing.
  for (const size of [100, 143, 300]) {
    await Deno.truncate(journal, size);
    assert.deepEqual(readDenials("openvpn", root), [], String(size));
  }
  await Deno.writeFile(journal, new TextEncoder().encode("LPKSHHRH".padEnd(200, "\xff")));
  assert.deepEqual(readDenials("openvpn", root), []);
});
