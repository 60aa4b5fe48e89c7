import { makeProgram } from "../../src/admin/program.ts";
import { systemContext } from "../../src/admin/system_context.ts";
import { manPage } from "./man_page.ts";

/**
 * The program's manual page.
 *
 * @param date in seconds since 1970
 */
export function programPage(date: number): string {
  const nothing = () => Promise.resolve(1);
  return manPage(makeProgram(systemContext({ serve: nothing, pamHelper: nothing })), date * 1000);
}
