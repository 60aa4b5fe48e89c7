import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addRekeyOptions } from "./options.ts";

/** Adds `rekey`. */
export function registerRekey(program: AnyCommand, context: AdminContext): void {
  const command = addRekeyOptions(
    program.command("rekey")
      .summary("seal all secrets with a new key, which is added to the key file")
      .description(
        "seal all secrets with a new key, which is added to the key file. Where servers share a " +
          "PostgreSQL database: rekey --add on one of them, copy its key file to all others, then " +
          "rekey, and copy the key file once more",
      ),
  );
  addExamples(command, [
    ["rekey", "where the database is a file"],
    ["rekey --add", "the first step where several servers share a database"],
  ]);
  command.action(async (options) => {
    const { rekey } = await import("./rekey.ts");
    await rekey(context, options);
  });
}
