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
    const library = Deno.dlopen(path, plainly(symbols));
    return { symbols: unpacked(library.symbols, symbols), close: () => library.close() };
  } catch (error) {
    const cause = error instanceof Error ? error.message : "unknown error";
    throw new Failure("library_missing", `cannot load ${path}: ${cause}`);
  }
}

/** How numbers lie in the memory. */
const NUMBERS = {
  i32: Int32Array,
  u32: Uint32Array,
  usize: BigUint64Array,
} as const;

type NumberType = keyof typeof NUMBERS;

/** A function, before and after {@link plainly}. */
interface PlainFunction {
  parameters: readonly unknown[];
  result: unknown;
  nonblocking?: boolean;
}

type Call = (...values: unknown[]) => unknown;

/** Where a function has a number: the parameter's place, or its result. */
type NumberPlace = { parameter: number; type: NumberType } | { result: NumberType };

/**
 * The first number that a function takes, otherwise the one that it gives; null for a function in a
 * thread of its own, and for what is no function.
 */
function numberOf(symbol: Deno.ForeignFunction | Deno.ForeignStatic): NumberPlace | null {
  if (!("parameters" in symbol) || symbol.nonblocking) return null;
  const parameter = symbol.parameters.findIndex(isNumber);
  const type = symbol.parameters[parameter];
  if (isNumber(type)) return { parameter, type };
  if (isNumber(symbol.result)) return { result: symbol.result };
  throw new TypeError("a function must take or give a number");
}

function isNumber(type: unknown): type is NumberType {
  return typeof type === "string" && type in NUMBERS;
}

/**
 * Has each function take or give a number as a structure of just that number, which the calling
 * conventions of both architectures pass in the same register. For a function without structures, Deno
 * would compile code that makes calls fast. That takes as long as thousands of calls (0.15 ms for each
 * function instead of 0.03, measured), and needs memory that is written and then executed, which a
 * system may refuse.
 */
function plainly<S extends Deno.ForeignLibraryInterface>(symbols: S): S {
  const entries = Object.entries(symbols).map(([name, symbol]) => {
    const place = numberOf(symbol);
    if (place === null) return [name, symbol];
    const { parameters, result } = symbol as PlainFunction;
    if ("result" in place) return [name, { ...symbol, result: { struct: [result] } }];
    const packed = { struct: [place.type] };
    return [name, { ...symbol, parameters: parameters.with(place.parameter, packed) }];
  });
  return Object.fromEntries(entries);
}

/** Functions of {@link plainly}, as the symbols declare them. */
function unpacked<S extends Deno.ForeignLibraryInterface>(
  functions: Deno.DynamicLibrary<S>["symbols"],
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] {
  const entries = Object.entries(symbols).map(([name, symbol]) => {
    const call = functions[name as keyof S] as Call;
    const place = numberOf(symbol);
    if (place === null) return [name, call];
    if ("result" in place) return [name, unpackingResult(call, place.result)];
    const { parameter, type } = place;
    return [name, (...values: unknown[]) => {
      return call(...values.with(parameter, packed(type, values[parameter])));
    }];
  });
  return Object.fromEntries(entries);
}

/** @throws TypeError if the value is none of its type, as Deno does for a bare number */
function packed(type: NumberType, value: unknown): Uint8Array {
  const numbers = new NUMBERS[type](1);
  const number = type === "usize" ? BigInt(value as bigint) : value as number;
  numbers[0] = number;
  if (numbers[0] !== number) throw new TypeError(`${String(value)} is not of the type ${type}`);
  return new Uint8Array(numbers.buffer);
}

function unpackingResult(call: Call, type: NumberType): Call {
  return (...values) => new NUMBERS[type]((call(...values) as Uint8Array<ArrayBuffer>).buffer)[0];
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
