/**
 * A plugin of `deno lint`: a function of the program has 40 lines at the most, and four parameters.
 *
 * @module
 */

const MOST_LINES = 40;
const MOST_PARAMETERS = 4;

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Reports what is too long, or takes too much, in src and main.ts. */
function check(context: Deno.lint.RuleContext, node: FunctionNode): void {
  if (!/\/(src\/.*|main)\.ts$/.test(context.filename)) return;
  const [first = "", ...others] = context.sourceCode.getText(node).split("\n");
  const range: [number, number] = [node.range[0], node.range[0] + first.length];
  const lines = 1 + others.length;
  if (lines > MOST_LINES) {
    const message = `this function has ${lines} lines, ${MOST_LINES} are allowed: split it`;
    context.report({ range, message });
  }
  const { length } = node.params;
  if (length > MOST_PARAMETERS) {
    const message = `this function has ${length} parameters, ${MOST_PARAMETERS} are allowed: ` +
      "give it one value with a name";
    context.report({ range, message });
  }
}

export default {
  name: "openvpn-totp",
  rules: {
    "function-size": {
      create(context) {
        return {
          FunctionDeclaration: (node) => check(context, node),
          FunctionExpression: (node) => check(context, node),
          ArrowFunctionExpression: (node) => check(context, node),
        };
      },
    },
  },
} satisfies Deno.lint.Plugin;
