import { parseArgs } from "node:util";
import { type Target, targetOf } from "../base/base.ts";
import { MAINTAINER } from "./about.ts";

/** What `task release` was asked for. */
export interface ReleaseOptions {
  target: Target;
  /** Whether somebody else's base binary will do. */
  thirdPartyBase: boolean;
  /** Whether files that no commit has may be released. */
  uncommitted: boolean;
  /** The path of minisign's secret key; null for no signature. */
  sign: string | null;
  maintainer: string;
  compression: number;
}

/**
 * Reads the options.
 *
 * @throws Error if one is not what it should be
 */
export function readOptions(args: string[]): ReleaseOptions {
  const { values } = parseArgs({
    args,
    options: {
      target: { type: "string" },
      "third-party-base": { type: "boolean", default: false },
      uncommitted: { type: "boolean", default: false },
      sign: { type: "string" },
      maintainer: { type: "string", default: MAINTAINER },
      compression: { type: "string", default: "9" },
    },
  });
  const { maintainer, compression, sign } = values;
  // rpmbuild runs what is in %(…).
  if (!/^[^<>,%\p{Cc}]+ <[^<>\s@%]+@[^<>\s@%]+>$/u.test(maintainer)) {
    throw new Error(
      `--maintainer is "${maintainer}", expected a name and an address without , and %: N <a@b.org>`,
    );
  }
  if (!/^[1-9]$/.test(compression)) {
    throw new Error(`--compression is "${compression}", expected 1 (fast) to 9 (small)`);
  }
  return {
    target: targetOf(values.target),
    thirdPartyBase: values["third-party-base"],
    uncommitted: values.uncommitted,
    sign: sign ?? null,
    maintainer,
    compression: Number(compression),
  };
}
