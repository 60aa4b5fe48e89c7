import { Argument, type Command } from "commander";
import { SCRIPTS, type Shell, SHELLS } from "../completion/scripts.ts";
import type { AdminContext } from "../context.ts";
import { addExamples } from "./examples.ts";

/** Adds the commands about the program itself. */
export function addOwnCommands(program: Command, context: AdminContext): void {
  program.commandsGroup("About this program:");

  program.command("help")
    .description("show help for a command")
    .argument("[command]", "name of a command")
    .action((name?: string) => {
      const command = name === undefined
        ? program
        : program.commands.find((command) => command.name() === name);
      if (command === undefined) {
        return program.error(
          `unknown command '${name}': see openvpn-totp --help`,
        );
      }
      command.outputHelp();
    });

  const completion = program.command("completion")
    .description("print the script by which a shell completes commands")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action((shell: Shell) => context.out(SCRIPTS[shell]));
  addExamples(completion, [[
    "completion bash | sudo install -D -m 0644 /dev/stdin /usr/share/bash-completion/completions/openvpn-totp",
    "install the script of bash",
  ]]);

  const man = program.command("man")
    .description("print the manual page, openvpn-totp(8)")
    .action(async () => {
      const { manPage } = await import("../manual/man_page.ts");
      context.out(manPage(program, context.now()));
    });
  addExamples(man, [[
    "man | sudo install -D -m 0644 /dev/stdin /usr/local/share/man/man8/openvpn-totp.8",
    "install the page",
  ]]);

  program.command("complete", { hidden: true })
    .description("say what could stand next: for the completion scripts")
    .argument("<shell>")
    .argument("[words...]")
    .action(async (shell: string, words: string[]) => {
      const { answerShell } = await import("../completion/complete.ts");
      await answerShell(context, program, shell, words);
    });
}
