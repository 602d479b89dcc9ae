import type { CommandSpecification, OptionSpecification } from "./arguments.ts";

const width = 96;

/** The page of `hawser help`. */
export function overview(commands: readonly CommandSpecification[]): string {
  return [
    "hawser - channels on a log, over connections that may break",
    "",
    "Usage: hawser COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...table(commands.map((command) => [command.name, command.summary])),
    "",
    "  hawser help COMMAND    what a command takes, with examples",
    "  hawser --version       the version",
    "",
    "Exit codes:",
    ...table(exitCodeRows),
    "",
  ].join("\n");
}

/** The page of `hawser help COMMAND`. */
export function commandHelp(command: CommandSpecification): string {
  const usage = ["hawser", command.name, command.positionals, "[OPTIONS]"].filter((part) => part !== "").join(" ");
  return [
    `hawser ${command.name} - ${command.summary}`,
    "",
    `Usage: ${usage}`,
    "",
    ...command.description.flatMap((paragraph) => [...wrap(paragraph, width, ""), ""]),
    "Options:",
    ...table(Object.entries(command.options).map(([name, option]) => [optionTitle(name, option), option.description])),
    "",
    "Examples:",
    ...command.examples.flatMap((example) => [...wrap(example.explanation, width, "  # "), `  ${example.command}`, ""]),
  ].join("\n");
}

const exitCodeRows: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "failed: no connection, a rejected message, a call that failed"],
  ["2", "the command line or the configuration is wrong"],
  ["3", "the server refused the token, or this user may not do that"],
  ["4", "something was sent, and whether it took effect is not known"],
  ["130, 143", "stopped by Ctrl+C (SIGINT), or by SIGTERM"],
];

function optionTitle(name: string, option: OptionSpecification): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${name}${option.type === "string" ? ` ${option.value ?? "VALUE"}` : ""}`;
}

/** Two columns, the second one wrapped. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const first = Math.max(...rows.map(([title]) => title.length));
  return rows.flatMap(([title, text]) => {
    const lines = wrap(text, width - first - 4, "");
    return lines.map((line, index) => `  ${(index === 0 ? title : "").padEnd(first)}  ${line}`);
  });
}

function wrap(text: string, columns: number, prefix: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && prefix.length + line.length + 1 + word.length > columns) {
      lines.push(prefix + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, prefix + line];
}
