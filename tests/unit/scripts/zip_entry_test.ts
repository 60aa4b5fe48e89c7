import assert from "node:assert/strict";
import { crc32, deflateRawSync } from "node:zlib";
import { zipEntry } from "../../../scripts/base/zip_entry.ts";

const TEXT = new TextEncoder().encode("a base binary ".repeat(50));

/** A ZIP archive of files that all have the same content. */
function archiveOf(names: readonly string[], method: number): Uint8Array {
  const data = method === 8 ? deflateRawSync(TEXT) : TEXT;
  const local: number[] = [];
  const directory: number[] = [];
  for (const name of names) {
    const at = local.length;
    const common = [
      ...[...u16(20), ...u16(0), ...u16(method), ...u32(0), ...u32(crc32(TEXT))],
      ...[...u32(data.length), ...u32(TEXT.length), ...u16(name.length)],
    ];
    const bytes = [...new TextEncoder().encode(name)];
    local.push(...u32(0x04034b50), ...common, ...u16(3), ...bytes, 1, 2, 3, ...data);
    directory.push(...u32(0x02014b50), ...u16(20), ...common, ...u16(2), ...u16(1));
    directory.push(...u16(0), ...u16(0), ...u32(0), ...u32(at), ...bytes, 1, 2, 3);
  }
  const counts = [...u16(names.length), ...u16(names.length)];
  const end = [
    ...[...u32(0x06054b50), ...u32(0), ...counts, ...u32(directory.length)],
    ...[...u32(local.length), ...u16(0)],
  ];
  return new Uint8Array([...local, ...directory, ...end]);
}

function u16(value: number): number[] {
  return [value & 0xff, value >> 8];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}

for (const method of [0, 8]) {
  Deno.test(`zipEntry takes a file out of an archive (method ${method})`, () => {
    const archive = archiveOf(["README", "denort"], method);
    assert.deepEqual(zipEntry(archive, "denort"), new Uint8Array(TEXT));
  });
}

Deno.test("zipEntry refuses what it cannot read", () => {
  assert.throws(() => zipEntry(archiveOf(["other"], 8), "denort"), /has no file "denort"/);
  assert.throws(() => zipEntry(archiveOf(["denort"], 12), "denort"), /method 12/);
  assert.throws(() => zipEntry(new Uint8Array(100), "denort"), /no ZIP archive/);
});
