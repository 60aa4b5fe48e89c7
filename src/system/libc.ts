import { openLibrary } from "./libraries.ts";

/**
 * An address in this process's memory, 0n for NULL. Plain numbers rather than Deno's pointer objects:
 * those need the right to use foreign code at every step, which is given up early.
 */
export type Address = bigint;

/** Size of an address in memory, on both architectures; lowest byte first on both. */
export const ADDRESS_BYTES = 8;

const LIBC = "libc.so.6";

// Symbol tables, each parameter as in the C declaration; `usize` stands for pointers and size_t.
// A function takes Deno some 0.15 ms to bind, so each use has a table of its own.

const MEMORY = {
  // void *calloc(size_t nmemb, size_t size)
  calloc: { parameters: ["usize", "usize"], result: "usize" },
  // void free(void *ptr)
  free: { parameters: ["usize"], result: "void" },
  // void *memcpy(void *dest, const void *src, size_t n), in both directions
  read: {
    name: "memcpy",
    parameters: ["buffer", "usize", "usize"],
    result: "usize",
  },
  write: {
    name: "memcpy",
    parameters: ["usize", "buffer", "usize"],
    result: "usize",
  },
  // size_t strlen(const char *s)
  strlen: { parameters: ["usize"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

const ENVIRONMENT = {
  // char *getenv(const char *name)
  getenv: { parameters: ["buffer"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

const ACCOUNTS = {
  // struct passwd *getpwnam(const char *name)
  getpwnam: { parameters: ["buffer"], result: "usize" },
  // struct passwd *getpwuid(uid_t uid)
  getpwuid: { parameters: ["u32"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

const SYSTEM_LOG = {
  // void openlog(const char *ident, int option, int facility)
  openlog: { parameters: ["usize", "i32", "i32"], result: "void" },
  // void syslog(int priority, const char *format, ...), called with the format "%s" alone
  syslog: { parameters: ["i32", "buffer", "buffer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

const DUMPS = {
  // int setrlimit(__rlimit_resource_t resource, const struct rlimit *rlim)
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  // int prctl(int option, ...), called with one unsigned long
  prctl: { parameters: ["i32", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const PROCESS = {
  // unsigned int alarm(unsigned int seconds)
  alarm: { parameters: ["u32"], result: "u32" },
  // int __cxa_atexit(void (*func)(void *), void *arg, void *dso_handle)
  __cxa_atexit: { parameters: ["usize", "usize", "usize"], result: "i32" },
  // int __cxa_at_quick_exit(void (*func)(void *), void *dso_handle), whose func gets nothing
  __cxa_at_quick_exit: { parameters: ["usize", "usize"], result: "i32" },
  // void abort(void): where it is
  addressOfAbort: { name: "abort", type: "pointer" },
  // void _exit(int status), and where it is
  _exit: { parameters: ["i32"], result: "void" },
  addressOfExit: { name: "_exit", type: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Memory that is shared with C code. Every address given must be valid: nothing checks it. */
export class Memory {
  readonly #libc = openLibrary(LIBC, MEMORY).symbols;

  /**
   * Zeroed memory that C code frees with `free`.
   *
   * @throws Error when there is none left
   */
  allocate(bytes: number): Address {
    const address = this.#libc.calloc(1n, BigInt(bytes));
    if (address === 0n) throw new Error("no memory left");
    return address;
  }

  /**
   * A copy of bytes as a C string in memory that C code frees with `free`.
   *
   * @throws Error when there is none left
   */
  allocateString(bytes: Uint8Array<ArrayBuffer>): Address {
    const address = this.allocate(bytes.length + 1);
    this.write(address, bytes);
    return address;
  }

  /** Frees memory that was allocated here and that no C code frees. It isn't used any more. */
  free(address: Address): void {
    this.#libc.free(address);
  }

  /** Copies bytes out of memory. */
  read(from: Address, bytes: number): DataView<ArrayBuffer> {
    const copy = new Uint8Array(bytes);
    this.#libc.read(copy, from, BigInt(bytes));
    return new DataView(copy.buffer);
  }

  /** Copies bytes into memory. */
  write(to: Address, bytes: Uint8Array<ArrayBuffer>): void {
    this.#libc.write(to, bytes, BigInt(bytes.length));
  }

  /** Reads a pointer (`*from`). */
  readAddress(from: Address): Address {
    return this.read(from, ADDRESS_BYTES).getBigUint64(0, true);
  }

  /** Writes a pointer (`*to = address`). */
  writeAddress(to: Address, address: Address): void {
    const bytes = new Uint8Array(ADDRESS_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, address, true);
    this.write(to, bytes);
  }

  /** Copies a C string, without its NUL; null for NULL. */
  readString(from: Address): Uint8Array<ArrayBuffer> | null {
    if (from === 0n) return null;
    const length = Number(this.#libc.strlen(from));
    return new Uint8Array(this.read(from, length).buffer);
  }
}

/** A variable of the environment as bytes, which need not be UTF-8; null when unset. */
export function readVariableBytes(
  memory: Memory,
  name: string,
): Uint8Array<ArrayBuffer> | null {
  const { getenv } = openLibrary(LIBC, ENVIRONMENT).symbols;
  return memory.readString(getenv(cString(name)));
}

/**
 * Guards this process against what runs in it, PAM's modules above all:
 *
 * - SIGALRM ends it, wherever it hangs (alarm(2)).
 * - No core dump is left; see {@link preventCoreDumps}.
 * - exit(3) ends it with status 1 and quick_exit(3) by SIGABRT, whatever the caller says: 0 would let
 *   the login in. In a process that a module forks, too.
 *
 * @param seconds from now until the alarm
 * @returns ends the process at once, with a status of one's own
 * @throws Failure `library_missing`
 */
export function guardProcess(seconds: number): (status: number) => void {
  const REFUSED = 1n;
  const { symbols } = openLibrary(LIBC, PROCESS);
  symbols.alarm(seconds);
  preventCoreDumps();
  const exit = Deno.UnsafePointer.value(symbols.addressOfExit);
  symbols.__cxa_atexit(exit, REFUSED, 0n);
  const abort = Deno.UnsafePointer.value(symbols.addressOfAbort);
  symbols.__cxa_at_quick_exit(abort, 0n);
  return symbols._exit;
}

/**
 * Keeps this process from leaving a core dump, which would hold passwords and secrets, where that can
 * be set: neither a file (RLIMIT_CORE in setrlimit(2)) nor one for the handler of dumps
 * (PR_SET_DUMPABLE in prctl(2)), which doesn't look at that limit.
 *
 * @throws Failure `library_missing`
 */
export function preventCoreDumps(): void {
  const RLIMIT_CORE = 4;
  const PR_SET_DUMPABLE = 4;
  const { setrlimit, prctl } = openLibrary(LIBC, DUMPS).symbols;
  // struct rlimit { rlim_t rlim_cur; rlim_t rlim_max; }, both 0
  setrlimit(RLIMIT_CORE, new Uint8Array(16));
  prctl(PR_SET_DUMPABLE, 0n);
}

/** Says whether the system (files, directory services) knows an account. */
export function hasAccount(username: string): boolean {
  return findAccount(username) !== null;
}

/** Looks up an account in the system (files, directory services); null when there is none. */
export function findAccount(
  username: string,
): { uid: number; gid: number } | null {
  // struct passwd { char *pw_name; char *pw_passwd; uid_t pw_uid; gid_t pw_gid; … }
  const UID_OFFSET = 16;
  const GID_OFFSET = 20;
  const { getpwnam } = openLibrary(LIBC, ACCOUNTS).symbols;
  const found = getpwnam(cString(username));
  if (found === 0n) return null;
  const account = new Memory().read(found, GID_OFFSET + 4);
  return {
    uid: account.getUint32(UID_OFFSET, true),
    gid: account.getUint32(GID_OFFSET, true),
  };
}

/** The name of the account that has this number; null where there is none, or its name isn't UTF-8. */
export function accountName(uid: number): string | null {
  // struct passwd { char *pw_name; … }
  const found = openLibrary(LIBC, ACCOUNTS).symbols.getpwuid(uid);
  if (found === 0n) return null;
  const memory = new Memory();
  const name = memory.readString(memory.readAddress(found));
  if (name === null) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch {
    return null;
  }
}

/**
 * Opens the system log (openlog(3)), facility authpriv.
 *
 * @param program the name that lines begin with
 * @returns writes a line with a severity (syslog(3))
 */
export function openSystemLog(
  program: string,
): (severity: number, line: string) => void {
  const LOG_PID = 0x01;
  const LOG_AUTHPRIV = 10 << 3;
  const { openlog, syslog } = openLibrary(LIBC, SYSTEM_LOG).symbols;
  // openlog() keeps the pointer, so the text lies in memory that nothing frees.
  const name = new Memory().allocateString(new TextEncoder().encode(program));
  openlog(name, LOG_PID, LOG_AUTHPRIV);
  return (severity, line) => syslog(severity, cString("%s"), cString(line));
}

/**
 * A text as a C string.
 *
 * @param text holds no NUL, which would end it early
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
