import project from "../../deno.json" with { type: "json" };
import type { AnyCommand, Argument, Option } from "../../src/admin/command_line/commander.ts";
import { examplesOf } from "../../src/admin/command_line/examples.ts";
import { optionsOf, visibleCommands } from "../../src/admin/completion/shown.ts";
import type { EpochMs } from "../../src/core/epoch.ts";
import { REASON_MEANINGS } from "../../src/core/reason_meanings.ts";
import { SETTINGS } from "../../src/settings.ts";
import { defaultText } from "../default_text.ts";
import {
  DESCRIPTION,
  ENVIRONMENT,
  EXIT_STATUS,
  FILES,
  SECURITY,
  SERVER_LINES,
} from "./man_texts.ts";
import { bold, literal, prose, tagged, usage, verbatim } from "./roff.ts";

/**
 * The manual page openvpn-totp(8), in the macros of man(7): made from the commands that commander
 * knows and from the settings.
 *
 * @param at the page's date
 */
export function manPage(program: AnyCommand, at: EpochMs): string {
  const name = program.name();
  const date = new Date(at).toISOString().slice(0, 10);
  const commands = visibleCommands(program);
  const parts = [
    `.TH ${name.toUpperCase()} 8 ${date} "${name} ${project.version}"`,
    // Without hyphens and stretched lines, so that commands can be copied.
    ".nh",
    ".ad l",
    ...section("NAME", [`${literal(name)} \\- two\\-factor logins for OpenVPN`]),
    ...section("SYNOPSIS", synopsis(name)),
    ...section("DESCRIPTION", DESCRIPTION.map(paragraph)),
    verbatim(SERVER_LINES),
    ...section("COMMANDS", groupsOf(program, commands)),
    ...section("OPTIONS OF ALL COMMANDS", optionsOf(program).map(optionEntry)),
    ...section("SETTINGS", settings()),
    ...section("LOG", reasons()),
    ...section("EXIT STATUS", EXIT_STATUS.map(entry)),
    ...section("FILES", FILES.map(entry)),
    ...section("ENVIRONMENT", ENVIRONMENT.map(entry)),
    ...section("EXAMPLES", examples(commands)),
    ...section("SECURITY", SECURITY.map(paragraph)),
    ...section("SEE ALSO", [
      [["fail2ban", "1"], ["openvpn", "8"], ["pam.conf", "5"]]
        .map(([page, part]) => `${bold(page!)}(${part})`).join(",\n"),
    ]),
  ];
  return `${parts.join("\n")}\n`;
}

function section(heading: string, content: readonly string[]): string[] {
  return [`.SH ${heading}`, ...content];
}

function paragraph(text: string, index: number): string {
  return index === 0 ? prose(text) : `.PP\n${prose(text)}`;
}

function entry([tag, meaning]: readonly [string, string]): string {
  return tagged(bold(tag), meaning);
}

function synopsis(name: string): string[] {
  return [
    `${bold(name)} [\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]`,
    ".br",
    `${bold(`auth-user-pass-verify /usr/local/bin/${name} via-file`)}`,
    ".br",
    `${bold(`client-crresponse /usr/local/bin/${name}`)}`,
  ];
}

/** The commands, under the headings of the help. */
function groupsOf(program: AnyCommand, commands: readonly AnyCommand[]): string[] {
  return [...Map.groupBy(commands, (command) => command.helpGroup())].flatMap(
    ([heading, group]) => [
      `.SS "${literal((heading || "Commands").replace(/:$/, ""))}"`,
      ...group.flatMap((command) => commandEntry(program, command)),
    ],
  );
}

function commandEntry(program: AnyCommand, command: AnyCommand): string[] {
  const help = command.createHelp();
  const own = help.visibleOptions(command)
    .filter(({ long }) => program.options.every((one) => one.long !== long) && long !== "--help");
  const entries = [
    ...help.visibleArguments(command).map(argumentEntry),
    ...own.map(optionEntry),
    ...visibleCommands(command).flatMap((one) => commandEntry(program, one)),
  ];
  return [
    tagged(usage(help.subcommandTerm(command)), sentence(command.description())),
    ...entries.length === 0 ? [] : [".RS", ...entries, ".RE"],
  ];
}

function optionEntry(option: Option): string {
  return tagged(usage(option.flags), sentence(withChoices(option)));
}

function argumentEntry(argument: Argument): string {
  return tagged(`\\fI${literal(argument.name())}\\fR`, sentence(withChoices(argument)));
}

function withChoices({ description, argChoices, defaultValue }: Option | Argument): string {
  const choices = argChoices === undefined
    ? ""
    : `; one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`;
  const byDefault = typeof defaultValue === "string" ? `; \`${defaultValue}\` by default` : "";
  return `${description}${choices}${byDefault}`;
}

/** Texts of the help begin with a small letter and have no full stop. */
function sentence(text: string): string {
  const end = /[.!?]$/.test(text) || text === "" ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

function settings(): string[] {
  return [
    prose(
      "Set them with `setenv` NAME VALUE in the server's configuration, and restart OpenVPN. With a " +
        "bad value, logins are refused, and the log names it.",
    ),
    ...Object.values(SETTINGS).map((setting) => {
      const { name, meaning, allowed } = setting;
      const byDefault = defaultText(setting);
      return tagged(bold(name), `${sentence(meaning)} Allowed: ${allowed}. Default: ${byDefault}.`);
    }),
  ];
}

function reasons(): string[] {
  return [
    prose(
      "Each decision about a login is a line of the log, and a row of the audit trail (`log`). The " +
        "`reason` of a refusal is one of these:",
    ),
    ...Object.entries(REASON_MEANINGS).map(([reason, meaning]) =>
      tagged(bold(reason), sentence(meaning))
    ),
  ];
}

function examples(commands: readonly AnyCommand[]): string[] {
  return commands.flatMap(examplesOf).flatMap(([line, meaning], index) => [
    paragraph(`${sentence(meaning).replace(/\.$/, "")}:`, index),
    verbatim([`openvpn-totp ${line}`]),
  ]);
}
