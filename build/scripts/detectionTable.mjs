/** What detectors tell, as the issue names it; in the order of the table. */
const KINDS = (
  'process.oom_killed process.oom_risk process.respawn_loop process.pid_changed processes.pile cpu.saturated cgroup.throttled ' +
  'erlang.node_up erlang.node_down erlang.orphan_remote_shell link.lost link.degraded host.silent host.unmeasured host.ssh_dying ' +
  'host.rebooted clock.skewed connections.leak connections.capped connections.unanswered listen.overflow queue.stalled fd.leak fd.near_limit ' +
  'memory.leak threads.growth disk.full disk.filling inodes.full filesystem.readonly network.saturated network.errors ' +
  'kernel.segfault kernel.hung_task kernel.oops kernel.limit disk.errors service.failed log.matched log.surge host.outlier'
).split(' ');

/**
 * Detector x fired x near miss x p50 latency, of the tests that ran and passed: each notes in its own report what it saw a
 * detector do (electron/core/detectors/testDetections.ts), and a test that failed, or did not run, counts for nothing.
 * @param {Record<string, any>} reports of vitest, by part
 * @returns lines; none when no test noted anything
 */
export function detectionTable(reports) {
  const rows = new Map(KINDS.map((kind) => [kind, { fired: {}, near: {}, latencies: [] }]));
  let seen = 0;
  for (const [part, report] of Object.entries(reports)) {
    for (const test of report?.testResults?.flatMap((file) => file.assertionResults) ?? []) {
      if (test.status !== 'passed') continue;
      for (const { kind, fired, latencyMs } of test.meta?.detections ?? []) {
        const row = rows.get(kind);
        if (!row) continue;
        seen++;
        const counts = fired ? row.fired : row.near;
        counts[part] = (counts[part] ?? 0) + 1;
        if (latencyMs !== undefined) row.latencies.push(latencyMs);
      }
    }
  }
  if (seen === 0) return [];
  return [
    line('detector', 'fired (tests)', 'near miss (tests)', 'p50 latency'),
    ...[...rows].map(([kind, { fired, near, latencies }]) =>
      line(kind, words(fired), words(near), median(latencies)),
    ),
  ];
}

const line = (...cells) =>
  cells
    .map((cell, n) => cell.padEnd([28, 22, 22, 0][n]))
    .join(' ')
    .trimEnd();

function words(counts) {
  const parts = Object.entries(counts).map(([part, count]) => `${part} ${count}`);
  return parts.length === 0 ? '-' : parts.join(', ');
}

function median(values) {
  if (values.length === 0) return '-';
  const sorted = values.toSorted((a, b) => a - b);
  const p50 = sorted[Math.ceil(sorted.length / 2) - 1];
  return `${(p50 / 1000).toFixed(1)} s of ${values.length}`;
}
