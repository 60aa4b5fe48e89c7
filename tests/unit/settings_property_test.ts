import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Failure } from "../../src/core/failure.ts";
import { readSetting, readSettings, SETTINGS } from "../../src/settings.ts";
import { anyText, holds, textWith } from "../lab/fuzz.ts";
import { unquote } from "../lab/logfmt.ts";

/** What docs/settings.md promises for each setting: the values of the texts that it allows. */
const DOCUMENTED: Record<
  keyof typeof SETTINGS,
  (text: string) => unknown
> = {
  database: postgresUrl,
  databaseTimeoutSeconds: whole(1, 60),
  challengeTimeout: whole(1, 86_400),
  challengeText: line(234),
  challengeMethods: (text) => {
    const names = text.split(",").map((name) => name.trim());
    const isKnown = names.every((name) => ["crtext", "static", "dynamic", "append"].includes(name));
    const isOnce = new Set(names).size === names.length;
    const isReached = !/dynamic.*append/.test(text);
    return isKnown && isOnce && isReached ? names : undefined;
  },
  appendPosition: (text) => ["suffix", "prefix"].includes(text) ? text : undefined,
  bindAddress: (text) => ({ yes: true, no: false } as never)[text],
  commonName: (text) => ["any", "same", "same-ignoring-case"].includes(text) ? text : undefined,
  unenrolled: (text) => ["deny", "allow"].includes(text) ? text : undefined,
  tokenDbPath: path,
  keyFile: path,
  primaryAuth: (text) => ["pam", "external"].includes(text) ? text : undefined,
  issuerName: (text) => text.includes(":") ? undefined : line(128)(text),
  pamService: (text) =>
    [...text].every((c) => LETTERS.includes(c)) && text.length <= 64 &&
      text !== "" && !".-".includes(text[0]!)
      ? text
      : undefined,
  driftSteps: whole(0, 10),
  maxFailures: whole(1, 100),
  pamTimeoutSeconds: whole(1, 300),
  lockoutSeconds: whole(1, 3600),
  freePasswords: whole(1, 100),
  maxWaitSeconds: whole(1, 600),
  auditDays: whole(1, 3650),
  auditRows: whole(100, 10_000_000),
  log: (text) => ["stderr", "syslog"].includes(text) ? text : path(text),
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
  "0123456789_.-";

/** Generated texts are no URLs, but for those of one form. */
function postgresUrl(text: string): string | undefined {
  return /^postgres(ql)?:\/\/[a-z0-9]+@[a-z0-9]+\/[a-z0-9]+$/.test(text) ? text : undefined;
}

function whole(least: number, most: number) {
  // Leading zeros do no harm, up to nine digits.
  return (text: string) => {
    const plain = text.length <= 9 ? text.replace(/^0+(?=.)/, "") : text;
    const number = Number(plain);
    return `${number}` === plain && Number.isInteger(number) &&
        number >= least && number <= most
      ? number
      : undefined;
  };
}

function isOneLine(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return !/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(text);
}

function line(maxBytes: number) {
  return (text: string) =>
    isOneLine(text) && /\S/.test(text) && Buffer.byteLength(text) <= maxBytes ? text : undefined;
}

function path(text: string): string | undefined {
  return /^\/.*[^/]$/u.test(text) && isOneLine(text) &&
      Buffer.byteLength(text) <= 500
    ? text
    : undefined;
}

/** The limits of all settings, and the values just beyond them. */
const limit = fc.constantFrom(
  ...["-1", "0", "1", "10", "11", "99", "100", "101", "3600", "3601"],
  ...["3650", "3651", "86400", "86401", "10000000", "10000001"],
);
const number = fc.oneof(
  fc.integer({ min: -5, max: 120 }),
  fc.integer(),
  fc.double(),
);
/** As many bytes as a limit allows, and a few more or fewer. */
const long = fc.tuple(
  fc.constantFrom("", "/"),
  fc.constantFrom(64, 128, 234, 500),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom("a", "é"),
).map(([start, bytes, more, letter]) => {
  const length = bytes + more - start.length;
  return start + letter.repeat(length / Buffer.byteLength(letter));
});
const text = fc.oneof(
  { arbitrary: limit, weight: 4 },
  { arbitrary: long, weight: 6 },
  {
    arbitrary: fc.string({ unit: fc.constantFrom(..."a0_.-/ "), maxLength: 6 }),
    weight: 2,
  },
  number.map(String),
  number.map((number) => `00${number}`),
  textWith("1", "0", "9", "-", ".", "e", " ", "\n", "٣", "１"),
  textWith("/", "a", "..", "stderr", "pam", "\0", "\n", ":", "é", " "),
  fc.constantFrom("stderr", "syslog", "pam", "external", "x".repeat(1e6)),
  fc.tuple(fc.nat(520), fc.constantFrom("a", "é", "山", "\u{1f600}"))
    .map(([length, letter]) => letter.repeat(length)),
  anyText,
);

for (const [key, documented] of Object.entries(DOCUMENTED)) {
  const setting = SETTINGS[key as keyof typeof SETTINGS];
  const read = (text: string) => (name: string) => name === setting.name ? text : undefined;

  Deno.test(`${setting.name} is what docs/settings.md allows, or a failure that names it`, () => {
    holds(
      fc.property(text, (text) => {
        const expected = documented(text);
        if (expected !== undefined) {
          const value = readSetting<unknown>(setting, read(text));
          assert.equal(value, expected);
          const all = Object.values(readSettings(read(text)))
            .flatMap((value) => typeof value === "object" && value ? Object.values(value) : value);
          // Where the database is has a form of its own.
          assert(all.includes(expected) || setting.name.startsWith("totpDatabase"));
          return;
        }
        assert.throws(() => readSettings(read(text)), (error) => {
          assert(error instanceof Failure && error.code === "bad_setting");
          if (setting.objection !== undefined) {
            // What may have a password in it is not repeated.
            assert(error.message.startsWith(`${setting.name} is not allowed: `));
            return true;
          }
          const [, name, value] = error.message.match(/^(\w+) is (".*"), expected \S/) ?? [];
          assert.equal(name, setting.name);
          const shown = unquote(value!).replace(/… \(\d+ characters\)$/, "");
          assert(text.startsWith(shown));
          assert(shown === text || [...shown].length === 256);
          return true;
        });
      }),
    );
  });
}
