import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HERE, hastyClock, identityOf, openRemediationBed } from './remediationBed.ts';

test('a node that has not answered in time may do it yet: that is not known, and not a refusal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fireline-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // What is taken for a node, with an erl_call beside it that is busy when it is told to act, and the end of its time at once.
  const { stdout } = spawnSync('sh', ['-c', 'command -v perl'], { encoding: 'utf8' });
  copyFileSync(stdout.trim(), join(folder, 'beam'));
  const says = `#!/bin/sh\nread -r code; case $code in *disconnect_node*) exit 124;; esac\necho '{ok, {true, 2}}'\n`;
  writeFileSync(join(folder, 'erl_call'), says, { mode: 0o755 });
  writeFileSync(join(folder, 'timeout'), '#!/bin/sh\nshift; exec "$@"\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const bed = await openRemediationBed({ clock: hastyClock });
  onTestFinished(() => bed.dispose());
  const script = '$| = 1; print "up\\n"; sleep 600';
  const node = spawn(join(folder, 'beam'), ['-e', script, '--', '-sname', 'svc'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bed.children.push(node);
  await once(node.stdout, 'data');
  const made = await bed.service.plan({
    host: HERE.host,
    request: {
      action: 'erlang.disconnect_node',
      arguments: { service: identityOf(node.pid ?? -1), node: 'dbg@vm' },
    },
  });
  expect(made.refusal).toBeUndefined();
  expect(await bed.service.execute(made.id)).toMatchObject({
    outcome: 'unknown',
    verdict: expect.stringContaining('may do it yet'),
  });
});
