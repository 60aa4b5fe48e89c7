import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addCopyOptions, addInitOptions } from "./options.ts";

/** Adds `database` with its subcommands. */
export function registerDatabase(program: AnyCommand, context: AdminContext): void {
  const database = program.command("database")
    .description("set up a database on a PostgreSQL server, or copy one to another place")
    .helpCommand(false);
  addInit(database, context);
  addCopy(database, context);
}

function addInit(database: AnyCommand, context: AdminContext): void {
  const command = addInitOptions(
    database.command("init")
      .description(
        "make the tables in the database of --database or totpDatabase, or bring them up to date",
      ),
  );
  addExamples(command, [
    [
      "--database postgres://owner@db.example/vpn database init --role vpn_login",
      "as the database's owner, with the password in the file that PGPASSFILE names",
    ],
    ["database init --print --role vpn_login", "the SQL, for the server's administrator"],
  ]);
  command.action(async (options) => {
    const { initDatabase } = await import("./init.ts");
    await initDatabase(context, options);
  });
}

function addCopy(database: AnyCommand, context: AdminContext): void {
  const command = addCopyOptions(
    database.command("copy")
      .summary("copy all users and the audit trail to an empty database")
      .description(
        "copy all users and the audit trail to an empty database: all or nothing. What logins write " +
          "after its beginning is not in the copy, so stop logins first",
      ),
  );
  addExamples(command, [[
    "database copy --from /var/lib/openvpn-totp/token_index.sqlite3 " +
    "--to postgres://vpn_login@db.example/vpn",
    "from a file to a server, after database init",
  ]]);
  command.action(async (options) => {
    const { copyDatabase } = await import("./copy.ts");
    await copyDatabase(context, options);
  });
}
