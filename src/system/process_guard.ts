import { openLibrary } from "./libraries.ts";

const PROCESS = {
  alarm: {
    parameters: [
      "u32", // unsigned int seconds
    ],
    result: "u32", // unsigned int
  },
  __cxa_atexit: {
    parameters: [
      "usize", // void (*func)(void *)
      "usize", // void *arg
      "usize", // void *dso_handle
    ],
    result: "i32", // int
  },
  // Its function is called without an argument.
  __cxa_at_quick_exit: {
    parameters: [
      "usize", // void (*func)(void)
      "usize", // void *dso_handle
    ],
    result: "i32", // int
  },
  _exit: {
    parameters: [
      "i32", // int status
    ],
    result: "void",
  },
  // Where functions are, to be called by the C library.
  addressOfAbort: { name: "abort", type: "pointer" },
  addressOfExit: { name: "_exit", type: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const ALARM = {
  alarm: PROCESS.alarm,
} as const satisfies Deno.ForeignLibraryInterface;

const DUMPS = {
  setrlimit: {
    parameters: [
      "i32", // __rlimit_resource_t resource
      "buffer", // const struct rlimit *rlim
    ],
    result: "i32", // int
  },
  prctl: {
    parameters: [
      "i32", // int option
      "usize", // ..., one unsigned long here
    ],
    result: "i32", // int
  },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Guards this process against what runs in it, PAM's modules above all:
 *
 * - SIGALRM ends it, wherever it hangs (alarm(2)).
 * - No core dump is left; see {@link preventCoreDumps}.
 * - exit(3) ends it with status 1 and quick_exit(3) by SIGABRT, whatever the caller says: 0 would let
 *   the login in. In a process that a module forks, too.
 *
 * @param seconds from now until the alarm; 0 for none, see {@link openAlarm}
 * @returns ends the process at once, with a status of one's own
 * @throws Failure `library_missing`
 */
export function guardProcess(seconds: number): (status: number) => void {
  const REFUSED = 1n;
  const { symbols } = openLibrary("libc.so.6", PROCESS);
  symbols.alarm(seconds);
  preventCoreDumps();
  const exit = Deno.UnsafePointer.value(symbols.addressOfExit);
  symbols.__cxa_atexit(exit, REFUSED, 0n);
  const abort = Deno.UnsafePointer.value(symbols.addressOfAbort);
  symbols.__cxa_at_quick_exit(abort, 0n);
  return symbols._exit;
}

/**
 * The alarm of a process that does one thing after the other (alarm(2)), also after the process has
 * given up foreign code.
 *
 * @returns sets the alarm anew, so many seconds from now; 0 for none
 * @throws Failure `library_missing`
 */
export function openAlarm(): (seconds: number) => void {
  const { alarm } = openLibrary("libc.so.6", ALARM).symbols;
  return (seconds) => void alarm(seconds);
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
  const { setrlimit, prctl } = openLibrary("libc.so.6", DUMPS).symbols;
  // struct rlimit { rlim_t rlim_cur; rlim_t rlim_max; }, both 0
  setrlimit(RLIMIT_CORE, new Uint8Array(16));
  prctl(PR_SET_DUMPABLE, 0n);
}
