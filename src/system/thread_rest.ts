/**
 * Waits until the thread that has just finished its work rests. WebCrypto and foreign functions that
 * may take long run in a thread of Deno's pool. One that has just finished takes a moment until it can
 * be used again; work asked for meanwhile would start another thread, and service units limit those. A
 * quarter of a millisecond is that moment: a timer's least would be two.
 */
export function letThreadRest(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.25);
}
