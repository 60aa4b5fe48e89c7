import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { type Made, makePrivateDirectory, removeMade, writePrivateFile } from "../output_file.ts";
import type { Handout } from "./handout.ts";
import { qrPng } from "./qr_png.ts";
import { qrSvg } from "./qr_svg.ts";
import { sheet } from "./sheet.ts";

/** Options that name the files to make. */
export interface HandoutOptions {
  /** Picture of the QR code, whose kind its ending says. */
  qr?: string;
  /** Page for the user. */
  sheet?: string;
}

/** Makers of a file's content, by the option and the ending of the file's name. */
const KINDS: Record<
  keyof HandoutOptions,
  Record<string, (handout: Handout) => string | Uint8Array>
> = {
  qr: { ".png": ({ uri }) => qrPng(uri), ".svg": ({ uri }) => qrSvg(uri) },
  sheet: { ".html": sheet },
};

/** Says whether the options name a file. */
export function wantsHandout(options: HandoutOptions): boolean {
  return namesIn(options).length > 0;
}

/** @throws Failure `usage` for a file name with an unknown ending */
export function requireHandoutOptions(options: HandoutOptions): void {
  for (const name of namesIn(options)) kindOf(name, options[name]!);
}

/** Files that are removed at the end of their scope unless they are kept. */
export interface HandoutFiles extends Disposable {
  keep(): void;
}

/**
 * Makes the files that the options name, mode 0600: all of them, or none.
 *
 * @throws Failure `output_error` where one can't be made or already exists
 */
export function makeHandoutFiles(options: HandoutOptions, handout: Handout): HandoutFiles {
  return making((made) => {
    for (const name of namesIn(options)) {
      const path = options[name]!;
      made.push(write(path, kindOf(name, path)(handout)));
    }
  });
}

/**
 * Makes a directory, mode 0700, with a page for each user: all of them, or none.
 *
 * @param done called after each page
 * @throws Failure `output_error` where it can't be made or already exists
 */
export function makeSheets(
  directory: string,
  handouts: readonly Handout[],
  done: () => void,
): HandoutFiles {
  return making((made) => {
    made.push(makePrivateDirectory(directory));
    for (const handout of handouts) {
      // A username may contain slashes.
      const name = encodeURIComponent(handout.username);
      made.push(write(`${directory}/${name}.html`, sheet(handout)));
      done();
    }
  });
}

function making(make: (made: Made[]) => void): HandoutFiles {
  let made: Made[] = [];
  const files = {
    keep: () => {
      made = [];
    },
    // The secrets in those that cannot be removed open nothing.
    [Symbol.dispose]: () => made.toReversed().forEach(removeMade),
  };
  try {
    make(made);
    return files;
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}

function write(path: string, content: string | Uint8Array): Made {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return writePrivateFile(path, bytes);
}

function namesIn(options: HandoutOptions): (keyof HandoutOptions)[] {
  return (["qr", "sheet"] as const).filter((name) => options[name] !== undefined);
}

function kindOf(
  name: keyof HandoutOptions,
  path: string,
): (handout: Handout) => string | Uint8Array {
  const kinds = KINDS[name];
  const ending = Object.keys(kinds).find((ending) => path.endsWith(ending));
  if (ending !== undefined) return kinds[ending]!;
  throw new Failure(
    "usage",
    `--${name} is ${quoted(path)}, expected a file name that ends in ${
      Object.keys(kinds).join(" or ")
    }`,
  );
}
