import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../shared/base/result.ts';

export interface WebFlags {
  help: boolean;
  /** Absent: the usual port, or another if it is taken. */
  port?: number;
  open: boolean;
  workspace?: string;
  partial: boolean;
}

/** Without a wish for another. */
export const USUAL_PORT = 7417;

export const WEB_HELP = `Usage: npm start -- --web [options]

Opens Fireline through a web host on 127.0.0.1 and prints its address, with its token, as the one line of stdout.

  --workspace FILE  open this workspace; without it, the last choice is offered beside "This machine"
  --partial         open the hosts that are fine although the file has problems
  --port N          listen on this port (0: any free one); default ${USUAL_PORT}, or any free one if that is taken
  --no-open         do not open a browser
  --help            print this

To reach it from another machine, forward the same port: ssh -L PORT:127.0.0.1:PORT HOST
`;

export function parseWebFlags(args: readonly string[]): Result<WebFlags, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        workspace: { type: 'string' },
        partial: { type: 'boolean', default: false },
      },
    });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (values.port !== undefined && !/^\d{1,5}$/.test(values.port)) return fail(badPort(values.port));
    if (port !== undefined && port > 65_535) return fail(badPort(String(port)));
    return ok({
      help: values.help,
      open: !values['no-open'],
      partial: values.partial,
      ...(port === undefined ? {} : { port }),
      ...(values.workspace === undefined ? {} : { workspace: values.workspace }),
    });
  } catch (error) {
    // parseArgs throws for what it does not know; its first sentence names the option.
    return fail(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }
}

const badPort = (given: string) => `--port ${given}: expected a number from 0 to 65535`;
