import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";

/**
 * Refuses a path on which a link leads out of the root directory of another system: followed from
 * here, an absolute link ends in the running system's files.
 *
 * @param root in front of the path, empty for the running system
 * @param inPlace absolute, below the root directory; what is not there yet leads nowhere
 * @throws Failure `untrusted_path`; it names the link
 */
export function requireBelow(root: string, inPlace: string): void {
  const top = root === "" ? null : realPath(root);
  if (top === null) return;
  const parts = inPlace.split("/");
  for (let count = 2; count <= parts.length; count++) {
    const path = root + parts.slice(0, count).join("/");
    const real = realPath(path);
    if (real === null) return;
    if (!`${real}/`.startsWith(top === "/" ? top : `${top}/`)) throw leadsOut(root, path, real);
  }
}

/** A path without links; null if nothing is there. */
function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function leadsOut(root: string, link: string, real: string): Failure {
  return new Failure(
    "untrusted_path",
    `${quoted(link)} is a link that leads to ${quoted(real)}, outside of --root ${quoted(root)}: ` +
      "replace it with a relative link, then run setup again",
  );
}
