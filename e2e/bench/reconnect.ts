import { cutRoute } from '../lab/cutRoute.ts';
import { startLab } from '../lab/lab.ts';
import { openFleet } from '../lab/openFleet.ts';
import { type BenchResult, latency } from './bench.types.ts';

const HOSTS = 40;
const ROUNDS = 3;
/** Long enough for every host to have found that nothing answers, and to wait between tries. */
const GONE_MS = 25_000;

/** Forty hosts whose packets are dropped and then are not: from the route's return until the last one is back. */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: HOSTS });
  const fleet = openFleet(lab, ['ServerAliveInterval 3', 'ServerAliveCountMax 2']);
  try {
    const milliseconds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await fleet.allReach((link) => link.kind === 'good' && link.roundTripMs !== undefined);
      const route = cutRoute(lab.hosts);
      for (const session of fleet.sessions) session.checkLink();
      const cutAt = performance.now();
      await fleet.allReach((link) => 'cause' in link && link.cause === 'no_answer' && 'downSince' in link);
      await new Promise((resolve) => setTimeout(resolve, GONE_MS - (performance.now() - cutAt)));
      const from = performance.now();
      route.dispose();
      await fleet.allReach((link) => link.kind === 'good');
      milliseconds.push(performance.now() - from);
    }
    return {
      bench: 'reconnect',
      results: [
        latency(`${HOSTS} hosts, route gone for ${GONE_MS / 1000} s and back: the last host`, milliseconds),
      ],
    };
  } finally {
    fleet.close();
    await lab.stop();
  }
}
