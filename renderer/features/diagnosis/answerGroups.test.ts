import { expect, test } from 'vitest';
import { type Answer, groupAnswers, slowHosts } from './answerGroups.ts';

const said = (text: string, exitCode = 0, tookMs = 10): Answer => ({
  kind: 'answered',
  text,
  exitCode,
  tookMs,
  truncated: false,
});

test('equal answers are one group, the most common first, and what differs is marked by line', () => {
  const groups = groupAnswers(
    new Map<string, Answer>([
      ['a', said('Filesystem  Use%\n/dev/sda1   97%\n')],
      ['b', said('Filesystem Use%\n/dev/sda1 41%')],
      ['c', said('Filesystem Use%\n/dev/sda1 41%  \n\n')],
      ['d', { kind: 'failed', reason: 'no link' }],
    ]),
  );
  expect(groups.map(({ hosts }) => hosts)).toEqual([['b', 'c'], ['a']]);
  expect([...(groups[1]?.odd ?? [])]).toEqual([1]);
});

test('the same words with another exit status are another answer', () => {
  expect(
    groupAnswers(
      new Map([
        ['a', said('', 0)],
        ['b', said('', 1)],
      ]),
    ),
  ).toHaveLength(2);
});

test('a host is slow against the others, and never within a second', () => {
  const of = (...ms: number[]) =>
    slowHosts(new Map(ms.map((took, index) => [`h${index}`, said('', 0, took)])));
  expect(of(10, 12, 11, 900)).toEqual([]);
  expect(of(400, 420, 410, 4000)).toEqual(['h3']);
});
