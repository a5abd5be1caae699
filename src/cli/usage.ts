import { USER_FOLDER } from './run.js';

/** What the help says of each command. */
export const USAGE = {
  run: `switchboard run <flow.json> [options]   run a flow file without the editor

  --user-dir <folder>   folder for the store and Node-RED's files (default ${USER_FOLDER})
  --env-file <file>     environment variables for the placeholders \${NAME} in the flows
  --settings <file>     Node-RED settings.js with adminAuth, https, httpAdminRoot and other settings
  --host <address>      address to listen on (default: uiHost in the settings file, otherwise 127.0.0.1)
  --port <number>       port to listen on (default: uiPort in the settings file, otherwise 1880); GET /health returns the status
  --editor              also serve the editor and the operator pages; for other machines only with adminAuth
  --drain <seconds>     time to finish work in progress when stopping (default 10)
  --log <level>         fatal, error, warn, info, debug or trace (default: as in the settings file, otherwise info)`,
  test: `switchboard test <fixture.json> [options]   replay an exported conversation offline and report differences in what would be sent

  --flow <file>         test the mappings of this flow file (default: the presets, and the mappings in the fixture)
  --json                print the result as JSON

  Exit code: 0 if there are no differences, otherwise 1.`,
  erase: `switchboard erase --person <text> | --ticket <number>   erase all tickets of a person, or one ticket, for good

  --person <text>       name, e-mail address or telephone number as in the tickets; may be repeated
  --ticket <number>     number or id at any party; may be repeated
  --confirm <count>     erase; the number of tickets must be the one that the same command says without it
  --dry-run             only say what would be erased, as without --confirm
  --store <folder>      the folder of a store that no process uses (default: switchboard in the user folder)
  --user-dir <folder>   the user folder, as for run (default ${USER_FOLDER})
  --url <address>       ask a running Switchboard instead, at the address of its editor; its user's access token is in SWITCHBOARD_TOKEN`,
  audit: `switchboard audit verify [options]   check that nothing in the audit trail was changed or taken out
switchboard audit export [options]   print the audit trail as lines of JSON

  --store <folder>      the folder of the store, which may be in use (default: switchboard in the user folder)
  --user-dir <folder>   the user folder, as for run (default ${USER_FOLDER})
  --from, --until <time>   export only the entries of this time`,
  sandbox: `switchboard sandbox [--port <number>]   start simulated partner systems on 127.0.0.1, for trials and tests (default port 1881)`,
} as const;

export type Command = keyof typeof USAGE;

/** A mistake in a command line: what is wrong, and of which command, if that is known. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly command?: Command,
  ) {
    super(message);
  }
}

/** The help for a command, or for all. */
export function usage(command?: Command): string {
  return command ? USAGE[command] : Object.values(USAGE).join('\n\n');
}

/** The options that the help names for a command. */
export function optionsOf(command: Command): string[] {
  return [...USAGE[command].matchAll(/--([a-z-]+)/g)].map(([, name]) => name ?? '');
}

export function commandOf(text: string | undefined): Command {
  if (text !== undefined && Object.hasOwn(USAGE, text)) return text as Command;
  throw new UsageError(text === undefined ? 'No command was given.' : `"${text}" is not a command.`);
}

/** An option that is a number, not below zero. */
export function numberOf(text: string | undefined, option: string, command: Command): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`--${option}: "${text}" is not a number.`, command);
}

/** An option that is a time. */
export function timeOf(text: string | undefined, option: string, command: Command): string | undefined {
  if (text === undefined) return undefined;
  if (!Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new UsageError(`--${option}: "${text}" is not a time. Write it as 2026-11-30 or 2026-11-30T12:00:00Z.`, command);
}
