import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mustRun } from "../lab/command.ts";

interface Graph {
  modules: {
    specifier: string;
    local?: string;
    dependencies?: {
      specifier: string;
      isDynamic?: boolean;
      code?: { specifier?: string };
      type?: { specifier?: string };
    }[];
  }[];
}

const ROOT = new URL("../../", import.meta.url).href;

/** The folders of src (or files at its top) that each folder may import from. */
const ALLOWED: Record<string, readonly string[]> = {
  "core": ["core", "text"],
  "text": ["text"],
  "settings.ts": ["core", "text"],
  "settings_file.ts": ["core", "text", "settings.ts"],
  "service_options.ts": ["core", "text"],
  "service_state.ts": ["core"],
  "system": ["core", "text", "system"],
  "secrets": ["core", "text", "secrets", "system"],
  "login": ["core", "text", "login", "store/store.ts"],
  "store/sqlite": [
    ...["core", "text", "system", "store/sqlite", "store/store.ts", "store/login_store.ts"],
    ...["store/enrolment_store.ts", "store/amounts.ts", "store/backup.ts", "store/rows.ts"],
    ...["store/copy.ts", "store/copied_tables.ts"],
  ],
  "store/postgres": [
    ...["core", "text", "system", "store/postgres", "store/store.ts", "store/login_store.ts"],
    ...["store/enrolment_store.ts", "store/amounts.ts", "store/rows.ts"],
    ...["store/copy.ts", "store/copied_tables.ts", "store/schema.ts", "store/server_facts.ts"],
  ],
  "store": ["core", "text", "store"],
  "openvpn": [
    "core",
    "text",
    "openvpn",
    "system",
    "settings.ts",
    "login/client.ts",
    "login/reply.ts",
  ],
  "pam": ["core", "text", "pam", "system"],
  "hook": [
    ...["core", "text", "settings.ts", "system", "login", "openvpn", "pam", "hook", "secrets"],
    ...["store/open_file_logins.ts", "store/open_server_logins.ts", "store/store.ts"],
  ],
  "serve": [
    ...["core", "text", "settings.ts", "settings_file.ts", "system"],
    ...["service_options.ts", "service_state.ts", "login", "openvpn", "pam"],
    ...["serve", "secrets", "store/open_store.ts", "store/store.ts"],
  ],
  "server_setup": [
    ...[
      "core",
      "text",
      "settings.ts",
      "settings_file.ts",
      "service_options.ts",
      "system",
      "server_setup",
      "pam",
      "secrets",
    ],
    ...["store/open_store.ts", "store/store.ts"],
  ],
  "migration": ["core", "text", "migration"],
  "admin": [
    ...["core", "text", "settings.ts", "settings_file.ts", "service_options.ts"],
    ...["service_state.ts", "system", "admin", "secrets", "pam"],
    ...["store/open_store.ts", "store/store.ts", "server_setup", "migration"],
  ],
};

const graph: Graph = JSON.parse(
  await mustRun(Deno.execPath(), [
    "info",
    "--json",
    fileURLToPath(new URL("main.ts", ROOT)),
  ]),
);

/** Path of a module relative to the project; null for packages and Deno's own modules. */
function pathOf(specifier: string | undefined): string | null {
  return specifier?.startsWith(ROOT) ? specifier.slice(ROOT.length) : null;
}

function isIn(path: string, place: string): boolean {
  const full = `src/${place}`;
  return path === full || path.startsWith(`${full}/`);
}

Deno.test("each folder imports only what it may", () => {
  let arrows = 0;
  for (const module of graph.modules) {
    const from = pathOf(module.specifier);
    if (!from?.startsWith("src/")) continue;
    const place = Object.keys(ALLOWED).find((name) => isIn(from, name));
    assert(place, `${from} is in no known place`);
    for (const dependency of module.dependencies ?? []) {
      const to = pathOf(
        dependency.code?.specifier ?? dependency.type?.specifier,
      );
      if (!to?.startsWith("src/")) continue;
      arrows++;
      assert(
        ALLOWED[place]!.some((allowed) => isIn(to, allowed)),
        `${from} must not import ${to}`,
      );
    }
  }
  assert(arrows > 50, "the graph was read");
});

Deno.test("core uses neither Deno, nor a clock, nor randomness", async () => {
  for (const module of graph.modules) {
    const path = pathOf(module.specifier);
    if (!path?.startsWith("src/core/")) continue;
    const text = (await Deno.readTextFile(new URL(path, ROOT)))
      .replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
    assert.doesNotMatch(
      text,
      /(?<!")\bDeno\.|Date\.now|new Date\(\)|performance\.|Math\.random|getRandomValues|randomUUID/,
      path,
    );
  }
});

Deno.test("foreign code is loaded and called only in system and pam", async () => {
  for (const module of graph.modules) {
    const path = pathOf(module.specifier);
    if (!path || /^src\/(system|pam)\//.test(path)) continue;
    const text = await Deno.readTextFile(new URL(path, ROOT));
    assert.doesNotMatch(text, /Deno\.(dlopen|Unsafe)/, path);
  }
});

Deno.test("a hook call loads neither the admin commands nor their packages", () => {
  const byName = new Map(graph.modules.map((m) => [m.specifier, m]));
  const seen = new Set<string>();
  const visit = (specifier: string) => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (const dependency of byName.get(specifier)?.dependencies ?? []) {
      const next = dependency.code?.specifier;
      if (next && !dependency.isDynamic) visit(next);
    }
  };
  visit(`${ROOT}src/hook/file_hook.ts`);
  assert(seen.size > 20, "the graph was walked");
  for (const specifier of seen) {
    assert.doesNotMatch(specifier, /src\/admin\/|postgres\/|^npm:/, specifier);
  }
});

/**
 * For each module of src, the modules of src that it imports, including lazily or for types only;
 * by path.
 */
function importsOfSrc(): Map<string, string[]> {
  const imports = new Map<string, string[]>();
  for (const { specifier, dependencies = [] } of graph.modules) {
    const from = pathOf(specifier);
    if (!from?.startsWith("src/")) continue;
    const targets = dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
      .map(pathOf).filter((to) => to?.startsWith("src/") && to !== from);
    imports.set(from, [...new Set(targets as string[])]);
  }
  assert(imports.size > 50, "the graph was read");
  return imports;
}

Deno.test("no module imports itself through others", () => {
  const imports = importsOfSrc();
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const start = way.indexOf(path);
    assert(start === -1, `a circle of imports: ${[...way.slice(start), path].join(" → ")}`);
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
});

Deno.test("a command does not import another command's parts", () => {
  const commandOf = (path: string) => path.match(/^src\/admin\/commands\/([^/]+)\//)?.[1];
  let commands = 0;
  for (const [from, targets] of importsOfSrc()) {
    const command = commandOf(from);
    if (command === undefined) continue;
    commands++;
    for (const to of targets) {
      assert([undefined, command].includes(commandOf(to)), `${from} must not import ${to}`);
    }
  }
  assert(commands > 40, "the commands were found");
});
