import { fail, ok } from '../../../shared/base/result.ts';
import type { TransportSpec } from '../../../shared/model/workspace.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { createProcessConnection, type ProcessContext } from './processConnection.ts';
import type { Transport } from './transport.ts';

type CommandSpec = Extract<TransportSpec, { kind: 'command' }>;

/** The first answer of `kubectl exec` or `docker exec` may wait for a pull of credentials; longer is a hang. */
const PROBE_TIMEOUT_MS = 20_000;

/**
 * A host behind a local command: `shell` runs in a pseudo-terminal, and commands are appended to `exec` as one
 * argument (`kubectl exec -i web-0 -- sh -c` …). There is no connection to make, so one is proved by running `true`.
 */
export function createCommandTransport(spec: CommandSpec, context: ProcessContext): Transport {
  return {
    kind: 'command',
    address: quoteCommand(spec.shell),
    async connect(signal, onPhase) {
      onPhase('authenticating');
      const connection = createProcessConnection(context, {
        shell: spec.shell,
        exec: (commandLine) => [...spec.exec, commandLine],
        directory: context.homeDirectory,
      });
      const problem = await probe();
      if (!problem) return ok(connection);
      connection.dispose();
      return fail(problem);

      async function probe() {
        const words = quoteCommand([...spec.exec, 'true']);
        const opened = await connection.openExec('true');
        if (!opened.ok) {
          return {
            kind: 'refused' as const,
            reason: opened.error.reason,
            advice: 'Check the command of this host.',
          };
        }
        const channel = opened.value;
        return new Promise<{ kind: 'retry' | 'refused'; reason: string; advice: string } | undefined>(
          (resolve) => {
            let errors = '';
            const settle = (problem: { kind: 'retry'; reason: string; advice: string } | undefined) => {
              timer.dispose();
              signal.removeEventListener('abort', onAbort);
              channel.dispose();
              resolve(problem);
            };
            const onAbort = () => settle({ kind: 'retry', reason: 'cancelled', advice: '' });
            const timer = context.clock.after(PROBE_TIMEOUT_MS, () =>
              settle({
                kind: 'retry',
                reason: `${words} did not end within ${PROBE_TIMEOUT_MS / 1_000} s`,
                advice: 'Run it in a terminal to see what it waits for.',
              }),
            );
            signal.addEventListener('abort', onAbort, { once: true });
            channel.onErrorOutput((bytes) => {
              if (errors.length < 2_000) errors += Buffer.from(bytes).toString();
            });
            channel.onExit(({ code, signal: by }) =>
              settle(
                code === 0
                  ? undefined
                  : {
                      kind: 'retry',
                      reason: `${words} ended with ${code === undefined ? `signal ${by ?? 'unknown'}` : `status ${code}`}${errors ? `: ${errors.trim().split('\n').slice(-3).join(' ').slice(0, 300).replace(/\.+$/, '')}` : ''}`,
                      advice: 'Run it in a terminal; Fireline tries again.',
                    },
              ),
            );
            channel.end();
            if (signal.aborted) onAbort();
          },
        );
      }
    },
  };
}
