import { stop, transform } from "esbuild";
import { ROOT } from "../root.ts";

/** The sources, and what says which packages they need. */
const SOURCES = ["main.ts", "src", "deno.json", "deno.lock"];

/** How `deno bundle` names the module of a package before its code. */
const PACKAGE_MODULE = /^\/\/ node_modules\/\.deno\/[^/]+\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm;

/** What {@link bundle} has made. */
export interface Bundle {
  /** The directory of the bundle's files. */
  directory: string;
  /** The npm packages of which code is in it. */
  packages: readonly string[];
  /** Where each npm package is; until the directory that was given is removed. */
  packageDirectory(name: string): string;
}

/**
 * Makes one set of small files: without it, modules and packages make each start some 5 ms slower. Each
 * of the hooks is one file by itself, as each file that a call loads costs OpenVPN's clients time: what
 * they share with the commands is there again.
 *
 * It works on a copy of the sources, with the packages below it, since `deno bundle` writes the paths
 * of packages' modules into what it makes, relative to the working directory: only so are they the same
 * whatever the clone's place and Deno's cache.
 *
 * @param directory an empty one, for the copy and the bundle
 */
export async function bundle(directory: string): Promise<Bundle> {
  const sources = `${directory}/sources`;
  const output = `${directory}/bundle`;
  await Deno.mkdir(sources);
  for (const name of SOURCES) await copy(`${ROOT}${name}`, `${sources}/${name}`);
  await denoBundle(sources, ["--code-splitting", "--outdir", output, "main.ts"]);
  const packages = await packagesIn(output);
  for (const hook of ["file_hook", "server_hook"]) {
    const name = bundledName(output, hook);
    await denoBundle(sources, ["--output", `${output}/${name}`, `src/hook/${hook}.ts`]);
  }
  await shorten(output);
  return {
    directory: output,
    packages,
    packageDirectory: (name) => packageDirectory(sources, name),
  };
}

/** Copies a file, or a directory with all in it; links are not followed. */
async function copy(from: string, to: string): Promise<void> {
  const { isDirectory, isFile } = await Deno.lstat(from);
  if (isFile) await Deno.writeFile(to, await Deno.readFile(from));
  if (!isDirectory) return;
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

async function denoBundle(cwd: string, args: readonly string[]): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--frozen", "--no-remote", "--node-modules-dir=auto"],
      ...args,
    ],
    cwd,
  }).spawn().status;
  if (code !== 0) throw new Error(`deno bundle ended with status ${code}`);
}

/**
 * The npm packages that the files of a bundle have code of.
 *
 * @throws Error if there are none: another version of Deno may name them in another way
 */
export async function packagesIn(directory: string): Promise<string[]> {
  const names = new Set<string>();
  for (const { name } of Deno.readDirSync(directory)) {
    const text = await Deno.readTextFile(`${directory}/${name}`);
    for (const [, found] of text.matchAll(PACKAGE_MODULE)) names.add(found!);
  }
  if (names.size > 0) return [...names].sort();
  throw new Error(
    "deno bundle names none of the npm packages in the bundle, of which licences and the bill of " +
      `materials have to tell: Deno ${Deno.version.deno} writes another form than ${PACKAGE_MODULE}`,
  );
}

/** Where Deno has put a package, whose name is unique among those of the lock file. */
function packageDirectory(sources: string, name: string): string {
  const store = `${sources}/node_modules/.deno`;
  const prefix = `${name.replace("/", "+")}@`;
  const found = [...Deno.readDirSync(store)].find((one) => one.name.startsWith(prefix));
  if (found !== undefined) return `${store}/${found.name}/node_modules/${name}`;
  throw new Error(`the npm package ${name} is not among those that the bundle was made of`);
}

/** The file that `deno bundle` made of a module, by which main.ts loads it. */
function bundledName(directory: string, module: string): string {
  const form = new RegExp(`^${module}-\\w+\\.js$`);
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => form.test(name));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new Error(
    `deno bundle made no file ${module}-….js, or several: main.ts loads it by that name`,
  );
}

/**
 * Shortens the bundle's files. `deno bundle --minify`, and esbuild by itself, put the value of a
 * variable that is used once in the variable's place, and so lose `using`: what should be closed or
 * given back never would be.
 */
async function shorten(directory: string): Promise<void> {
  try {
    for (const { name } of Deno.readDirSync(directory)) {
      const path = `${directory}/${name}`;
      const { code } = await transform(await Deno.readTextFile(path), {
        minify: true,
        format: "esm",
        target: "esnext",
        // Written out, it survives.
        supported: { using: false },
        legalComments: "none",
      });
      await Deno.writeTextFile(path, code);
    }
  } finally {
    await stop();
  }
}
