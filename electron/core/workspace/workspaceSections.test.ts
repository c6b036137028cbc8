import { describe, expect, it } from 'vitest';
import { panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import { heldStartUps } from './approvals.ts';
import { good, head, parse, problems } from './testWorkspace.ts';

describe('logs, panes and thresholds', () => {
  it('take lines to type beside a pane, one or a list, in any depth', () => {
    const text = `${head}hosts:\n${good}panes:\n  - { pane: here, run: htop }\n  - row: [here, { column: [here, { pane: here, size: 2, run: ['cd "/srv"', 'tail -f x'] }] }]\n`;
    const { workspace, problems } = parse(text);
    expect(problems).toEqual([]);
    const panes = workspace?.panes?.map((window) => panesOfSpec(window.layout)) ?? [];
    expect(panes).toEqual([
      [{ host: 'here', run: ['htop'] }],
      [{ host: 'here' }, { host: 'here' }, { host: 'here', run: ['cd "/srv"', 'tail -f x'] }],
    ]);
    const held = [
      { host: 'here', command: 'htop', typed: true },
      { host: 'here', command: 'cd "/srv"\ntail -f x', typed: true },
    ];
    if (workspace === undefined) throw new Error('not opened');
    expect(heldStartUps(workspace, { isApproved: () => false })).toEqual(held);
    expect(heldStartUps(workspace, { isApproved: (hash) => hash === workspace.contentHash })).toEqual([]);
  });

  const file = (rest: string) => `${head}hosts:\n  - { id: here, tags: [web], local: {} }\n${rest}`;
  it.each([
    [
      'on that names nothing',
      'logs: [{ path: /a, on: [wbe] }]',
      ['5:25 warning No host has the id or tag "wbe". | one of: web, here'],
    ],
    ['on as text', 'logs: [{ path: /a, on: web }]', ['5:24 error on is the text "web". | a list: [web]']],
    [
      'a pattern that has no bound',
      'logs: [{ path: /a, match: ["(a)\\\\1"] }]',
      [
        '5:28 error The pattern "(a)\\1" cannot be used: it needs back references, look-around or a large repetition, whose time has no bound. | a regular expression without back references and look-around',
      ],
    ],
    [
      'a severity that there is not',
      'logs: [{ path: /a, match: [{ pattern: x, severity: warn }] }]',
      ['5:52 error There is no severity "warn". | one of: info, warning, critical'],
    ],
    [
      'a relative path',
      'logs: [{ path: log/a }]',
      [
        '5:16 error The log path "log/a" is not absolute. | a path that starts with / (the host has no ~ for it)',
      ],
    ],
    [
      'an unknown host in a pane',
      'panes: [{ name: a, row: [hree, here] }]',
      ['5:26 error There is no host "hree"; did you mean "here"? | one of: here'],
    ],
    [
      'a window with two layouts',
      'panes: [{ name: a, row: [here], tiled: [web] }]',
      ['5:9 error This window has row and tiled. | exactly one of: pane, row, column, tiled'],
    ],
    [
      'lines for no pane',
      'panes: [{ row: [here, here], run: ls }]',
      ['5:30 error "run" stands beside row. | "run" beside "pane": it is typed into that one'],
    ],
    [
      'a session for no pane',
      'panes: [{ row: [here, here], durable: ops }]',
      [
        '5:30 error "durable" stands beside row. | "durable" beside "pane": it names the session that this one is attached to',
      ],
    ],
    [
      'a session that tmux could not name so',
      'panes: [{ pane: here, durable: "-S/tmp/x" }]',
      [
        '5:32 error "-S/tmp/x" cannot be the name of a session of tmux. | a letter, then letters, digits, _ and -, at most 64 in all',
      ],
    ],
    [
      'lines that are a number',
      'panes: [{ pane: here, run: 7 }]',
      ['5:28 error run is the number 7. | text: write it in quotes, "7"'],
    ],
    [
      'a line that breaks',
      'panes: [{ pane: here, run: "a\\nb" }]',
      ['5:28 error run holds a control character or a line break. | one line of text'],
    ],
    [
      'more than a person reads',
      `panes: [{ pane: here, run: ${'x'.repeat(3000)} }]`,
      ['5:23 error "run" has 3000 characters. | at most 2000, so that it can be read before it is approved'],
    ],
    [
      'a size of nothing',
      'panes: [{ row: [{ pane: here, size: 0 }, here] }]',
      ['5:37 error The size cannot be used. | a share above 0, such as 2; neighbours without one have 1'],
    ],
    [
      'an unknown detector',
      'thresholds: { respawnLop: { minimumRestarts: 3 } }',
      [
        '5:15 error thresholds has an unknown key "respawnLop"; did you mean "respawnLoop"? | one of: respawnLoop, oomKill, overrides',
      ],
    ],
    [
      'an unknown threshold',
      'thresholds: { respawnLoop: { restarts: 3 } }',
      [
        '5:30 error respawnLoop has an unknown key "restarts". | one of: minimumRestarts, windowSeconds, followChildren',
      ],
    ],
    [
      'a threshold of another type',
      'thresholds: { respawnLoop: { minimumRestarts: yes } }',
      [
        '5:47 error The threshold respawnLoop.minimumRestarts cannot be "yes". | a number, 0 or more; 3 when not given',
      ],
    ],
    [
      'a negative threshold',
      'thresholds: { respawnLoop: { minimumRestarts: -1 } }',
      [
        '5:47 error The threshold respawnLoop.minimumRestarts cannot be "-1". | a number, 0 or more; 3 when not given',
      ],
    ],
    [
      'a runbook without anything to run',
      'runbooks: [{ name: nothing }]',
      ['5:12 error A runbook has no run. | run: what is run on the host, in POSIX shell'],
    ],
    [
      'a parameter that would be another variable',
      'runbooks: [{ name: a, run: ls, parameters: { PATH: {} } }]',
      [
        '5:46 error The parameter "PATH" cannot be used. | lower-case letters, digits and underscores: it becomes a shell variable',
      ],
    ],
    [
      'a default that its own parameter refuses',
      'runbooks: [{ name: a, run: ls, parameters: { n: { type: integer, maximum: 3, default: 4 } } }]',
      ['5:87 error The default of n cannot be used. | n: a whole number, at most 3'],
    ],
    [
      'an override for nobody',
      'thresholds: { overrides: [{ oomKill: { enabled: false } }] }',
      ['5:27 error override 1 does not say which hosts it is for. | on: [host ids or tags]'],
    ],
  ])('%s', (_, rest, expected) => {
    expect(problems(file(`${rest}\n`))).toEqual(expected);
    expect(parse(file(rest)).workspace?.hosts).toHaveLength(1);
  });
});
