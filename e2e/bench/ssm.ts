import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createAwsAccess } from '../../electron/core/transports/ssm/awsAccess.ts';
import { createSmuxSession } from '../../electron/core/transports/ssm/smux.ts';
import { type SessionPurpose, startSession } from '../../electron/core/transports/ssm/startSession.ts';
import { systemClock } from '../../shared/base/clock.ts';
import type { HostId } from '../../shared/model/host.ts';
import { DOUBLE_INSTANCE, startDoubleProcess } from '../lab/ssm/doubleProcess.ts';
import { type BenchResult, round } from './bench.types.ts';

const MEBIBYTE = 1024 * 1024;

/** Bytes a second from an agent to us, through the whole data channel. The double runs in a process of its own. */
export async function run(): Promise<BenchResult> {
  return {
    bench: 'ssm',
    results: [
      await measure('shell output, no pacing', false, 64, shellOutput),
      await measure('port forwarding, no pacing', false, 128, portBytes),
      await measure('shell output, official pacing', true, 3, shellOutput),
    ],
  };
}

type Source = (open: Opener, took: (bytes: number) => void, mebibytes: number) => Promise<() => void>;
type Opener = (
  purpose: SessionPurpose,
) => Promise<Extract<Awaited<ReturnType<typeof startSession>>, { ok: true }>['value']>;

async function measure(title: string, paced: boolean, mebibytes: number, source: Source) {
  const double = await startDoubleProcess({ paced });
  Object.assign(process.env, double.environment);
  const aws = createAwsAccess({
    place: {},
    host: 'bench' as HostId,
    clock: systemClock,
    prompter: { interactive: false, waiting: [], ask: async () => null },
  });
  const open: Opener = async (purpose) => {
    const started = await startSession({ kind: 'ssm', target: DOUBLE_INSTANCE }, purpose, {
      aws,
      clock: systemClock,
      diagnostic: (line) => process.stderr.write(`${line}\n`),
    });
    if (!started.ok) throw new Error(started.error.reason);
    return started.value;
  };
  try {
    let bytes = 0;
    let first = 0;
    const wanted = mebibytes * MEBIBYTE;
    const done = Promise.withResolvers<void>();
    const stop = await source(
      open,
      (count) => {
        if (bytes === 0) first = performance.now();
        bytes += count;
        if (bytes >= wanted) done.resolve();
      },
      mebibytes,
    );
    await done.promise;
    const seconds = (performance.now() - first) / 1000;
    stop();
    return { case: title, n: bytes, megabytesPerSecond: round(bytes / 1e6 / seconds) };
  } finally {
    await double.stop();
  }
}

const shellOutput: Source = async (open, took, mebibytes) => {
  const { channel } = await open({ kind: 'shell' });
  channel.onOutput((data) => took(data.length));
  channel.write(
    Buffer.from(
      `stty -opost; yes 'a line of some length, as a log has them' | head -c ${(mebibytes + 1) * MEBIBYTE}\n`,
    ),
  );
  return () => channel.dispose();
};

const portBytes: Source = async (open, took) => {
  // A peer that writes as fast as it is read, in a process of its own.
  const peer = spawn('perl', [
    '-MIO::Socket::INET',
    '-e',
    '$|=1; $s=IO::Socket::INET->new(Listen=>5,LocalAddr=>"127.0.0.1") or die; print $s->sockport,"\n"; $c=$s->accept; $b="x"x65536; while(syswrite($c,$b)){}',
  ]);
  const [port] = (await once(createInterface({ input: peer.stdout }), 'line')) as [string];
  const { channel } = await open({ kind: 'port', port: Number(port) });
  const smux = createSmuxSession({ send: (bytes) => channel.write(bytes) });
  channel.onOutput((data) => void smux.receive(data));
  const stream = smux.open();
  stream.on('data', (data: Buffer) => took(data.length));
  return () => {
    channel.dispose();
    peer.kill();
  };
};
