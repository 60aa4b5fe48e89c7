import type { BaseRecord } from "../../src/admin/build_record.ts";
import { targetOf } from "../../scripts/base/base.ts";
import type { Component } from "../../scripts/release/components.ts";
import { namesOf } from "../../scripts/release/names.ts";
import type { Packing } from "../../scripts/release/packing.ts";

/** An older and a newer version. */
export const VERSIONS = ["1.0.0-rc.1", "1.0.0"];

/** A base binary as Deno's own download is one. */
export const OWN_BASE: BaseRecord = { origin: "download", sha256: "ab".repeat(32), deno: "2.7.11" };

/** An npm package that brings no licence's text. */
export const SOME_COMPONENT: Component = {
  name: "@scope/some",
  version: "1.2.3",
  license: "ISC",
  licenseText: null,
  author: "Somebody",
  sha512: "cd".repeat(64),
  dependencies: [],
};

/**
 * What a version's packages are made of.
 *
 * @param program a file in the place of the program
 */
export function packingOf(version: string, program: string): Packing {
  const target = targetOf();
  return {
    program,
    contents: {
      ...{ version, target, base: OWN_BASE, components: [SOME_COMPONENT] },
      // In the year 2100: tools alone see to it that no file is younger than this, not that none is older.
      date: 4_102_444_800,
    },
    names: namesOf(version, target, OWN_BASE),
    maintainer: "A Test <a@test.invalid>",
    compression: 1,
  };
}
