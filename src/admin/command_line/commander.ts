/**
 * Commander, with the types of a command's arguments and options inferred from its declaration. The
 * types are those of `@commander-js/extra-typings`; the code that runs is commander's own.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";

// @ts-types="@commander-js/extra-typings"
export { Argument, Command, CommanderError, Option } from "commander";

/** A command whose arguments and options aren't known. */
export type { CommandUnknownOpts as AnyCommand } from "@commander-js/extra-typings";

/** The options that a function declares on a command. */
export type OptionsOf<Declare extends (command: Command) => { opts(): unknown }> = ReturnType<
  ReturnType<Declare>["opts"]
>;
