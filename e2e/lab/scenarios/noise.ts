import type { LabHost } from '../labHost.ts';
import { waitUntil } from '../waitUntil.ts';

const SCRIPT = '/run/lab/lab/noise.sh';

/**
 * What a busy and healthy server does all day: parallel builds, package installs, cron every minute, a forking server under
 * load, log rotation, a backup, scripts of thousands of commands. Nothing of it is worth more than info.
 */
export async function startNoise(host: LabHost): Promise<void> {
  await host.start(['sh', SCRIPT, host.address]);
  await waitUntil(`${host.id}: the noise`, 10_000, () =>
    host.processes().some((one) => one.argv.join(' ').includes('noise.sh')) ? true : undefined,
  );
}
