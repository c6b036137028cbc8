import { hostname } from 'node:os';
import { ok } from '../../../shared/base/result.ts';
import { createProcessConnection, type ProcessContext } from './processConnection.ts';
import type { Transport } from './transport.ts';

/** This machine: the user's own shell in a pseudo-terminal, commands by `sh -c`. */
export function createLocalTransport(context: ProcessContext): Transport {
  return {
    kind: 'local',
    address: `this machine (${hostname()})`,
    async connect() {
      const shell = context.environment['SHELL'] || '/bin/sh';
      return ok(
        createProcessConnection(context, {
          // macOS terminals start login shells, Linux ones inherit what the login set up.
          shell: process.platform === 'darwin' ? [shell, '-l'] : [shell],
          exec: (commandLine) => ['/bin/sh', '-c', commandLine],
          directory: context.homeDirectory,
        }),
      );
    },
  };
}
