import { describe, expect, it } from 'vitest';
import type { PaneId } from '../../../shared/model/pane.ts';
import { compareAnswers, type GroupMember } from './broadcastAnswers.ts';

const answer = (host: string, more: Partial<GroupMember> = {}): GroupMember => ({
  pane: host as PaneId,
  prompt: `root@${host}:~# `,
  output: undefined,
  names: [host, `${host}.example.com`],
  silent: false,
  ...more,
});

describe('compareAnswers', () => {
  it('takes no notice of the hosts’ own names', () => {
    const { marks } = compareAnswers([
      answer('web1', { output: 'web1' }),
      answer('web10', { output: 'web10' }),
      answer('web2', { output: 'web2.example.com'.slice(0, 4) }),
    ]);
    expect(marks).toEqual({});
  });

  it('marks who differs from the most: another prompt, another output', () => {
    const { marks, kinds } = compareAnswers([
      answer('a', { output: 'active' }),
      answer('b', { output: 'active' }),
      answer('c', { output: 'failed' }),
      answer('d', { output: 'active', prompt: 'mysql> ' }),
    ]);
    expect(marks).toEqual({ c: 'output', d: 'prompt' });
    expect(kinds).toBe(2);
  });

  it('marks all where no half agrees', () => {
    const { marks } = compareAnswers([answer('a', { output: '1' }), answer('b', { output: '2' })]);
    expect(marks).toEqual({ a: 'output', b: 'output' });
  });

  it('names who is silent, and compares the others', () => {
    const { marks } = compareAnswers([
      answer('a', { output: 'x' }),
      answer('b', { output: 'x' }),
      answer('c', { output: '', silent: true }),
    ]);
    expect(marks).toEqual({ c: 'silent' });
  });

  it('takes a name with signs of a pattern for itself', () => {
    const { marks } = compareAnswers([
      answer('a', { names: ['a(b', '.*'] }),
      answer('b', { prompt: 'root@a:~# ', names: [] }),
    ]);
    expect(marks).toEqual({});
  });
});
