import { Failure } from "../core/failure.ts";

/** Where distributions keep the C library and libpam, by Deno's name of the architecture. */
const DIRECTORIES: Record<typeof Deno.build.arch, readonly string[]> = {
  x86_64: [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/usr/lib",
  ],
  aarch64: [
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/usr/lib",
  ],
};

/**
 * Opens a shared library by its absolute path in one of the system's library directories. A bare
 * name would be looked up in the current directory first, which an attacker may own.
 *
 * @param name file name, such as `libc.so.6`
 * @throws Failure `library_missing`
 */
export function openLibrary<const S extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: S,
): Deno.DynamicLibrary<S> {
  const directories = DIRECTORIES[Deno.build.arch];
  for (const directory of directories) {
    const path = `${directory}/${name}`;
    if (exists(path)) return load(path, symbols);
  }
  throw new Failure(
    "library_missing",
    `cannot find ${name} in ${directories.join(", ")}: install the package that contains it`,
  );
}

function load<const S extends Deno.ForeignLibraryInterface>(
  path: string,
  symbols: S,
): Deno.DynamicLibrary<S> {
  try {
    return Deno.dlopen(path, symbols);
  } catch (error) {
    const cause = error instanceof Error ? error.message : "unknown error";
    throw new Failure("library_missing", `cannot load ${path}: ${cause}`);
  }
}

/**
 * Gives up the right to load libraries and to touch memory, for the rest of the process. What was
 * opened before goes on working: only the functions that its symbol table names.
 */
export function sealForeignCode(): void {
  Deno.permissions.revokeSync({ name: "ffi" });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
