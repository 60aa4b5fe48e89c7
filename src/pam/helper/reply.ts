import { readUtf8 } from "../../text/utf8.ts";
import type { PamResult } from "../pam_result.ts";
import { LENGTH_BYTES, MAX_BODY_BYTES } from "./protocol.ts";

/** What a helper was asked for: PAM's result, or the name of an account. */
export type HelperAnswer = { result: PamResult } | { accountName: string | null };

/** What a helper answers. */
export type HelperReply = HelperAnswer & {
  /** Whether the helper ends after it. */
  isLast: boolean;
  /** Whom the helper runs as, if not root. */
  uid: number | null;
};

/** What came is no reply. */
export class MalformedReply extends Error {
  constructor() {
    super("sent something that is no answer");
  }
}

/** Makes a reply. */
export function encodeReply({ isLast, uid, ...answer }: HelperReply): Uint8Array<ArrayBuffer> {
  const rest = { ...isLast ? { isLast } : {}, ...uid === null ? {} : { uid } };
  const body = new TextEncoder().encode(JSON.stringify({ ...answer, ...rest }));
  if (body.length > MAX_BODY_BYTES) {
    // Only a name can be that long, and nobody is called so.
    const none = "result" in answer ? { result: UNNAMED } : { accountName: null };
    return encodeReply({ ...none, isLast, uid });
  }
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

const UNNAMED = { outcome: "unnamed" } as const;

/** Puts one reply together, as its bytes come. */
export class ReplyReader {
  #bytes = new Uint8Array(LENGTH_BYTES);
  #used = 0;
  #length: number | null = null;

  /**
   * Takes the next bytes.
   *
   * @returns the reply once it is complete; nothing may come behind it
   * @throws MalformedReply for anything that {@link encodeReply} does not make
   */
  push(bytes: Uint8Array): HelperReply | null {
    let rest = bytes;
    while (rest.length > 0) {
      const taken = rest.subarray(0, this.#bytes.length - this.#used);
      if (taken.length === 0) throw new MalformedReply();
      this.#bytes.set(taken, this.#used);
      this.#used += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#length === null && this.#used === LENGTH_BYTES) this.#begin();
    }
    const isComplete = this.#length !== null && this.#used === this.#bytes.length;
    return isComplete ? decodeReply(this.#bytes) : null;
  }

  /** The length is there: the reply follows, in memory of its own. */
  #begin(): void {
    const length = new DataView(this.#bytes.buffer).getUint32(0);
    if (length < 1 || length > MAX_BODY_BYTES) throw new MalformedReply();
    this.#length = length;
    this.#bytes = new Uint8Array(length);
    this.#used = 0;
  }
}

function decodeReply(body: Uint8Array): HelperReply {
  const fields = jsonObject(body);
  const { result, accountName, isLast, uid, ...others } = fields;
  const isSound = Object.keys(others).length === 0 &&
    [undefined, true].includes(isLast as true | undefined) &&
    (uid === undefined || isWhole(uid)) && ("result" in fields) !== ("accountName" in fields);
  if (!isSound) throw new MalformedReply();
  const rest = { isLast: isLast === true, uid: typeof uid === "number" ? uid : null };
  if ("result" in fields && isPamResult(result)) return { result, ...rest };
  if (accountName === null || typeof accountName === "string") return { accountName, ...rest };
  throw new MalformedReply();
}

function jsonObject(body: Uint8Array): Record<string, unknown> {
  const text = readUtf8(body);
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new MalformedReply();
}

/** The fields of each result, and what they must be. */
const FIELDS: Record<PamResult["outcome"], Record<string, (value: unknown) => boolean>> = {
  passed: { username: (value) => typeof value === "string" },
  denied: {
    call: isOneOf("pam_authenticate", "pam_acct_mgmt"),
    status: isWhole,
    said: isTextsOrMissing,
  },
  failed: {
    call: isOneOf("pam_start", "pam_set_item", "pam_authenticate"),
    status: isWhole,
    said: isTextsOrMissing,
  },
  unnamed: {},
  no_answer: { seconds: isWhole },
};

function isPamResult(value: unknown): value is PamResult {
  if (!isObject(value)) return false;
  const { outcome, ...others } = value;
  if (typeof outcome !== "string" || !Object.hasOwn(FIELDS, outcome)) return false;
  const fields = FIELDS[outcome as PamResult["outcome"]];
  return Object.keys(others).every((name) => Object.hasOwn(fields, name)) &&
    Object.entries(fields).every(([name, isSound]) => isSound(others[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOneOf(...allowed: string[]): (value: unknown) => boolean {
  return (value) => typeof value === "string" && allowed.includes(value);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTextsOrMissing(value: unknown): boolean {
  return value === undefined ||
    Array.isArray(value) && value.every((text) => typeof text === "string");
}
