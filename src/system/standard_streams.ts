import { Failure } from "../core/failure.ts";
import { FILE_FUNCTIONS } from "./file_functions.ts";
import { openLibrary } from "./libraries.ts";
import { cString } from "./memory.ts";

const STREAMS = {
  ...FILE_FUNCTIONS,
  fcntl: {
    parameters: [
      "i32", // int fd
      "i32", // int op
      "usize", // ..., one int here, and what its register holds beside it
    ],
    result: "i32", // int
  },
  dup2: {
    parameters: [
      "i32", // int oldfd
      "i32", // int newfd
    ],
    result: "i32", // int
  },
  write: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *buf
      "usize", // size_t count
    ],
    result: "isize", // ssize_t
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Libc = Deno.DynamicLibrary<typeof STREAMS>["symbols"];

/** What standard input and output were. */
export interface TakenStreams {
  /** Waits for bytes, in this thread; gives how many came, 0 at the end of input or for an error. */
  read(buffer: Uint8Array<ArrayBuffer>): number;
  /** Writes all bytes, and waits, in this thread; false once nobody reads them. */
  write(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** Away from the numbers that code may take for its own. */
const LEAST_NUMBER = 100;

const [INPUT, OUTPUT, ERRORS] = [0, 1, 2];

/**
 * Takes standard input and output away from whatever else runs in this process, and from what it
 * starts: from then on, standard input is empty, and what is written to standard output goes to
 * standard error.
 *
 * Both may be a socket, a pipe or a file. They go on working after the process has given up foreign
 * code. Reading and writing stop this thread: it is for a process that has nothing to do meanwhile.
 *
 * @throws Failure `file_error`, `library_missing`
 */
export function takeStandardStreams(): TakenStreams {
  const O_RDWR = 2;
  const libc = openLibrary("libc.so.6", STREAMS).symbols;
  const input = duplicate(libc, INPUT);
  const output = duplicate(libc, OUTPUT);
  const nothing = must("open", libc.open(cString("/dev/null"), O_RDWR));
  must("dup2", libc.dup2(nothing, INPUT));
  must("dup2", libc.dup2(ERRORS, OUTPUT));
  libc.close(nothing);
  return {
    read: (buffer) => Math.max(0, Number(libc.read(input, buffer, BigInt(buffer.length)))),
    write(bytes) {
      for (let written = 0; written < bytes.length;) {
        const rest = bytes.subarray(written);
        const count = Number(libc.write(output, rest, BigInt(rest.length)));
        if (count <= 0) return false;
        written += count;
      }
      return true;
    },
  };
}

/** A second number for a stream, which a program that is started does not get. */
function duplicate(libc: Libc, stream: number): number {
  const F_DUPFD_CLOEXEC = 1030;
  const [F_GETFL, F_SETFL, O_NONBLOCK] = [3, 4, 0o4000];
  const own = must("fcntl", libc.fcntl(stream, F_DUPFD_CLOEXEC, BigInt(LEAST_NUMBER)));
  const flags = must("fcntl", libc.fcntl(own, F_GETFL, 0n));
  must("fcntl", libc.fcntl(own, F_SETFL, BigInt(flags & ~O_NONBLOCK)));
  return own;
}

function must(name: string, result: number): number {
  if (result >= 0) return result;
  throw new Failure(
    "file_error",
    `standard input and output cannot be taken over: ${name} failed`,
  );
}
