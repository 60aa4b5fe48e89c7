import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import fc from "fast-check";
import { networkOf } from "../../../src/core/throttle.ts";
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

Deno.test("networkOf uses an IPv4 address as a whole, mapped into IPv6 or not", () => {
  holds(fc.property(fc.ipV4(), (address) => {
    assert.equal(networkOf(address), address);
    assert.equal(networkOf(`::ffff:${address}`), address);
    assert.equal(networkOf(`::FFFF:${address}`), address);
  }));
});

Deno.test("networkOf never throws, whatever the text", () => {
  const text = fc.oneof(
    anyText,
    textWith(":", "::", "%", ".", "0", "ffff", "fffff", "::ffff:", "1.2.3.4"),
    fc.array(fc.constantFrom("a:", "a:", "::"), { maxLength: 40, size: "max" })
      .map((parts) => parts.join("")),
  );
  holds(
    fc.property(text, (text) => {
      assert.equal(typeof networkOf(text), "string");
    }),
    500,
  );
});
