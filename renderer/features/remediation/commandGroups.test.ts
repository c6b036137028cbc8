import { expect, it } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import { commandGroups, hostWords } from './commandGroups.ts';

const plan = (host: string, command: string, refusal?: string) => ({
  host: host as HostId,
  command,
  needs: command.startsWith('sudo') ? 'It goes through sudo.' : 'Runs as root.',
  ...(refusal === undefined ? {} : { refusal }),
});

it('each command is shown with the hosts that it runs on, in their order; what is refused is none', () => {
  const groups = commandGroups([
    plan('web1', 'sh -c x'),
    plan('web2', 'sudo sh -c x'),
    plan('web3', 'sh -c x'),
    plan('web4', 'other', 'It is gone.'),
  ]);
  expect(groups).toEqual([
    { command: 'sh -c x', needs: 'Runs as root.', hosts: ['web1', 'web3'] },
    { command: 'sudo sh -c x', needs: 'It goes through sudo.', hosts: ['web2'] },
  ]);
  expect(groups.map(({ hosts }) => hostWords(hosts, 3))).toEqual(['web1, web3', 'web2']);
});

it('many hosts are counted', () => {
  const hosts = Array.from({ length: 10 }, (_, n) => `web${n + 1}` as HostId);
  expect(hostWords(hosts, 10)).toBe('each host');
  expect(hostWords(hosts.slice(0, 9), 10)).toBe('web1, web2, web3, web4 and 5 more');
});
