import { expect, test } from 'vitest';
import { COMMANDS } from '../contract/commands.ts';
import type { ServiceArguments } from './remediation.ts';
import { isServiceName } from './serviceName.ts';

const MARKUP = '/etc/sv/<img src=x onerror=alert(1)> $(id) \'"; *';

test.each<[ServiceArguments['manager'], string, boolean]>([
  ['systemd', 'nginx.service', true],
  ['systemd', 'getty@tty1.service', true],
  ['systemd', String.raw`\x3cimg\x20src\x3e.service`, true],
  ['systemd', '*.service', false],
  ['systemd', '--now', false],
  ['systemd', '<img>.service', false],
  ['systemd', '', false],
  ['runit', '/etc/sv/app', true],
  ['runit', MARKUP, true],
  ['runit', '-v', false],
  ['runit', '/etc/sv/a\nb', false],
  ['daemontools', '/service/\u009b31m', false],
  ['upstart', 'legacy-video', true],
])('%s may be told of %j: %s', (manager, name, may) => {
  expect(isServiceName({ manager, name })).toBe(may);
  const request = { action: 'service.control', arguments: { manager, name, operation: 'restart' } };
  expect(COMMANDS['remediation.plan'].args.safeParse({ host: 'web1', request }).success).toBe(may);
});
