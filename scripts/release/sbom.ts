import type { BaseRecord } from "../../src/admin/build_record.ts";
import { originText } from "../../src/admin/build_record.ts";
import { sqliteVersion } from "../../src/admin/build_text.ts";
import type { Target } from "../base/base.ts";
import { NAME, SUMMARY } from "./about.ts";
import type { Component } from "./components.ts";

/** What a program is made of. */
export interface Contents {
  version: string;
  target: Target;
  base: BaseRecord;
  components: readonly Component[];
  /** In seconds since 1970. */
  date: number;
}

const RUNTIME = "runtime";

/**
 * A software bill of materials of the program, in CycloneDX 1.6 (ECMA-424). It names what is shipped:
 * the npm packages in the bundle, and the runtime with its base binary.
 *
 * @param sha256 of the program's file, in hexadecimal
 */
export function sbomOf(contents: Contents, sha256: string): string {
  const { version, components, date } = contents;
  const ref = `pkg:generic/${NAME}@${version}`;
  const names = components.map(purlOf);
  return JSON.stringify(
    {
      $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      serialNumber: `urn:uuid:${uuidOf(sha256)}`,
      version: 1,
      metadata: {
        timestamp: new Date(date * 1000).toISOString(),
        tools: {
          components: [{ type: "application", name: "deno", version: Deno.version.deno }],
        },
        component: {
          type: "application",
          "bom-ref": ref,
          name: NAME,
          version,
          description: SUMMARY,
          hashes: [{ alg: "SHA-256", content: sha256 }],
          licenses: licensesOf("MIT"),
          purl: ref,
        },
      },
      components: [...components.map(libraryOf), runtimeOf(contents)],
      dependencies: [
        { ref, dependsOn: [...names, RUNTIME] },
        ...components.map((one) => ({
          ref: purlOf(one),
          dependsOn: components.filter(({ name }) => one.dependencies.includes(name)).map(purlOf),
        })),
        { ref: RUNTIME },
      ],
    },
    null,
    2,
  ) + "\n";
}

/** https://github.com/package-url/purl-spec: the scope's sign is escaped. */
function purlOf({ name, version }: Component): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function libraryOf(component: Component) {
  const { name, version, license, sha512 } = component;
  const [scope, short] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return {
    type: "library",
    "bom-ref": purlOf(component),
    ...scope === undefined ? {} : { group: scope },
    name: short,
    version,
    scope: "required",
    hashes: [{ alg: "SHA-512", content: sha512 }],
    licenses: licensesOf(license),
    purl: purlOf(component),
  };
}

/** The runtime's file is the base binary, which has a version, and whose parts this Deno has as well. */
function runtimeOf({ base, target }: Contents) {
  const isThisDeno = base.deno === Deno.version.deno;
  return {
    type: "platform",
    "bom-ref": RUNTIME,
    name: "deno",
    version: base.deno,
    description: `denort for ${target}: ${originText(base)}`,
    scope: "required",
    hashes: [{ alg: "SHA-256", content: base.sha256 }],
    licenses: licensesOf("MIT"),
    purl: `pkg:github/denoland/deno@v${base.deno}`,
    properties: [
      { name: `${NAME}:base:origin`, value: base.origin },
      ...base.package === undefined ? [] : [{ name: `${NAME}:base:package`, value: base.package }],
    ],
    ...isThisDeno ? { components: RUNTIME_PARTS } : {},
  };
}

const RUNTIME_PARTS = [
  {
    type: "library",
    "bom-ref": "v8",
    name: "v8",
    version: Deno.version.v8,
    licenses: licensesOf("BSD-3-Clause"),
  },
  {
    type: "library",
    "bom-ref": "sqlite",
    name: "sqlite",
    version: sqliteVersion(),
    licenses: licensesOf("blessing"),
  },
];

/** A licence by its identifier in SPDX's list, where SQLite's is called `blessing`. */
function licensesOf(id: string) {
  return [{ license: { id } }];
}

/** A UUID (RFC 9562, version 8) that belongs to the program's bytes. */
function uuidOf(sha256: string): string {
  const [, a, b, c, d, e] = sha256.match(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})/)!;
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
