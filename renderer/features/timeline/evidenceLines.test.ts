import { expect, it } from 'vitest';
import { evidencePieces } from './evidenceLines.ts';

const line = (text: string, at: number, source = '/srv/app.log') => ({
  type: 'line' as const,
  source,
  text,
  at,
});

it('what a log says in a row is one piece, the same words again stand there once', () => {
  expect(
    evidencePieces([line('starting', 1), line('port in use', 2), line('port in use', 5), line('bye', 6)]),
  ).toEqual([
    {
      type: 'lines',
      source: '/srv/app.log',
      lines: [
        { text: 'starting', at: 1 },
        { text: 'port in use', at: 2, again: { lastAt: 5 } },
        { text: 'bye', at: 6 },
      ],
    },
  ]);
});

it('other evidence, and another source, begin another piece; their order stays', () => {
  const samples = {
    type: 'samples' as const,
    metric: 'system.cpu.utilization.user' as const,
    from: 1,
    to: 2,
  };
  const pieces = evidencePieces([
    line('a', 1),
    samples,
    line('a', 2),
    line('a', 3, 'kernel log'),
    { type: 'line', source: 'kernel log', text: 'a' },
  ]);
  expect(pieces).toEqual([
    { type: 'lines', source: '/srv/app.log', lines: [{ text: 'a', at: 1 }] },
    samples,
    { type: 'lines', source: '/srv/app.log', lines: [{ text: 'a', at: 2 }] },
    { type: 'lines', source: 'kernel log', lines: [{ text: 'a', at: 3, again: {} }] },
  ]);
});
