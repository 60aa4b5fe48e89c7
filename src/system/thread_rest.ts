/**
 * Pauses until the thread that has just finished its work is idle again. WebCrypto and slow foreign
 * functions run in a thread of Deno's pool. After its work a thread needs a moment before it can be
 * used again; work that comes meanwhile would start another thread, and service units limit those.
 * The moment is a quarter of a millisecond; a timer would wait two at the least.
 */
export function letThreadRest(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.25);
}
