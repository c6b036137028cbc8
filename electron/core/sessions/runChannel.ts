import type { Clock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import type { ExecChannel } from '../transports/transport.ts';
import type { RunOptions, RunResult, SessionFailure } from './session.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAXIMUM_BYTES = 1024 * 1024;

/** Runs a command to its end, its wait for a channel included, within its bounds of time and output. */
export async function runChannel(
  clock: Clock,
  options: RunOptions,
  open: (signal: AbortSignal) => Promise<Result<ExecChannel, SessionFailure>>,
): Promise<Result<RunResult, SessionFailure>> {
  const { purpose, timeoutMs = DEFAULT_TIMEOUT_MS, maximumBytes = DEFAULT_MAXIMUM_BYTES } = options;
  const lifetime = new DisposableStore();
  const ending = new AbortController();
  let verdict: SessionFailure | undefined;
  const end = (failure: SessionFailure) => {
    verdict ??= failure;
    ending.abort();
  };
  const onAbort = () => end({ kind: 'aborted', reason: `${purpose} was cancelled` });
  if (options.signal?.aborted) return fail({ kind: 'aborted', reason: `${purpose} was cancelled` });
  options.signal?.addEventListener('abort', onAbort);
  lifetime.addStop(() => options.signal?.removeEventListener('abort', onAbort));
  lifetime.add(
    clock.after(timeoutMs, () =>
      end({ kind: 'timeout', reason: `${purpose} did not end within ${timeoutMs / 1_000} s` }),
    ),
  );
  try {
    const opened = await open(ending.signal);
    if (!opened.ok) {
      // Still waiting for a place at the bound: why there is none says more than that time is up.
      return verdict && opened.error.kind !== 'full' ? fail(verdict) : opened;
    }
    const channel = opened.value;
    lifetime.add(channel);
    const output = collect(maximumBytes);
    const errors = collect(maximumBytes);
    const soFar = () => ({
      stdout: output.text(),
      stderr: errors.text(),
      truncated: output.cut() || errors.cut(),
    });
    return await new Promise((resolve) => {
      ending.signal.addEventListener('abort', () => {
        const why = verdict ?? { kind: 'aborted', reason: `${purpose} was cancelled` };
        resolve(fail(why.kind === 'timeout' ? { ...why, soFar: soFar() } : why));
      });
      channel.onOutput(output.add);
      channel.onErrorOutput(errors.add);
      channel.onExit(({ code, lost }) => {
        if (lost) {
          resolve(
            fail({ kind: 'lost', reason: `the link dropped while ${purpose} ran: what it did is not known` }),
          );
          return;
        }
        resolve(
          ok({
            ...(code === undefined ? {} : { exitCode: code }),
            ...soFar(),
          }),
        );
      });
      if (options.stdin !== undefined) channel.write(options.stdin);
      channel.end();
    });
  } finally {
    lifetime.dispose();
  }
}

/** Keeps the first `maximumBytes`, and drains the rest so that the command can end. */
function collect(maximumBytes: number) {
  const chunks: Buffer[] = [];
  let length = 0;
  let cut = false;
  return {
    add(bytes: Uint8Array) {
      const kept = bytes.subarray(0, maximumBytes - length);
      if (kept.length < bytes.length) cut = true;
      if (kept.length === 0) return;
      chunks.push(Buffer.from(kept));
      length += kept.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    cut: () => cut,
  };
}
