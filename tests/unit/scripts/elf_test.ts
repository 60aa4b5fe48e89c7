import assert from "node:assert/strict";
import { denoVersionIn, elfArchitecture, elfLength } from "../../../scripts/base/elf.ts";

Deno.test("elfLength finds the end of an image, whatever is behind it", async () => {
  const program = await Deno.readFile("/bin/true");
  assert.equal(elfLength(program), program.length);
  const longer = new Uint8Array(program.length + 100);
  longer.set(program);
  assert.equal(elfLength(longer), program.length);
});

Deno.test("elfLength refuses what is no ELF file", () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(100), new Uint8Array([0x7f, 0x45])]) {
    assert.throws(() => elfLength(bytes), /no 64-bit ELF file/);
  }
});

Deno.test("elfArchitecture reads what a file is for", async () => {
  const program = await Deno.readFile("/bin/true");
  assert.equal(elfArchitecture(program), Deno.build.arch);
  new DataView(program.buffer).setUint16(0x12, 243, true);
  assert.equal(elfArchitecture(program), "ELF machine 243");
});

Deno.test("denoVersionIn reads the one version that a base binary names", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const library = "Deno/0.80.0grpc 1.0.0+0123456";
  assert.equal(denoVersionIn(bytes(`${library} Deno/2.7.11 2.7.11+6ddbb09`)), "2.7.11");
  for (const text of ["nothing", library, "Deno/2.7.11 2.7.1+6ddbb09"]) {
    assert.throws(() => denoVersionIn(bytes(text)), /no denort/);
  }
});
