/** The file beside the bundle's modules in which the build leaves its record. */
export const BUILD_RECORD = "build.json";

/** What a build writes down about itself. It names no path, date or machine: builds are the same. */
export interface BuildRecord {
  base: BaseRecord;
}

/** The base binary ("denort") that `deno compile` appended the program to. */
export interface BaseRecord {
  /** Deno's own download, a file that `DENORT_BIN` named, or bytes of somebody's npm package. */
  origin: "download" | "given" | "package";
  /** The npm package with its version, if the bytes come from one. */
  package?: string;
  /** Of the whole base binary, in hexadecimal. */
  sha256: string;
  /** The version of Deno that the base binary is of. */
  deno: string;
}

/** A base binary's origin, for people. */
export function originText({ origin, package: name }: BaseRecord): string {
  if (origin === "download") return "Deno's own download";
  if (origin === "given") return "a file that DENORT_BIN named";
  return `part of the npm package ${name}, not Deno's own download`;
}
