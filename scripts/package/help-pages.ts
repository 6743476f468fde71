/** The manual page and the completion of bash, made from what the commands themselves say (`--help`): no second list of anything. */

export interface CommandHelp {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  /** All of `kvitt NAME --help`. */
  readonly usage: string;
}

/** What a program's manual says besides its commands. */
export interface ManualWords {
  /** As it is typed. */
  readonly name: string;
  /** After the name, in whatis(1). */
  readonly title: string;
  /** Sentences. */
  readonly description: string;
  /** systemd.service(5). */
  readonly service: { readonly unit: string; readonly command: string };
  readonly files: readonly (readonly [path: string, what: string])[];
  /** Exit codes besides 0, 1 and 2. */
  readonly moreStatus?: string;
}

/** The names and summaries of a program's `--help`. @throws Error when none is found */
export function readCommandList(help: string): readonly { readonly name: string; readonly summary: string }[] {
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? "";
  const found = [...list.matchAll(/^ {2}([a-z][a-z-]*) +(.+)$/gm)].map(([, name = "", summary = ""]) => ({
    name,
    summary,
  }));
  if (found.length === 0) throw new Error(`there are no commands in this help:\n${help}`);
  return found;
}

/** roff(7): a line must not begin with a control character, and a backslash or a hyphen stand for themselves only when escaped. */
function escapeRoff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}

/** man-pages(7). @param date YYYY-MM-DD, of the commit */
export function manualPage(
  { name: program, title, description, service, files, moreStatus }: ManualWords,
  commands: readonly CommandHelp[],
  { version, date }: { version: string; date: string },
): string {
  const sections = commands.map(
    ({ name, summary, usage }) =>
      `.SS "${escapeRoff(program)} ${name}: ${escapeRoff(summary).replaceAll('"', "\\(dq")}"\n.nf\n${escapeRoff(usage)}\n.fi\n`,
  );
  const places = files.map(([path, what]) => `.TP\n.I ${escapeRoff(path)}\n${escapeRoff(what)}\n`);
  return `.\\" Made from the commands' own help.
.TH ${escapeRoff(program.toUpperCase())} 1 "${date}" "${program} ${version}" "User Commands"
.SH NAME
${escapeRoff(program)} \\- ${escapeRoff(title)}
.SH SYNOPSIS
.B ${escapeRoff(program)}
.I COMMAND
.RI [ ARGUMENTS ]
.SH DESCRIPTION
${escapeRoff(description)}
The service
.B ${escapeRoff(service.unit)}
runs
.BR "${escapeRoff(service.command)}" .
.SH COMMANDS
${sections.join("")}.SH FILES
${places.join("")}.SH EXIT STATUS
0 when what was asked for was done, 1 when it was not, 2 for a command that was not understood${moreStatus === undefined ? "" : `; ${escapeRoff(moreStatus)}`}.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
`;
}

/** Words of the command's own usage lines, `list|show ID|export` included. */
function subcommandsOf(program: string, { name, usage }: CommandHelp): readonly string[] {
  const found = new Set<string>();
  for (const line of usage.split("\n")) {
    const [, rest] = new RegExp(`^${program} ${name} (.*)$`).exec(line) ?? [];
    // What comes after two spaces explains.
    const words = (rest ?? "").split(/ {2,}/)[0] ?? "";
    const first = /^([a-z][a-z-]*(?: [A-Z]+)?(?: ?\| ?[a-z][a-z-]*(?: [A-Z]+)*)*)/.exec(words)?.[1];
    for (const [word] of (first ?? "").matchAll(/[a-z][a-z-]+/g)) found.add(word);
  }
  return [...found].toSorted();
}

function optionsOf({ usage }: CommandHelp): readonly string[] {
  const found = [...usage.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
  return [...new Set([...found, "--help"])].toSorted();
}

/** For bash-completion's folder; bash(1), "Programmable Completion". Files are completed where nothing else fits. */
export function bashCompletion(program: string, commands: readonly CommandHelp[]): string {
  const cases = commands.map(
    (command) =>
      `    ${command.name}) options="${optionsOf(command).join(" ")}" words="${subcommandsOf(program, command).join(" ")}" ;;`,
  );
  const complete = `_${program.replaceAll("-", "_")}`;
  return `# Made from the commands' own help.
${complete}() {
  local word=\${COMP_WORDS[COMP_CWORD]} options="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) [ "$COMP_CWORD" -eq 2 ] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
  esac
}
complete -o bashdefault -o default -F ${complete} ${program}
`;
}
