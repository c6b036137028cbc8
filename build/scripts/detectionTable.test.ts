import { expect, test } from 'vitest';
import { detectionTable } from './detectionTable.mjs';

const passed = (...detections: object[]) => ({ status: 'passed', meta: { detections } });
const report = (...assertionResults: object[]) => ({ testResults: [{ assertionResults }] });
const rowOf = (lines: string[], kind: string) =>
  lines.find((line) => line.startsWith(`${kind} `))?.replace(/ +/g, ' ');

test('only what a test that passed saw is in the table; latencies by their median', () => {
  const lines = detectionTable({
    unit: report(
      passed({ kind: 'fd.leak', fired: true }, { kind: 'fd.leak', fired: false }),
      passed({ kind: 'fd.leak', fired: false }),
      { status: 'failed', meta: { detections: [{ kind: 'disk.full', fired: true }] } },
      { status: 'pending' },
    ),
    lab: report(
      passed({ kind: 'fd.leak', fired: true, latencyMs: 4000 }),
      passed({ kind: 'fd.leak', fired: true, latencyMs: 9000 }),
      passed({ kind: 'fd.leak', fired: true, latencyMs: 5000 }),
    ),
  });
  expect(rowOf(lines, 'fd.leak')).toBe('fd.leak unit 1, lab 3 unit 2 5.0 s of 3');
  expect(rowOf(lines, 'disk.full')).toBe('disk.full - - -');
});

test('where nothing was noted there is no table', () => {
  expect(detectionTable({ unit: report(passed()), lab: undefined })).toEqual([]);
});
