/** Offsets in a 64-bit ELF header (elf(5)). */
const SECTION_HEADERS = 0x28;
const SECTION_HEADER_SIZE = 0x3a;
const SECTION_HEADER_COUNT = 0x3c;

/** Where the architecture is, and its numbers. */
const MACHINE = 0x12;
const MACHINES: Record<number, string> = { 62: "x86_64", 183: "aarch64" };

/** "\x7fELF", 64 bits, little-endian. */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46, 2, 1];

/**
 * The length of the ELF image that a file begins with: linkers put the table of section headers last,
 * and `deno compile` appends its data behind it.
 *
 * @param file at least the file's first 64 bytes
 * @throws Error if it is no 64-bit little-endian ELF file
 */
export function elfLength(file: Uint8Array): number {
  const view = viewOf(file);
  const size = view.getUint16(SECTION_HEADER_SIZE, true);
  const count = view.getUint16(SECTION_HEADER_COUNT, true);
  return Number(view.getBigUint64(SECTION_HEADERS, true)) + size * count;
}

/**
 * The architecture that an ELF file is for: `x86_64`, `aarch64`, or the number that elf.h has.
 *
 * @param file at least the file's first 64 bytes
 * @throws Error if it is no 64-bit little-endian ELF file
 */
export function elfArchitecture(file: Uint8Array): string {
  const machine = viewOf(file).getUint16(MACHINE, true);
  return MACHINES[machine] ?? `ELF machine ${machine}`;
}

function viewOf(file: Uint8Array): DataView {
  if (file.length < 64 || MAGIC.some((byte, i) => file[i] !== byte)) {
    throw new Error("this is no 64-bit ELF file");
  }
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

/**
 * The version of Deno that a base binary is of: the one by which it calls itself to web servers, which
 * also stands before the hash of a commit. Others are of libraries.
 *
 * @throws Error if there is no such version, or several
 */
export function denoVersionIn(base: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(base);
  const found = (form: RegExp) => new Set([...text.matchAll(form)].map(([, version]) => version!));
  const [version, ...others] = found(/Deno\/(\d+\.\d+\.\d+)/g)
    .intersection(found(/(\d+\.\d+\.\d+)\+[0-9a-f]{7}/g));
  if (version !== undefined && others.length === 0) return version;
  throw new Error("it names no version of Deno, or several: this is no denort");
}
