import { isThere } from "../is_there.ts";

/** What builds leave in a checkout, of which nothing is packaged. */
const LEFT_BY_BUILDS = ["!! dist/", "!! node_modules/"];

/**
 * A release is made of what a commit has. Documents are packaged as they lie there, and what git ignores
 * would be packaged, too.
 *
 * @param root the sources; where they are no checkout, or git is not installed, nothing is checked
 * @throws Error if files were changed or added, and that was not allowed
 */
export async function requireCommitted(
  root: string,
  { uncommitted }: { uncommitted: boolean },
): Promise<void> {
  if (uncommitted || !isThere(`${root}/.git`)) return;
  const status = await gitStatus(root);
  const changes = status.split("\n").filter((line) => line && !LEFT_BY_BUILDS.includes(line));
  if (changes.length === 0) return;
  throw new Error(
    `the checkout has files that no commit has: release from a clean clone, or add --uncommitted\n${
      changes.join("\n")
    }`,
  );
}

async function gitStatus(root: string): Promise<string> {
  const args = ["-C", root, "status", "--porcelain", "--ignored", "--untracked-files=normal"];
  // Git's own variables may lead to another checkout, as they do in its hooks.
  const env = Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("GIT_")),
  );
  try {
    const { success, stdout, stderr } = await new Deno.Command("git", { args, clearEnv: true, env })
      .output();
    const text = new TextDecoder();
    if (success) return text.decode(stdout);
    throw new Error(`git cannot say what was changed here: ${text.decode(stderr).trim()}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
