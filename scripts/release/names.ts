import type { BaseRecord } from "../../src/admin/build_record.ts";
import type { Target } from "../base/base.ts";
import { NAME } from "./about.ts";

/** An architecture's names: Rust's, Debian's, rpm's. */
const ARCHITECTURES: Record<Target, { debian: string; rpm: string }> = {
  "x86_64-unknown-linux-gnu": { debian: "amd64", rpm: "x86_64" },
  "aarch64-unknown-linux-gnu": { debian: "arm64", rpm: "aarch64" },
};

/** What a release's files and packages are called. */
export interface Names {
  /** Of the program's version alone. */
  version: string;
  debian: { version: string; architecture: string; file: string };
  rpm: { version: string; release: string; architecture: string; file: string };
  program: string;
  archive: string;
  /** The directory that the archive unpacks to. */
  directory: string;
  sbom: string;
}

/**
 * Names a release's files. Whatever is built on somebody else's base binary says so, and is older to
 * package managers than the same version on Deno's own.
 *
 * @param version of the program (https://semver.org)
 * @throws Error if it is no version
 */
export function namesOf(version: string, target: Target, { origin }: BaseRecord): Names {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version)) {
    throw new Error(
      `the version is "${version}", expected three numbers, such as 1.0.0 or 1.0.0-rc.1`,
    );
  }
  const isForeign = origin === "package";
  const { debian, rpm } = ARCHITECTURES[target];
  // A tilde sorts before the end in both formats: 1.0.0~rc.1 is older than 1.0.0.
  const plain = version.replace("-", "~");
  const debianVersion = `${plain}-${isForeign ? "0+third.party.base" : "1"}`;
  const release = isForeign ? "0.third.party.base" : "1";
  const stem = `${NAME}-${version}${isForeign ? "-third-party-base" : ""}-linux-${rpm}`;
  return {
    version,
    debian: {
      version: debianVersion,
      architecture: debian,
      file: `${NAME}_${debianVersion}_${debian}.deb`,
    },
    rpm: {
      version: plain,
      release,
      architecture: rpm,
      file: `${NAME}-${plain}-${release}.${rpm}.rpm`,
    },
    program: stem,
    archive: `${stem}.tar.gz`,
    directory: stem,
    sbom: `${stem}.cdx.json`,
  };
}
