import { expect, test } from 'vitest';
import type { ProcessRow } from '../../../shared/model/process.ts';
import { atomSource, readAnswer } from './callNode.ts';
import { readPeers } from './erlangWatch.ts';
import { readBeams } from './inspectBeams.ts';

// Captured on Debian 12, OTP 25: a service, and a debug node that connected to it.
const CAPTURED = `P 2457 2450 0 1738806 there
P 2487 2486 34816 1738822 there
E debug9 45099
E svcdbg 44373
L 2457 AD55
L 2487 B02B
C 2457 AD55 0100007F D66A
C 2457 BB9E 0100007F 1111
C 2487 BBA8 0100007F 1111
C 2487 D66A 0100007F AD55
`;

function beam(pid: number, startTicks: number, name: string): ProcessRow {
  return {
    pid,
    startTicks,
    parentPid: 1,
    state: 'S',
    name: 'beam.smp',
    command: `/usr/lib/erlang/erts-13.1.5/bin/beam.smp -- -root /usr/lib/erlang -- -home /root -- -noinput -sname ${name} -setcookie c`,
    user: 'root',
    threads: 20,
    cpu: 0,
    cpuTicks: 0,
    residentBytes: 0,
    virtualBytes: 0,
    startedAt: 0,
  };
}

const ROWS = [beam(2457, 1738806, 'svcdbg'), beam(2487, 1738822, 'debug9')];

test('the distribution’s connections are found, and what is only epmd’s is not', () => {
  const [service, debug] = readBeams(CAPTURED, ROWS, 'boot');
  expect(service).toMatchObject({
    name: 'svcdbg',
    peers: [
      { key: '127.0.0.1:54890', process: { identity: { pid: 2487 }, terminal: true, sessionGone: false } },
    ],
  });
  expect(service?.peers).toHaveLength(1);
  expect(debug).toMatchObject({ peers: [{ key: '127.0.0.1:44373', process: { identity: { pid: 2457 } } }] });
});

test('without epmd a connection between two nodes of the host still tells the port', () => {
  const [service] = readBeams(CAPTURED.replace(/^E .*\n/gm, ''), ROWS, 'boot');
  expect(service?.peers.map((p) => p.key)).toEqual(['127.0.0.1:54890']);
});

test('clients of a port that is not the distribution’s are no nodes', () => {
  const web = `${CAPTURED}L 2457 1F90\nC 2457 1F90 0200000A D000\n`;
  expect(readBeams(web, ROWS, 'boot')[0]?.peers).toHaveLength(1);
});

test('a pid that is another process by now is left out', () => {
  const [row] = ROWS;
  expect(readBeams(CAPTURED, row ? [{ ...row, startTicks: 5 }] : [], 'boot')).toEqual([]);
});

test('an address of version 6 that carries one of version 4 is shown as that', () => {
  const mapped = CAPTURED.replace(
    'C 2457 AD55 0100007F D66A',
    'C 2457 AD55 0000000000000000FFFF00000100007F D66A',
  );
  expect(readBeams(mapped, ROWS, 'boot')[0]?.peers[0]?.address).toBe('127.0.0.1');
});

test('names come in hexadecimal, whatever characters they hold', () => {
  const names = readPeers(
    '"01f60000007800004000007600006d hidden 127.0.0.1 1;****00007800004000007600006d hidden 127.0.0.1 2;000078110000 hidden 127.0.0.1 3;' +
      '00006600006900007200006500006c00006900006e00006500003200004000007600006d hidden 127.0.0.1 38412;00006400003b00002000007800004000007600006d normal 127.0.0.1 54890;"',
  );
  // Only what is whole is a name: of half of one another node would be disconnected.
  expect([...names]).toEqual([
    ['127.0.0.1:1', { name: '\u{1f600}x@vm', hidden: true }],
    ['127.0.0.1:38412', { name: 'fireline2@vm', hidden: true }],
    ['127.0.0.1:54890', { name: 'd; x@vm', hidden: false }],
  ]);
});

test('an atom is written by its characters: nothing in it is ever read as Erlang', () => {
  expect(atomSource("x', halt(), 'é")).toBe('list_to_atom([120,39,44,32,104,97,108,116,40,41,44,32,39,233])');
});

test.each([
  ['node svc\n{ok, true}', { kind: 'ok', node: 'svc', value: 'true' }],
  ['refused other\n', { kind: 'refused', reason: 'the pid is another process now', denied: false }],
  [
    'node svc\nfailed to connect: x',
    { kind: 'failed', reason: expect.stringContaining('did not let us in') },
  ],
  ['node svc\nlate\n', { kind: 'late', reason: 'the node gave no answer within 10 s' }],
  ['node svc\n{error, "*** eval: boom"}', { kind: 'failed', reason: '{error, "*** eval: boom"}' }],
])('%j', (stdout, expected) => {
  expect(readAnswer({ stdout, stderr: '' })).toEqual(expected);
});
