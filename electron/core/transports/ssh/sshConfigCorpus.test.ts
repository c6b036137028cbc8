import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CIPHERS, KEY_ALGORITHMS, KEY_EXCHANGES, MACS } from './config/algorithms.ts';
import { CONFIG_CORPUS, type ConfigCase } from './fixtures/configCorpus.ts';
import { printSshConfig } from './printSshConfig.ts';
import { resolveSshConfigRunning } from './sshConfig.ts';

const root = mkdtempSync(join(tmpdir(), 'fireline-corpus-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const environment = { ...process.env, HOPS: 'edge', KEYS: '/srv/keys' };

/**
 * Where what is printed here is not what `ssh -G` prints, and why. Every row must be seen, or it is out of date;
 * `sometimes` are those that depend on how and when the installed ssh was built.
 */
const DIFFERENCES: readonly {
  keyword: RegExp;
  why: string;
  sometimes?: true;
  holds(theirs: string | undefined, ours: string | undefined, text: string): boolean;
}[] = [
  ...(
    [
      ['ciphers', CIPHERS, /ciphers/i],
      ['macs', MACS, /macs/i],
      ['kexalgorithms', KEY_EXCHANGES, /kexalgorithms/i],
      ['hostkeyalgorithms', KEY_ALGORITHMS, /hostkeyalgorithms/i],
      ['pubkeyacceptedalgorithms', KEY_ALGORITHMS, /pubkeyaccepted/i],
    ] as const
  ).map(([keyword, family, named]) => ({
    keyword: new RegExp(`^${keyword}$`),
    why: 'What is printed is what is offered: of what ssh would offer, that which can be done here. By default our own order stands, the fastest first.',
    holds: (theirs: string | undefined, ours: string | undefined, text: string) => {
      const possible = (theirs ?? '').split(',').filter((name) => family.supported.includes(name));
      const offered = (ours ?? '').split(',');
      return named.test(text)
        ? possible.length === offered.length && offered.every((name) => possible.includes(name))
        : offered.every((name) => family.supported.includes(name));
    },
  })),
  {
    keyword: /^dynamicforward$/,
    why: 'ssh -G prints a local forward to a socket a second time, as a dynamic one; it is none.',
    holds: (theirs, ours) => theirs !== undefined && ours === undefined,
  },
  {
    keyword: /^gssapi/,
    why: 'Kerberos is not done here, so nothing is said of it; copies of ssh that are built without it say nothing either.',
    sometimes: true,
    holds: (theirs, ours) => theirs !== undefined && ours === undefined,
  },
  ...['ipqos', 'forwardx11trusted', 'xauthlocation', 'securitykeyprovider'].map((keyword) => ({
    keyword: new RegExp(`^${keyword}$`),
    why: 'The default of the copy of ssh that a distribution built; what it says has no meaning here.',
    sometimes: true as const,
    holds: (_theirs: string | undefined, _ours: string | undefined, text: string) =>
      !text.toLowerCase().includes(keyword),
  })),
];

function layOut(one: ConfigCase, index: number): { file: string; text: string } {
  const directory = join(root, String(index));
  const place = (text: string) => text.replaceAll('@/', `${directory}/`);
  const files = { ...one.files, config: one.text };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), place(text), { mode: 0o600 });
  }
  return { file: join(directory, 'config'), text: one.text + Object.values(one.files ?? {}).join('') };
}

/** Keyword to its values, one a line, and in ssh's own order. */
function byKeyword(printed: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const keyword = line.slice(0, space);
    const before = values.get(keyword);
    values.set(keyword, before === undefined ? line.slice(space + 1) : `${before}\n${line.slice(space + 1)}`);
  }
  return values;
}

/** What ssh says and goes on. */
const HARMLESS = /Unsupported option|Deprecated option|Pseudo-terminal will not|Cannot forward agent socket/;

const seen = new Set<(typeof DIFFERENCES)[number]>();

describe('the corpus resolves as ssh -G does', () => {
  it('holds at least sixty configurations', () => {
    expect(CONFIG_CORPUS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CONFIG_CORPUS.map((one) => one.name)).size).toBe(CONFIG_CORPUS.length);
  });

  it.each(CONFIG_CORPUS.map((one, index) => ({ ...one, index })))('$from: $name', async (one) => {
    const { file, text } = layOut(one, one.index);
    for (const alias of one.aliases) {
      const run = spawnSync('ssh', ['-G', '-F', file, alias], { encoding: 'utf8', env: environment });
      const target = await resolveSshConfigRunning(alias, { userFile: file, systemFile: null, environment });
      if (one.refused) {
        expect({ status: run.status, told: target.faults.length > 0 }, run.stdout).toEqual({
          status: 255,
          told: true,
        });
        continue;
      }
      expect({
        status: run.status,
        complaints: run.stderr.split(/\r?\n/).filter((line) => line !== '' && !HARMLESS.test(line)),
      }).toEqual({ status: 0, complaints: [] });
      expect(target.faults).toEqual([]);
      const theirs = byKeyword(run.stdout);
      const ours = byKeyword(printSshConfig(target));
      const unexplained: string[] = [];
      for (const keyword of new Set([...theirs.keys(), ...ours.keys()])) {
        const [their, our] = [theirs.get(keyword), ours.get(keyword)];
        if (their === our) continue;
        const row = DIFFERENCES.find((difference) => difference.keyword.test(keyword));
        if (row?.holds(their, our, text)) seen.add(row);
        else unexplained.push(`${alias}: ${keyword}\n  ssh:  ${their}\n  ours: ${our}`);
      }
      expect(unexplained.join('\n')).toBe('');
    }
  });

  it('has no difference on its list that has gone', () => {
    expect(
      DIFFERENCES.filter((row) => !row.sometimes && !seen.has(row)).map((row) => row.keyword.source),
    ).toEqual([]);
  });

  it('prints its keywords in the order of ssh', async () => {
    const file = join(root, 'order');
    writeFileSync(file, 'LocalForward 1 a:1\nSendEnv LANG\nProxyCommand nc %h %p\nHostKeyAlias k\n');
    const keywords = (printed: string) => [...byKeyword(printed).keys()];
    const run = spawnSync('ssh', ['-G', '-F', file, 'web1'], { encoding: 'utf8', env: environment });
    const target = await resolveSshConfigRunning('web1', { userFile: file, systemFile: null, environment });
    const ours = keywords(printSshConfig(target));
    const theirs = keywords(run.stdout);
    expect(theirs.filter((name) => ours.includes(name))).toEqual(
      ours.filter((name) => theirs.includes(name)),
    );
    expect(target.user).toBe(userInfo().username);
  });
});
