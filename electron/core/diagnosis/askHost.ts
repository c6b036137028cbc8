import type { HostAnswer } from '../../../shared/contract/commands.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { Session } from '../sessions/session.ts';

const RUN_MS = 20_000;
const MOST_BYTES = 64 * 1024;

/** One command on one host, as it was typed. Throws a declared failure that names what went wrong. */
export async function askHost(
  host: HostId,
  command: string,
  session: Pick<Session, 'run'>,
  now: () => number,
): Promise<HostAnswer> {
  const startedAt = now();
  const result = await session.run(['sh', '-c', command], {
    purpose: 'ask',
    timeoutMs: RUN_MS,
    maximumBytes: MOST_BYTES,
  });
  if (!result.ok)
    throw failure(
      result.error.kind === 'timeout' ? 'timeout' : 'not_connected',
      result.error.kind === 'timeout'
        ? `${host} was not done within ${RUN_MS / 1000} s, and was told to stop`
        : `${host} did not answer: ${result.error.reason}`,
    );
  const { stdout, stderr, exitCode, truncated } = result.value;
  return {
    text: [stdout, stderr].filter((part) => part.trim() !== '').join('\n'),
    ...(exitCode === undefined ? {} : { exitCode }),
    tookMs: now() - startedAt,
    truncated,
  };
}
