import assert from "node:assert/strict";
import fc from "fast-check";
import { readPickle } from "../../../src/migration/pickle.ts";
import { mustRun } from "../../lab/command.ts";
import { holds } from "../../lab/fuzz.ts";
import { testWith } from "../../lab/requirements.ts";
import {
  assertReadOrRefused,
  assertRefused,
  bytes,
  SECRET,
  SECRET_BYTES,
  secretsIn,
} from "./readings.ts";

/** Pickles of a Python expression, in each protocol. */
async function pickled(expression: string): Promise<Uint8Array[]> {
  const script = `import pickle, sys
value = eval(sys.stdin.read())
print("\\n".join(pickle.dumps(value, p).hex() for p in range(6)))`;
  const stdout = await mustRun("python3", ["-c", script], {
    stdin: expression,
  });
  return stdout.trim().split("\n").map((hex) => Uint8Array.fromHex(hex));
}

const AWKWARD = [
  "alice",
  "o'hara",
  'say "x"',
  "a b",
  "back\\slash",
  "\\u0041",
  "\\\\U1",
  "zoë",
  "山田",
  "😀",
  "x".repeat(255),
  "user@example.com",
  "a:b",
  "#",
  "é",
];

testWith(["python3"], "readPickle reads what Python writes", async () => {
  const dict = Object.fromEntries(AWKWARD.map((name) => [name, SECRET]));
  for (const pickle of await pickled(JSON.stringify(dict))) {
    assert.deepEqual(
      secretsIn(readPickle(pickle)),
      Object.fromEntries(AWKWARD.map((name) => [name, SECRET_BYTES.toHex()])),
    );
  }
});

testWith(["python3"], "readPickle reads many users, and none", async () => {
  const many = `{"user%d" % i: "${SECRET}" for i in range(2500)}`;
  for (const pickle of await pickled(many)) {
    assert.equal(readPickle(pickle).users.length, 2500);
  }
  for (const pickle of await pickled("{}")) {
    assert.deepEqual(readPickle(pickle).users, []);
  }
});

testWith(
  ["python3"],
  "readPickle agrees with Python on any name",
  async () => {
    const names = fc.sample(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      { numRuns: 200, seed: 7 },
    );
    const dict = Object.fromEntries(names.map((name) => [name, SECRET]));
    const expected = new Set(Object.keys(dict));
    for (const pickle of await pickled(JSON.stringify(dict))) {
      const { users, obstacles } = readPickle(pickle);
      const read = [...users, ...obstacles].map(({ username }) => username);
      assert.deepEqual(new Set(read), expected);
    }
  },
);

Deno.test("readPickle reads the texts of Python 2", () => {
  // cPickle.dumps({"zo\xc3\xab": …}) of protocols 0 and 2
  const read = (text: string) =>
    secretsIn(readPickle(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  const expected = { "zoë": SECRET_BYTES.toHex() };
  assert.deepEqual(
    read(`(dp1\nS'zo\\xc3\\xab'\np2\nS'${SECRET}'\np3\ns.`),
    expected,
  );
  assert.deepEqual(
    read(`\x80\x02}q\x01U\x04zo\xc3\xabq\x02U\x20${SECRET}q\x03s.`),
    expected,
  );
  assert.deepEqual(
    read(`}T\x04\x00\x00\x00zo\xc3\xabX\x20\x00\x00\x00${SECRET}s.`),
    expected,
  );
  assert.deepEqual(read(`(S"o'h\\141ra"\nV${SECRET}\nd.`), {
    "o'hara": SECRET_BYTES.toHex(),
  });
  const keep = `\x80\x03}r\x00\x01\x00\x00h\x00.`;
  assertRefused(() => readPickle(bytes(keep)), /recall|UTF-8|cut|opcode/);
});

testWith(
  ["python3"],
  "readPickle refuses whatever is not a dictionary of texts, by name",
  async () => {
    const refusals: [string, RegExp][] = [
      [`[1]`, /EMPTY_LIST|LIST/],
      [`{"a": 1}`, /INT/],
      [`{"a": None}`, /NONE/],
      [`{"a": b"x"}`, /BYTES|GLOBAL/],
      [`{"a": {"b": "c"}}`, /other than strings/],
      [`{("a",): "c"}`, /TUPLE|mark|other than|opcode/],
      [`"${SECRET}"`, /not a dictionary/],
      [
        `type("X", (), {"__reduce__": lambda s: (print, ("${SECRET}",))})()`,
        /GLOBAL/,
      ],
      [`__import__("collections").OrderedDict(a="${SECRET}")`, /GLOBAL/],
      [`{"a\\ud800": "${SECRET}"}`, /UTF-8|half/],
    ];
    for (const [expression, reason] of refusals) {
      for (const pickle of await pickled(expression)) {
        assertRefused(() => readPickle(pickle), reason);
      }
    }
  },
);

Deno.test("readPickle refuses what is truncated, too long, or newer", () => {
  const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const refused = (text: string, reason: RegExp) =>
    assertRefused(() => readPickle(latin1(text)), reason);
  refused("", /cut short/);
  refused("\x80\x06}.", /newer/);
  refused("}.}", /data after its end/);
  refused("}}.", /not a dictionary/);
  refused("u.", /mark is missing/);
  refused("}(X\x01\x00\x00\x00au.", /no value/);
  refused("}X\xff\xff\xff\xffa", /cut short/);
  refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xffa", /cut short/);
  refused("\x95\xff\x00\x00\x00\x00\x00\x00\x00}.", /cut short/);
  refused("\xfe.", /opcode 0xfe, which does not exist/);
  refused("cos\nsystem\n(S'id'\ntR.", /GLOBAL/);
  refused("}p99999999999\n.", /number/);
  refused("S'a\\\n", /quotes|escape/);
  refused("V\\u12\n", /escape/);
  refused("V\\U00110000\n", /escape/);
  refused("(".repeat(300_000), /too deep/);
  refused(`}${"\x94".repeat(300_000)}.`, /stores too many/);
  refused(`(dV${"a".repeat(70_000)}\n`, /too long/);
  refused(`}(${"}".repeat(300_000)}`, /too deep/);
});

const OPCODES = [
  ..."\x80\x02\x95}(dsu.pqrghj\x94XUTVS\x8c\x8dcRb'\\u0041\n\x01\x04",
];

Deno.test("readPickle reads any bytes or refuses them", () => {
  const byte = fc.oneof(
    fc.constantFrom(...OPCODES).map((c) => c.charCodeAt(0)),
    fc.nat(255),
  );
  holds(
    fc.property(fc.array(byte, { maxLength: 60 }), (content) => {
      assertReadOrRefused(() => readPickle(Uint8Array.from(content)));
    }),
    3000,
  );
});

Deno.test("readPickle reads no modified pickle as another dictionary's users", () => {
  const pickle = Uint8Array.from(
    `\x80\x02}q\x00(X\x05\x00\x00\x00aliceq\x01X\x20\x00\x00\x00${SECRET}q\x02u.`,
    (c) => c.charCodeAt(0),
  );
  assert.deepEqual(secretsIn(readPickle(pickle)), {
    alice: SECRET_BYTES.toHex(),
  });
  holds(
    fc.property(fc.nat(pickle.length - 1), fc.nat(255), (at, byte) => {
      const changed = pickle.with(at, byte);
      assertReadOrRefused(() => readPickle(changed));
      assertReadOrRefused(() => readPickle(pickle.slice(0, at)));
    }),
    1000,
  );
});
