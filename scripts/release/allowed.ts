import type { BaseRecord } from "../../src/admin/build_record.ts";

/**
 * Somebody else's bytes are fit for trials; whoever publishes them has to know.
 *
 * @throws Error if the base binary is such, and that was not allowed
 */
export function requireAllowed(
  { origin, package: name }: BaseRecord,
  { thirdPartyBase }: { thirdPartyBase: boolean },
): void {
  if (origin !== "package" || thirdPartyBase) return;
  throw new Error(
    `the base binary is part of the npm package ${name}, not Deno's own download: release where ` +
      "that download works, name another base binary, which you trust (DENORT_BIN), or add " +
      "--third-party-base, which the files' names will say",
  );
}
