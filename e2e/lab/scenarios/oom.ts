import type { LabHost } from '../labHost.ts';
import type { ProcessIdentity } from '../processIdentity.ts';
import { isProcessAlive, processIdentity } from '../processIdentity.ts';
import { waitUntil } from '../waitUntil.ts';

export interface OomOptions {
  /** How long it takes to reach the host's limit. Default 8, so that the memory curve shows it coming. */
  seconds?: number;
  /** In its arguments, as the name of its queue. Default `banks_crawl_25`. */
  queue?: string;
}

export interface Oom {
  /** The victim's pid as the host sees it, and as the machine and its kernel log do. */
  innerPid: number;
  outerPid: number;
  /** Resolves when the kernel's counter went up and the process is gone; rejects when that takes too long. */
  killed(): Promise<void>;
}

const DIRECTORY = '/srv/www/crawler';

/** A crawler named `ruby` grows until the host's memory limit kills it. Its end is in DIRECTORY/log/crawler.log. */
export async function startOom(host: LabHost, options: OomOptions): Promise<Oom> {
  const seconds = options.seconds ?? 8;
  const queue = options.queue ?? 'banks_crawl_25';
  const before = host.oomKills();
  // The kernel names a process after the file that was executed: perl by the name of ruby.
  const prepared = await host.exec(
    `mkdir -p ${DIRECTORY}/bin ${DIRECTORY}/log && ln -sf /usr/bin/perl ${DIRECTORY}/bin/ruby && cp /run/lab/lab/ucrawler.pl ${DIRECTORY}/ucrawler.rb`,
    { user: 'deploy' },
  );
  if (prepared.code !== 0) throw new Error(`lab: ${host.id}: ${prepared.stderr}`);
  const known = new Set(crawlers(host));
  const argv = ['ucrawler.rb', queue, String(host.memoryLimitBytes), String(seconds)];
  await host.start(['sh', '/run/lab/lab/crawler.sh', DIRECTORY, ...argv], { user: 'deploy' });
  const outerPid = await waitUntil(`${host.id}: the start of its crawler`, 10_000, () =>
    crawlers(host).find((pid) => !known.has(pid)),
  );
  const innerPid = host.processes().find((one) => one.pid === outerPid)?.innerPid ?? 0;
  const identity: ProcessIdentity | undefined = processIdentity(outerPid);
  return {
    innerPid,
    outerPid,
    async killed() {
      await waitUntil(`${host.id}: the kernel’s kill of ${innerPid}`, seconds * 1000 + 30_000, () =>
        host.oomKills() > before && (identity === undefined || !isProcessAlive(identity)) ? true : undefined,
      );
    },
  };
}

function crawlers(host: LabHost): number[] {
  return host
    .processes()
    .filter((one) => one.name === 'ruby' && one.argv.includes('ucrawler.rb'))
    .map((one) => one.pid);
}
