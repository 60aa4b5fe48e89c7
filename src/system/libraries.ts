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
    const { symbols: functions, close } = Deno.dlopen(path, plainly(symbols));
    return { symbols: unpacked(functions, symbols), close };
  } catch (error) {
    const cause = error instanceof Error ? error.message : "unknown error";
    throw new Failure("library_missing", `cannot load ${path}: ${cause}`);
  }
}

/** Numbers that a function may take, and how each lies in the memory. */
const NUMBERS = {
  i32: (value: number | bigint) => new Int32Array([Number(value)]),
  u32: (value: number | bigint) => new Uint32Array([Number(value)]),
  usize: (value: number | bigint) => new BigUint64Array([BigInt(value)]),
};

/** The first parameter of a function that is one of {@link NUMBERS}; -1 for none. */
function firstNumber(symbol: Deno.ForeignFunction | Deno.ForeignStatic): number {
  if (!("parameters" in symbol) || symbol.nonblocking) return -1;
  return symbol.parameters.findIndex((type) => typeof type === "string" && type in NUMBERS);
}

/**
 * Has each function take a number as a structure of just that number, which the calling conventions of
 * both architectures pass in the same register. For a function without structures, Deno would compile
 * code that makes calls fast, which takes as long as thousands of calls: 0.15 ms for each function,
 * instead of 0.03 (measured).
 */
function plainly<S extends Deno.ForeignLibraryInterface>(symbols: S): S {
  const entries = Object.entries(symbols).map(([name, symbol]) => {
    const at = firstNumber(symbol);
    if (at === -1 || !("parameters" in symbol)) return [name, symbol];
    const parameters = symbol.parameters.with(at, { struct: [symbol.parameters[at]!] });
    return [name, { ...symbol, parameters }];
  });
  return Object.fromEntries(entries);
}

/** Functions of {@link plainly}, as the symbols declare them. */
function unpacked<S extends Deno.ForeignLibraryInterface>(
  functions: Deno.DynamicLibrary<S>["symbols"],
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] {
  const entries = Object.entries(symbols).map(([name, symbol]) => {
    const at = firstNumber(symbol);
    const call = functions[name as keyof S] as (...values: unknown[]) => unknown;
    if (at === -1 || !("parameters" in symbol)) return [name, call];
    const pack = NUMBERS[symbol.parameters[at] as keyof typeof NUMBERS];
    return [name, (...values: unknown[]) => {
      const { buffer } = pack(values[at] as number | bigint);
      return call(...values.with(at, new Uint8Array(buffer)));
    }];
  });
  return Object.fromEntries(entries);
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
