import { expect, test } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { EventDraft } from './detector.ts';
import { fittingActions } from './fittingActions.ts';

const HOST = 'web1' as HostId;
const identity = { bootId: 'b', pid: 812, startTicks: 77 };

function draft(over: Partial<EventDraft>): EventDraft {
  return {
    kind: 'memory.leak',
    severity: 'warning',
    at: 0,
    title: '',
    detail: {},
    evidence: [{ type: 'process', identity, name: 'node', command: 'node app.js' }],
    actions: [],
    momentary: false,
    ...over,
  };
}

test('the process an event is about can be ended or paused, by its whole identity', () => {
  expect(fittingActions(draft({}), HOST)).toMatchObject([
    { action: 'process.kill', host: HOST, label: 'Kill pid 812 (node)…', arguments: { target: identity } },
    { action: 'process.pause', arguments: { target: identity, resume: false } },
  ]);
});

test('nothing is suggested for a process that nobody named, nor twice', () => {
  expect(fittingActions(draft({ evidence: [] }), HOST)).toEqual([]);
  const own = fittingActions(draft({}), HOST).slice(0, 1);
  expect(fittingActions(draft({ actions: own }), HOST).map(({ action }) => action)).toEqual([
    'process.pause',
  ]);
});

test('a unit is restarted only where its name can be one', () => {
  const failed = (unit: string) =>
    fittingActions(draft({ kind: 'service.failed', detail: { unit }, evidence: [] }), HOST);
  expect(failed('nginx.service')).toMatchObject([
    {
      action: 'service.control',
      arguments: { manager: 'systemd', name: 'nginx.service', operation: 'restart' },
    },
  ]);
  // Of what systemd escaped in it.
  expect(failed(String.raw`\x3cx\x3e.service`)).toHaveLength(1);
  expect(failed('--now.service')).toEqual([]);
  expect(failed('x; reboot')).toEqual([]);
});
