import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import fc from "fast-check";
import { networkOf, networksOf } from "../../../src/core/network.ts";
import { anyText, holds, textWith } from "../../lab/fuzz.ts";

/** The eight groups of an address, often with several zeros in a row. */
const groups: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(
    fc.constantFrom(0, 0, 1, 0xffff),
    fc.integer({ max: 0xffff, min: 0 }),
  ),
  { minLength: 8, maxLength: 8 },
);

/** One of the ways to write an IPv6 address (RFC 4291 section 2.2), chosen by a number. */
function spelled(groups: readonly number[], pick: number): string {
  const hex = groups.map((group, i) => {
    const plain = group.toString(16).padStart(1 + ((pick >> i) & 3), "0");
    return (pick >> (8 + i)) & 1 ? plain.toUpperCase() : plain;
  });
  const starts = groups.keys().filter((i) => groups[i] === 0).toArray();
  const start = starts[pick % (starts.length + 1)];
  if (start === undefined) return hex.join(":");
  let end = start;
  while (groups[end] === 0 && (end === start || (pick >> end) & 7)) end++;
  return `${hex.slice(0, start).join(":")}::${hex.slice(end).join(":")}`;
}

/** The first 64 bits of an address as a number, however it is written. */
function first64Bits(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const read = (text: string | undefined) =>
    (text ? text.split(":") : []).map((group) => BigInt(`0x${group}`));
  const [before, after] = [read(head), read(tail)];
  const bits = (groups: bigint[]) => groups.reduce((sum, group) => sum << 16n | group, 0n);
  const shift = BigInt(16 * (8 - before.length));
  return (bits(before) << shift | bits(after)) >> 64n;
}

Deno.test("networkOf gives the first 64 bits of an IPv6 address, however it is written", () => {
  holds(
    fc.property(groups, fc.nat(), fc.nat(), (groups, one, other) => {
      // Mapped IPv4 addresses are written with dots.
      fc.pre(groups.slice(0, 5).some((group) => group !== 0));
      const [address, same] = [spelled(groups, one), spelled(groups, other)];
      assert(isIPv6(address), address);
      const network = networkOf(address);
      assert(network.endsWith("::/64"));
      assert.equal(
        first64Bits(network.replace("/64", "")),
        first64Bits(address),
      );
      assert.equal(networkOf(same), network);
      assert.equal(networkOf(`${address}%eth0`), network);
    }),
    500,
  );
});

Deno.test("networkOf groups addresses exactly when their first 64 bits agree", () => {
  holds(fc.property(groups, groups, fc.nat(), fc.nat(7), (a, b, pick, i) => {
    fc.pre(a[0] !== 0);
    const neighbour = [...a.slice(0, 4), ...b.slice(4)];
    assert.equal(networkOf(spelled(neighbour, pick)), networkOf(spelled(a, 0)));
    const other = a.with(i, a[i]! ^ 1);
    fc.pre(other[0] !== 0);
    const isSame = networkOf(spelled(other, pick)) === networkOf(spelled(a, 0));
    assert.equal(isSame, i >= 4);
  }));
});

Deno.test("networksOf gives the networks of a table, the narrowest first", () => {
  const table: [string | null, string[]][] = [
    ["192.0.2.1", ["192.0.2.1", "192.0.2.0/24"]],
    ["::ffff:192.0.2.1", ["192.0.2.1", "192.0.2.0/24"]],
    ["::ffff:c000:201", ["192.0.2.1", "192.0.2.0/24"]],
    ["64:ff9b::192.0.2.1", ["192.0.2.1", "192.0.2.0/24"]],
    ["64:ff9b::c000:201", ["192.0.2.1", "192.0.2.0/24"]],
    ["0064:FF9B:0:0:0:0:C000:0201", ["192.0.2.1", "192.0.2.0/24"]],
    // Another network's own NAT64 prefix (RFC 8215) may carry the address elsewhere.
    ["64:ff9b:1::192.0.2.1", ["64:ff9b:1:0::/64", "64:ff9b:1:0::/56", "64:ff9b:1::/48"]],
    ["64:ff9b::1:c000:201", ["64:ff9b:0:0::/64", "64:ff9b:0:0::/56", "64:ff9b:0::/48"]],
    ["2001:db8:1:234::9", ["2001:db8:1:234::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]],
    ["2001:0DB8:0001:0002::9", ["2001:db8:1:2::/64", "2001:db8:1:0::/56", "2001:db8:1::/48"]],
    ["2001:db8::1", ["2001:db8:0:0::/64", "2001:db8:0:0::/56", "2001:db8:0::/48"]],
    ["::1", ["0:0:0:0::/64", "0:0:0:0::/56", "0:0:0::/48"]],
    ["fe80::1%eth0", ["fe80:0:0:0::/64", "fe80:0:0:0::/56", "fe80:0:0::/48"]],
    [null, []],
  ];
  for (const [address, networks] of table) {
    assert.deepEqual(networksOf(address), networks, String(address));
    assert.equal(networkOf(address), networks[0] ?? "unknown", String(address));
  }
});

Deno.test("networksOf counts an IPv4 address and its /24, however IPv6 carries it", () => {
  holds(fc.property(fc.ipV4(), fc.nat(255), fc.nat(3), fc.nat(255), (address, last, i, byte) => {
    const hex = new Uint8Array(address.split(".").map(Number)).toHex();
    const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`;
    const spellings = ["::ffff:", "::FFFF:", "64:ff9b::", "0064:ff9b:0:0:0:0:"]
      .flatMap((prefix) => [`${prefix}${address}`, `${prefix}${groups}`]);
    const networks = networksOf(address);
    assert.equal(networks[0], address);
    for (const same of spellings) assert.deepEqual(networksOf(same), networks, same);
    const neighbour = address.replace(/[0-9]+$/, String(last));
    assert.equal(networksOf(neighbour)[1], networks[1]);
    const other = address.split(".").with(i, String(byte)).join(".");
    const isNear = i === 3 || address.split(".")[i] === String(byte);
    assert.equal(networksOf(other)[1] === networks[1], isNear);
  }));
});

Deno.test("networksOf puts addresses together exactly when as many bits agree as a network has", () => {
  const lengths = [64, 56, 48];
  holds(
    fc.property(groups, fc.nat(127), fc.nat(), (groups, bit, pick) => {
      fc.pre(groups[0] !== 0 && groups[0] !== 0x64);
      const other = groups.with(bit >> 4, groups[bit >> 4]! ^ (0x8000 >> (bit & 15)));
      fc.pre(other[0] !== 0 && other[0] !== 0x64);
      const [one, two] = [networksOf(spelled(groups, pick)), networksOf(spelled(other, 0))];
      for (const [i, length] of lengths.entries()) {
        assert(one[i]!.endsWith(`::/${length}`));
        assert.equal(one[i] === two[i], bit >= length, `bit ${bit}, /${length}`);
      }
    }),
    500,
  );
});

Deno.test("networkOf uses an IPv4 address as a whole", () => {
  holds(fc.property(fc.ipV4(), (address) => assert.equal(networkOf(address), address)));
});

Deno.test("networksOf never throws, whatever the text", () => {
  const text = fc.oneof(
    anyText,
    textWith(":", "::", "%", ".", "0", "ffff", "fffff", "::ffff:", "64:ff9b::", "1.2.3.4"),
    fc.array(fc.constantFrom("a:", "a:", "::"), { maxLength: 40, size: "max" })
      .map((parts) => parts.join("")),
  );
  holds(
    fc.property(text, (text) => {
      assert.equal(typeof networkOf(text), "string");
      assert([2, 3].includes(networksOf(text).length));
    }),
    500,
  );
});
