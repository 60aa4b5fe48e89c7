import { openLibrary } from "./libraries.ts";

const CLOCK = {
  adjtimex: {
    parameters: [
      "buffer", // struct timex *buf
    ],
    result: "i32", // int
  },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Says whether the kernel's clock is synchronised with another one (adjtimex(2), which changes
 * nothing here); null when the kernel doesn't say.
 *
 * @throws Failure `library_missing`
 */
export function isClockSynchronised(): boolean | null {
  const TIMEX_BYTES = 256;
  const STATUS_OFFSET = 40;
  const STA_UNSYNC = 0x40;
  const TIME_ERROR = 5;
  const { adjtimex } = openLibrary("libc.so.6", CLOCK).symbols;
  // modes = 0: only read
  const timex = new Uint8Array(TIMEX_BYTES);
  const state = adjtimex(timex);
  if (state < 0) return null;
  const status = new DataView(timex.buffer).getInt32(STATUS_OFFSET, true);
  return state !== TIME_ERROR && (status & STA_UNSYNC) === 0;
}
