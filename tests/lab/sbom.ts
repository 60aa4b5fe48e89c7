import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };

/** A component, as far as the tests read it (https://cyclonedx.org/docs/1.6/json/). */
interface Component {
  type: string;
  name: string;
  group?: string;
  version: string;
  "bom-ref": string;
  purl?: string;
  hashes?: { alg: string; content: string }[];
  licenses: { license: { id: string } }[];
  properties?: { name: string; value: string }[];
  components?: Component[];
}

/** The kinds of component in the specification that we use. */
const TYPES = ["application", "library", "platform"];

/** How many hexadecimal digits a sum has. */
const DIGITS: Record<string, number> = { "SHA-256": 64, "SHA-512": 128 };

/**
 * Looks whether a bill of materials is as CycloneDX 1.6 requires, and names what is shipped, its
 * runtime and base among it, and nothing else.
 *
 * @param details what the program prints for `--version --verbose`
 */
export async function requireSbom(text: string, details: string): Promise<void> {
  const bom = JSON.parse(text);
  assert.equal(bom.bomFormat, "CycloneDX");
  assert.equal(bom.specVersion, "1.6");
  assert.equal(bom.version, 1);
  assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert(!Number.isNaN(Date.parse(bom.metadata.timestamp)));
  assert.equal(bom.metadata.component.version, project.version);
  const components: Component[] = bom.components;
  const all = [
    bom.metadata.component,
    ...components.flatMap((one) => [one, ...one.components ?? []]),
  ];
  all.forEach(requireComponent);
  requireDependencies(bom.dependencies, all);
  requireRuntime(components, details);
  await requireShipped(components.filter(({ type }) => type === "library"));
}

function requireComponent(component: Component): void {
  assert(TYPES.includes(component.type), component.type);
  for (const text of [component.name, component.version, component["bom-ref"]]) assert(text);
  for (const { license } of component.licenses) assert.match(license.id, /^[A-Za-z0-9.-]+$/);
  for (const { alg, content } of component.hashes ?? []) {
    assert.match(content, /^[0-9a-f]+$/);
    assert.equal(content.length, DIGITS[alg]);
  }
}

/** Names are unique, and what depends on something names what is there. */
function requireDependencies(
  dependencies: { ref: string; dependsOn?: string[] }[],
  all: readonly Component[],
): void {
  const refs = all.map((one) => one["bom-ref"]);
  assert.equal(new Set(refs).size, refs.length);
  const named = dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
  assert.deepEqual(named.filter((ref) => !refs.includes(ref)), []);
  assert.equal(new Set(dependencies.map(({ ref }) => ref)).size, dependencies.length);
}

/** The program itself says the same of its runtime. */
function requireRuntime(components: readonly Component[], details: string): void {
  const [deno, ...others] = components.filter(({ type }) => type === "platform");
  assert.deepEqual(others, []);
  assert.equal(deno?.name, "deno");
  assert.deepEqual(deno.hashes?.map(({ alg }) => alg), ["SHA-256"]);
  const [v8, sqlite] = deno.components!;
  const values = deno.properties!.slice(1).map(({ value }) => value);
  values.push(deno.version, v8!.version, sqlite!.version);
  values.push(deno.hashes![0]!.content);
  for (const value of values) assert(details.includes(value), value);
}

/** Of the project's packages, all but those that only build and test, or are nothing but types. */
async function requireShipped(libraries: readonly Component[]): Promise<void> {
  const lock = JSON.parse(await Deno.readTextFile(new URL("../../deno.lock", import.meta.url)));
  const names = libraries.map(({ group, name }) => group === undefined ? name : `${group}/${name}`);
  libraries.forEach(({ version, hashes }, i) => {
    const { integrity } = lock.npm[`${names[i]}@${version}`];
    assert.equal(Uint8Array.fromHex(hashes![0]!.content).toBase64(), integrity.split("-")[1]);
  });
  const left = Object.keys(project.imports).filter((name) => !names.includes(name));
  assert.deepEqual(left, ["@commander-js/extra-typings", "esbuild", "fast-check"]);
}
